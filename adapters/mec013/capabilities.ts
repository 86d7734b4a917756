import { userSubscriptions } from '../../protocols/mec013/location.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

export const mec013Capabilities = async (service: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(service, 'location (MEC 013)', userSubscriptions, signal),
];

import { rniSubscriptions } from '../../protocols/mec-services/service.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

export const radioCapabilities = async (platform: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(platform, 'radio network information (MEC 012)', rniSubscriptions, signal),
];

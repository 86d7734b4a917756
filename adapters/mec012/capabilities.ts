import { rniSubscriptions } from '../../protocols/mec012/subscription.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

export const mec012Capabilities = async (platform: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(platform, 'radio network information (MEC 012)', rniSubscriptions, signal),
];

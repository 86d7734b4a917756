import { appMobilityServices } from '../../protocols/mec021/registration.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

export const mec021Capabilities = async (platform: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(platform, 'application mobility (MEC 021)', appMobilityServices, signal),
];

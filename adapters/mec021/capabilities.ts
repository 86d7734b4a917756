import { appMobilityServices } from '../../protocols/mec021/registration.ts';
import { type Probe, readable } from '../survey.ts';

export const mec021Capabilities: readonly Probe[] = [
  async (platform, signal) => await readable(platform, 'application mobility (MEC 021)', appMobilityServices, signal),
];

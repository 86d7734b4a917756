import { rniSubscriptions } from '../../protocols/mec-services/service.ts';
import { type Probe, readable } from '../survey.ts';

export const radioCapabilities: readonly Probe[] = [
  async (platform, signal) => await readable(platform, 'radio network information (MEC 012)', rniSubscriptions, signal),
];

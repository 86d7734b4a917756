import { userSubscriptions } from '../../protocols/mec013/location.ts';
import { type Probe, readable } from '../survey.ts';

export const mec013Capabilities: readonly Probe[] = [
  async (service, signal) => await readable(service, 'location (MEC 013)', userSubscriptions, signal),
];

import { instances, packages } from '../../protocols/cloud-manager/cloud.ts';
import { type Probe, readable } from '../survey.ts';

/** What a cloud manager lets us read. */
export const cloudCapabilities: readonly Probe[] = [
  async (manager, signal) => await readable(manager, 'packages (cloud manager)', packages, signal),
  async (manager, signal) => await readable(manager, 'instances (cloud manager)', instances, signal),
];

import { instances, packages } from '../../protocols/cloud-manager/cloud.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';

/** What a cloud manager lets us read. */
export const cloudCapabilities = async (manager: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(manager, 'packages (cloud manager)', packages, signal),
  await readable(manager, 'instances (cloud manager)', instances, signal),
];

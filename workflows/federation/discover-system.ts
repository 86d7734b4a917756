import type { Discovery } from '../../domain/wish.ts';
import type { DiscoveryOrder } from '../messages.ts';
import { found } from './found.ts';

/**
 * Which members of the federation have an application or a service (GR MEC 035, 6.3.1 TYPE-1: all of them, so one hit is no
 * answer), or serve devices (TYPE-2). A known member (TYPE-3) is a query, and no workflow.
 */
export async function discoverSystems(order: DiscoveryOrder): Promise<Discovery> {
  return await found(order);
}

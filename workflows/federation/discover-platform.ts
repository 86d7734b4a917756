import type { Discovery } from '../../domain/wish.ts';
import type { DiscoveryOrder } from '../messages.ts';
import { found } from './found.ts';

/** Which platforms offer what is wished, found by federators for their orchestrators (GR MEC 035, 6.4.3: solution 4-2). */
export async function discoverPlatforms(order: DiscoveryOrder): Promise<Discovery> {
  return await found(order);
}

import { serviceOrders } from '../../protocols/tmf641/order.ts';
import { type Capability, type Probe, readable } from '../survey.ts';
import type { Orders } from './orders.ts';

export const tmf641Capabilities: readonly Probe[] = [
  async (oss, signal) => await readable(oss, 'service orders (TMF 641)', `${serviceOrders}?offset=0&limit=1`, signal),
];

/** Of a cloud: did this OSS reach it when it was last asked (GR MEC 035, 6.6.3)? To look is no reason to order. */
export async function reachCapability(
  { orders, name, cloud }: { orders: Pick<Orders, 'reach'>; name: string; cloud: string },
  signal: AbortSignal,
): Promise<Capability> {
  const capability = `${cloud} in reach of ${name} (TMF 641)`;
  try {
    const reached = await orders.reach(false, signal);
    const detail =
      reached === 'reached'
        ? 'an order that changes nothing was completed when it was last asked'
        : 'not asked: it would take an order; a relocation asks it';
    return { name: capability, available: true, detail };
  } catch (error) {
    return { name: capability, available: false, detail: (error as Error).message };
  }
}

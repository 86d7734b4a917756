import { serviceOrders } from '../../protocols/tmf641/order.ts';
import type { Exchange } from '../http.ts';
import { readable, type Capability } from '../survey.ts';
import { cloudOrders } from './orders.ts';

export const tmf641Capabilities = async (oss: Exchange, signal: AbortSignal): Promise<readonly Capability[]> => [
  await readable(oss, 'service orders (TMF 641)', `${serviceOrders}?offset=0&limit=1`, signal),
];

/** Of a cloud: does this OSS reach it (GR MEC 035, 6.6.3)? */
export async function reachCapability(
  { oss, name, cloud }: { oss: Exchange; name: string; cloud: string },
  signal: AbortSignal,
): Promise<Capability> {
  const capability = `${cloud} in reach of ${name} (TMF 641)`;
  try {
    await cloudOrders(oss, cloud).reach(signal);
    return { name: capability, available: true, detail: 'an order that changes nothing was completed' };
  } catch (error) {
    return { name: capability, available: false, detail: (error as Error).message };
  }
}

import { orderState, orderStates, PACKAGE_MISSING, type ServiceOrder } from '../../protocols/tmf641/order.ts';
import { scrubbed } from '../problem.ts';

export const meaningOf = (order: ServiceOrder) => orderStates[orderState(order)];

/** What the OSS says about it, quoted for a person. */
export function notes(order: ServiceOrder): string {
  const said = order.note.flatMap(({ text }) => (text ? [text.trim()] : [])).join('; ');
  if (said === '') return '';
  const advice = said.toLowerCase().includes(PACKAGE_MISSING) ? '; the cloud no longer holds the package' : '';
  return `: "${scrubbed(said)}"${advice}`;
}

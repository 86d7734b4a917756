import { retire, thaw } from './handover.ts';
import type { Effect, EventOf } from './messages.ts';
import type { Rules } from './rules.ts';
import type { State } from './state.ts';

/** Closes a relocation: what it says once, it says for ever. */
export function settle(state: State, { id, relocation, retired }: EventOf<'settle'>, rules: Rules): Effect[] {
  const answer = (settlement: 'handedOver' | 'kept'): Effect => ({ kind: 'answer', id, body: { settlement } });
  const known = state.relocations.get(relocation);
  if (known?.phase === 'handedOver') {
    if (retired) retire(state, known);
    return [answer('handedOver')];
  }
  if (known?.phase === 'received') return [answer('handedOver')];
  const released = known?.phase === 'promised' ? thaw(state, known, 'Kept', rules) : [];
  state.relocations.set(relocation, rules.bury(known));
  return [answer('kept'), ...released];
}

import { dropGiven, thaw } from './handover.ts';
import { ALL, type Effect, type EventOf } from './messages.ts';
import type { Rules } from './rules.ts';
import { serves, type State } from './state.ts';

/** Closes a relocation: the settlement, once said, is said for ever; `serves` is how things are now. */
export function settle(state: State, { id, relocation, users, retired }: EventOf<'settle'>, rules: Rules): Effect[] {
  const known = state.relocations.get(relocation);
  const whose = users ?? (known !== undefined && 'users' in known ? known.users : ALL);
  const answer = (settlement: 'handedOver' | 'kept'): Effect => ({
    kind: 'answer',
    id,
    body: { settlement, serves: serves(state, whose) },
  });
  if (known?.phase === 'handedOver') {
    if (retired) dropGiven(state, known);
    return [answer('handedOver')];
  }
  if (known?.phase === 'received') return [answer('handedOver')];
  const released = known?.phase === 'promised' ? thaw(state, known, 'Kept', rules) : [];
  state.relocations.set(relocation, rules.bury(known));
  return [answer('kept'), ...released];
}

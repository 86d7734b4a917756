import { add } from './intervals.ts';
import { ALL, type ClientRequest, type Effect, refuse } from './messages.ts';
import { MOST_HOPS, type Rules } from './rules.ts';
import { list, type State, standingOf } from './state.ts';
import { decidedAt } from './target.ts';

/** Serves, holds or relays what a client asked. */
export function request(state: State, asked: ClientRequest, rules: Rules): Effect[] {
  const { id, user, hops, fence } = asked;
  if (fence !== null) {
    decidedAt(state, user, fence.epoch);
    const fenced = state.users.get(fence.all ? ALL : user);
    if (fenced?.role === 'authority' && rules.fenced(fenced.epoch, fence.epoch)) {
      fenced.role = 'standby';
      fenced.epoch = fence.epoch;
    }
  }
  const standing = standingOf(state, user);
  if (rules.serves(standing)) {
    if (!standing.frozen) return [serve(state, asked, rules)];
    state.held.set(id, asked);
    return [];
  }
  if (standing.to === null) return [refuse(id, 'NoAuthority')];
  if (hops >= MOST_HOPS) return [refuse(id, 'TooManyHops')];
  const known = { epoch: standing.epoch, all: !state.users.has(user) };
  return [{ kind: 'relay', id, to: standing.to, hops: hops + 1, fence: known }];
}

/** A freeze is over: whoever waited is served, or relayed, as things are now. */
export function release(state: State, rules: Rules): Effect[] {
  const held = [...state.held.values()];
  state.held.clear();
  return held.flatMap((asked) => request(state, asked, rules));
}

function serve(state: State, { id, user, number }: ClientRequest, rules: Rules): Effect {
  const standing = number === null ? standingOf(state, user) : list(state, user);
  const fresh = number !== null && !rules.accepted(standing.accepted, number);
  if (fresh) standing.accepted = add(standing.accepted, number);
  return { kind: 'serve', id, user, number, accepted: standing.accepted, epoch: standing.epoch, fresh };
}

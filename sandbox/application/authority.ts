import { committed, handOver, limit, prepared } from './handover.ts';
import { ALL, type Effect, type Event, type EventOf, refuse } from './messages.ts';
import { copied, promise } from './promise.ts';
import { request } from './requests.ts';
import { rules as allRules, type Rules } from './rules.ts';
import { settle } from './settle.ts';
import { learn, list, standingOf, type State } from './state.ts';
import { commit, copy, prepare } from './target.ts';

/**
 * The authority of an instance over its users, as a state machine: no I/O, no clock, no randomness. One event at a time
 * changes the state in place (a write must not cost a copy of every user) and tells what has to be done about it.
 */
// oxlint-disable-next-line typescript/consistent-return -- every kind returns: the switch is checked to be exhaustive
export function step(state: State, event: Event, rules: Rules = allRules): Effect[] {
  switch (event.kind) {
    case 'request':
      return request(state, event, rules);
    case 'learned':
      if (state.users.has(event.user)) learn(state, event.user, event.epoch, event.at);
      return [];
    case 'found':
      return found(state, event);
    case 'promise':
      return promise(state, event);
    case 'copy':
      return copy(state, event, rules);
    case 'copied':
      return copied(state, event);
    case 'handOver':
      return handOver(state, event, rules);
    case 'prepare':
      return prepare(state, event, rules);
    case 'prepared':
      return prepared(state, event, rules);
    case 'limit':
      return limit(state, event, rules);
    case 'commit':
      return commit(state, event, rules);
    case 'committed':
      return committed(state, event);
    case 'settle':
      return settle(state, event, rules);
  }
}

/** The provider makes the first instance the authority of everybody. */
function found(state: State, { id, users }: EventOf<'found'>): Effect[] {
  const all = standingOf(state, ALL);
  if (all.epoch > 0 || all.to !== null) return [refuse(id, 'Authority')];
  Object.assign(all, { role: 'authority', epoch: 1 });
  for (const [user, address] of Object.entries(users)) list(state, user).address = address;
  return [{ kind: 'answer', id, body: null }];
}

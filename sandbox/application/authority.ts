import { committed, handOver, limit, prepared } from './handover.ts';
import { ALL, type Effect, type Event, type EventOf, refuse } from './messages.ts';
import { copied, promise } from './promise.ts';
import { request } from './requests.ts';
import { farewellLimit, heard, leaving, left, reconsider, retire } from './retirement.ts';
import { rules as allRules, type Rules } from './rules.ts';
import { settle } from './settle.ts';
import { learn, list, standingOf, type State } from './state.ts';
import { supersede } from './takeover.ts';
import { commit, copy, prepare } from './target.ts';

/**
 * The authority of an instance over its users, as a state machine: no I/O, no clock, no randomness. One event at a time
 * changes the state in place (a write must not cost a copy of every user) and tells what has to be done about it.
 */
export function step(state: State, event: Event, rules: Rules = allRules): Effect[] {
  const effects = handled(state, event, rules);
  return state.retiring === null ? effects : [...effects, ...reconsider(state, rules)];
}

// oxlint-disable-next-line typescript/consistent-return -- every kind returns: the switch is checked to be exhaustive
function handled(state: State, event: Event, rules: Rules): Effect[] {
  switch (event.kind) {
    case 'request':
      return request(state, event, rules);
    case 'learned':
      if (state.users.has(event.user)) learn(state, event.user, event.epoch, event.at);
      return [];
    case 'found':
      return found(state, event, rules);
    case 'promise':
      return promise(state, event, rules);
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
    case 'supersede':
      return supersede(state, event, rules);
    case 'retire':
      return retire(state, event, rules);
    case 'heard':
      return heard(state, event, rules);
    case 'farewellLimit':
      return farewellLimit(state, event, rules);
    case 'leaving':
      return leaving(state, event);
    case 'left':
      return left(state, event);
  }
}

/** The provider makes the first instance the authority of everybody. */
function found(state: State, { id, users }: EventOf<'found'>, rules: Rules): Effect[] {
  if (!rules.takes(state.retiring)) return [refuse(id, 'Retiring')];
  const all = standingOf(state, ALL);
  if (all.epoch > 0 || all.to !== null) return [refuse(id, 'Authority')];
  Object.assign(all, { role: 'authority', epoch: 1 });
  for (const [user, address] of Object.entries(users)) list(state, user).address = address;
  return [{ kind: 'answer', id, body: null }];
}

import type { Effect, EventOf, Leaving, Peer } from './messages.ts';
import { ALL } from './messages.ts';
import type { Rules } from './rules.ts';
import { learn, type Retiring, type State, served, standingOf } from './state.ts';

/** Why an instance stays. */
type Why = 'serves' | 'expected' | 'pointedTo';

const goes = (id: number): Effect => ({ kind: 'answer', id, body: { retires: true } });
const stays = (id: number, why: Why): Effect => ({ kind: 'answer', id, body: { retires: false, why } });

/**
 * May this instance be taken away? Decided here, in one step, since both who would take it away and who would bring users
 * ask it: it goes only when nobody needs it, and whoever could still relay to it has been told where its users are.
 */
export function retire(state: State, { id, relocation }: EventOf<'retire'>, rules: Rules): Effect[] {
  if (state.retiring?.final === true) return [goes(id)];
  const why = needed(state, relocation, rules);
  if (why !== null) return [stays(id, why)];
  if (state.retiring !== null) {
    state.retiring.callers.add(id);
    return [];
  }
  // Its own source has said `kept`: as when it is settled.
  if (state.relocations.get(relocation)?.phase === 'receiving')
    state.relocations.set(relocation, rules.bury(state.relocations.get(relocation)));
  state.farewells += 1;
  const number = state.farewells;
  state.retiring = { number, relocation, told: new Set(), heard: new Set(), callers: new Set([id]), final: false };
  return [{ kind: 'farewell', number }];
}

/** Somebody has heard it, or has gone himself; whom he knows has to hear it as well. */
export function heard(state: State, { number, peer, peers }: EventOf<'heard'>, rules: Rules): Effect[] {
  const { retiring } = state;
  if (retiring === null || retiring.final || !rules.heardNow(number, retiring.number)) return [];
  retiring.heard.add(peer);
  if (rules.asksFurther) meet(state, peers);
  return [];
}

/** Not everybody has heard it in time: it stays. What was told is true all the same. */
export const farewellLimit = (state: State, { number }: EventOf<'farewellLimit'>, rules: Rules): Effect[] =>
  state.retiring?.number === number ? stay(state, unheard(state, rules) ? 'serves' : 'pointedTo') : [];

/** After whatever happens: what comes for it while it is still telling keeps it; when everybody has heard, it goes. */
export function reconsider(state: State, rules: Rules): Effect[] {
  const { retiring } = state;
  if (retiring === null || retiring.final) return [];
  const why = needed(state, retiring.relocation, rules);
  if (why !== null) return stay(state, why);
  const peers = rules.tells(state);
  if (peers.every((peer) => retiring.heard.has(peer)) && !unheard(state, rules)) return leave(state, retiring);
  const untold = peers.filter((peer) => !retiring.told.has(peer));
  for (const peer of untold) retiring.told.add(peer);
  return untold.map((to) => ({ kind: 'tell', to, leaving: news(state, retiring.number) }));
}

/** Is there a target that has not heard that it was decided for? */
const unheard = (state: State, rules: Rules): boolean => [...state.relocations.values()].some(rules.holds);

/** Another instance is about to go, and says where those are whom it relays. */
export function leaving(state: State, { id, instance, users, peers }: EventOf<'leaving'>): Effect[] {
  for (const { user, epoch, to } of users)
    if (standingOf(state, user).role !== 'authority') learn(state, user, epoch, to);
  // Who went on from there had arrived there: no need to tell that instance of a decision any more.
  for (const known of state.relocations.values())
    if (known.phase === 'handedOver' && known.target === instance)
      known.committed ||= known.keys.every((key) => standingOf(state, key).epoch > known.receipt.epoch);
  const answer: Effect = { kind: 'answer', id, body: { peers: [...state.peers] } };
  meet(state, peers);
  return [answer];
}

function meet(state: State, peers: readonly Peer[]): void {
  for (const peer of peers) if (peer !== state.self) state.peers.add(peer);
}

/** Another instance goes, for good: it needs to be told nothing any more. */
export function left(state: State, { id, instance }: EventOf<'left'>): Effect[] {
  state.peers.delete(instance);
  return [{ kind: 'answer', id, body: null }];
}

function needed(state: State, relocation: string, rules: Rules): Why | null {
  if (served(state, ALL).length > 0) return 'serves';
  const expected = [...state.relocations].some(([name, known]) => name !== relocation && rules.expects(known));
  return expected ? 'expected' : null;
}

function stay(state: State, why: Why): Effect[] {
  const { retiring } = state;
  if (retiring === null || retiring.final) return [];
  state.retiring = null;
  return [...retiring.callers].map((id) => stays(id, why));
}

function leave(state: State, retiring: Retiring): Effect[] {
  const answers = [...retiring.callers].map(goes);
  state.retiring = { ...retiring, callers: new Set(), final: true };
  return [...answers, ...[...retiring.heard].map((to): Effect => ({ kind: 'left', to }))];
}

/** Where those are whom it relays. */
function news(state: State, number: number): Leaving {
  const users = [...state.users].flatMap(([user, { epoch, to }]) =>
    epoch > 0 && to !== null ? [{ user, epoch, to }] : [],
  );
  return { instance: state.self, number, users, peers: [...state.peers] };
}

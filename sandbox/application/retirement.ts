import type { Effect, EventOf, Leaving, Peer } from './messages.ts';
import { ALL } from './messages.ts';
import type { Rules } from './rules.ts';
import { learn, type State, served, standingOf } from './state.ts';

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
  state.retiring = { relocation, heard: new Set(), callers: new Set([id]), final: false };
  const told = tell(state, rules.tells(state));
  return told.length === 0 ? leave(state) : [{ kind: 'farewell' }, ...told];
}

/** Somebody has heard it, or has gone himself; whom he knows has to hear it as well. */
export function heard(state: State, { peer, peers }: EventOf<'heard'>, rules: Rules): Effect[] {
  const { retiring } = state;
  if (retiring === null || retiring.final) return [];
  retiring.heard.add(peer);
  const unknown = rules.asksFurther ? peers.filter((other) => !state.peers.has(other) && other !== state.self) : [];
  for (const other of unknown) state.peers.add(other);
  const missing = rules.tells(state).filter((other) => !retiring.heard.has(other));
  return missing.length === 0 ? leave(state) : tell(state, unknown);
}

/** Not everybody has heard it in time: it stays. What was told is true all the same. */
export const farewellLimit = (state: State): Effect[] => stay(state, 'pointedTo');

/** Before it has told everybody it is still open: what comes for it meanwhile keeps it. */
export function reconsider(state: State, rules: Rules): Effect[] {
  if (state.retiring === null || state.retiring.final) return [];
  const why = needed(state, state.retiring.relocation, rules);
  return why === null ? [] : stay(state, why);
}

/** Another instance is about to go, and says where those are whom it relays. */
export function leaving(state: State, { id, instance, users, peers }: EventOf<'leaving'>): Effect[] {
  for (const { user, epoch, to } of users)
    if (standingOf(state, user).role !== 'authority') learn(state, user, epoch, to);
  // Who went on from there had arrived there: no need to tell that instance of a decision any more.
  for (const known of state.relocations.values())
    if (known.phase === 'handedOver' && known.target === instance)
      known.committed ||= known.keys.every((key) => standingOf(state, key).epoch > known.receipt.epoch);
  const answer: Effect = { kind: 'answer', id, body: { peers: [...state.peers] } };
  for (const peer of peers) if (peer !== state.self) state.peers.add(peer);
  return [answer];
}

/** Another instance goes, for good. */
export function left(state: State, { id, instance }: EventOf<'left'>): Effect[] {
  state.peers.delete(instance);
  for (const standing of state.users.values()) if (standing.to === instance) standing.to = null;
  return [{ kind: 'answer', id, body: null }];
}

function needed(state: State, relocation: string, rules: Rules): Why | null {
  if (served(state, ALL).length > 0) return 'serves';
  for (const [name, known] of state.relocations) {
    if (rules.holds(known)) return 'serves';
    if (name !== relocation && rules.expects(known)) return 'expected';
  }
  return null;
}

function stay(state: State, why: Why): Effect[] {
  const { retiring } = state;
  if (retiring === null || retiring.final) return [];
  state.retiring = null;
  return [...retiring.callers].map((id) => stays(id, why));
}

function leave(state: State): Effect[] {
  const { retiring } = state;
  if (retiring === null) return [];
  const answers = [...retiring.callers].map(goes);
  state.retiring = { ...retiring, callers: new Set(), final: true };
  return [...answers, ...[...retiring.heard].map((to): Effect => ({ kind: 'left', to }))];
}

function tell(state: State, peers: readonly Peer[]): Effect[] {
  return peers.map((to) => ({ kind: 'tell', to, leaving: news(state) }));
}

/** Where those are whom it relays. */
function news(state: State): Leaving {
  const users = [...state.users].flatMap(([user, { epoch, to }]) =>
    epoch > 0 && to !== null ? [{ user, epoch, to }] : [],
  );
  return { instance: state.self, users, peers: [...state.peers] };
}

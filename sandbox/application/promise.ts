import { entriesOf, newsFor, stamp } from './entries.ts';
import { ALL, type Copy, type Effect, type EventOf, type Peer, refuse } from './messages.ts';
import type { Rules } from './rules.ts';
import { list, overlap, type Promised, type State, served, standingOf } from './state.ts';

/** Reserves users for one relocation; free of effect on clients. */
export function promise(state: State, { id, relocation, users, target }: EventOf<'promise'>, rules: Rules): Effect[] {
  const known = state.relocations.get(relocation);
  if (known?.phase === 'kept') return [refuse(id, 'Kept')];
  if (known?.phase === 'handedOver')
    return [{ kind: 'answer', id, body: { users: known.receipt.users, copied: known.receipt.users } }];
  if (known !== undefined && known.phase !== 'promised') return [refuse(id, 'NotServing')];
  if (!rules.takes(state.retiring)) return [refuse(id, 'Retiring')];
  const other = promisedTo(state, users);
  if (other !== null && other !== relocation) return [refuse(id, 'PromisedElsewhere', other)];
  if (users !== ALL && standingOf(state, users).role === 'authority') list(state, users);
  if (served(state, users).length === 0) return [refuse(id, 'NotServing')];
  const promised: Promised = known ?? { phase: 'promised', users, target: null, sent: new Map(), freeze: null };
  state.relocations.set(relocation, promised);
  if (target !== null && promised.freeze === null) aim(state, promised, target);
  const keys = served(state, users).filter((key) => key !== ALL);
  const there = keys.filter((key) => promised.sent.has(key)).length;
  const answer: Effect = { kind: 'answer', id, body: { users: keys.length, copied: there } };
  return promised.target === null ? [answer] : [answer, { kind: 'copyAhead', relocation }];
}

/** The relocation to which one of these users is promised. */
export function promisedTo(state: State, users: string): string | null {
  for (const [relocation, known] of state.relocations)
    if (known.phase === 'promised' && overlap(known.users, users)) return relocation;
  return null;
}

/** What the target has not got yet, at most `limit` entries of it; null: nothing, or nobody to send it to. */
export function behind(state: State, relocation: string, limit: number): { to: Peer; copy: Copy } | null {
  const known = state.relocations.get(relocation);
  if (known?.phase !== 'promised' || known.target === null || known.freeze !== null) return null;
  const { users, target, sent } = known;
  const chunk = newsFor(sent, entriesOf(state, users)).slice(0, limit);
  return chunk.length === 0 ? null : { to: target, copy: { relocation, users, source: state.self, chunk } };
}

export function copied(state: State, { relocation, target, entries: arrived }: EventOf<'copied'>): Effect[] {
  const known = state.relocations.get(relocation);
  if (known?.phase === 'promised' && known.target === target)
    for (const entry of arrived) known.sent.set(entry.user, stamp(entry));
  return [];
}

/** Sets the target; another one has nothing yet. */
export function aim(state: State, promised: Promised, target: Peer): void {
  state.peers.add(target);
  if (promised.target !== target) promised.sent.clear();
  promised.target = target;
}

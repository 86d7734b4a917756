import { entriesOf, newsFor, totalOf } from './entries.ts';
import { size } from './intervals.ts';
import {
  ALL,
  type Commit,
  type Effect,
  type EventOf,
  type Peer,
  type Prepare,
  type Refused,
  refuse,
} from './messages.ts';
import { aim } from './promise.ts';
import { release } from './requests.ts';
import type { Rules } from './rules.ts';
import { type HandedOver, type Promised, type State, served, standingOf } from './state.ts';

/** Freezes, and asks the target to prepare. */
export function handOver(state: State, event: EventOf<'handOver'>, rules: Rules): Effect[] {
  const { id, relocation, target, at } = event;
  const known = state.relocations.get(relocation);
  if (known?.phase === 'kept') return [refuse(id, 'Kept')];
  if (known?.phase === 'handedOver') return [{ kind: 'answer', id, body: known.receipt }];
  if (known?.phase !== 'promised') return [refuse(id, 'NotPromised')];
  if (known.freeze !== null) {
    known.freeze.callers.add(id);
    return [];
  }
  const keys = served(state, known.users);
  if (keys.length === 0) return [refuse(id, 'NotServing')];
  aim(state, known, target);
  const number = rules.freezeNumber(Math.max(...keys.map((key) => standingOf(state, key).epoch)), state.proposed);
  state.proposed = number;
  state.freezes += 1;
  known.freeze = { number, keys, since: at, callers: new Set([id]), whole: false };
  for (const key of keys) standingOf(state, key).frozen = true;
  const prepare = lastDelta(state, relocation, known, number);
  return [
    { kind: 'freeze', relocation, number },
    { kind: 'prepare', to: target, prepare },
  ];
}

/** The target's answer. The decision falls here, and nowhere else. */
export function prepared(state: State, event: EventOf<'prepared'>, rules: Rules): Effect[] {
  const { relocation, number, answer, at } = event;
  const known = state.relocations.get(relocation);
  if (known?.phase !== 'promised' || known.freeze?.number !== number || known.target === null) return [];
  const { users, target, freeze } = known;
  if (answer === 'incomplete' && !freeze.whole) {
    freeze.whole = true;
    known.sent.clear();
    return [{ kind: 'prepare', to: target, prepare: lastDelta(state, relocation, known, number) }];
  }
  if (answer !== 'yes') return thaw(state, known, answer === 'silent' ? 'TargetSilent' : 'TargetRefused', rules);
  const { keys, callers, since } = freeze;
  const of = keys.map((user) => ({ user, count: size(standingOf(state, user).accepted) }));
  const total = of.reduce((sum, { count }) => sum + count, 0);
  const moved = keys.filter((key) => key !== ALL).length;
  const freezeMs = Math.round((at - since) * 100) / 100;
  const receipt = { relocation, epoch: number, users: moved, count: total, of, freezeMs };
  for (const key of keys)
    Object.assign(standingOf(state, key), { role: 'relay', epoch: number, to: target, frozen: false });
  state.relocations.set(relocation, {
    phase: 'handedOver',
    users,
    target,
    keys,
    receipt,
    committed: false,
    retired: false,
  });
  const answers = [...callers].map((id): Effect => ({ kind: 'answer', id, body: receipt }));
  return [...release(state, rules), ...answers, { kind: 'commit', to: target, relocation }];
}

/** The freeze limit has passed: whatever the target says later, the users stay here. */
export function limit(state: State, { relocation, number }: EventOf<'limit'>, rules: Rules): Effect[] {
  const known = state.relocations.get(relocation);
  return known?.phase === 'promised' && known.freeze?.number === number
    ? thaw(state, known, 'TargetSilent', rules)
    : [];
}

export function thaw(state: State, promised: Promised, refused: Refused, rules: Rules): Effect[] {
  const { freeze } = promised;
  if (freeze === null) return [];
  promised.freeze = null;
  for (const key of freeze.keys) standingOf(state, key).frozen = false;
  return [...[...freeze.callers].map((id) => refuse(id, refused)), ...release(state, rules)];
}

/** What tells the target that it is the authority: again and again, until it has heard. */
export function decision(state: State, relocation: string, whole: boolean): { to: Peer; commit: Commit } | null {
  const known = state.relocations.get(relocation);
  if (known?.phase !== 'handedOver' || known.committed) return null;
  const { users, target, receipt } = known;
  const number = receipt.epoch;
  const entries = whole ? entriesOf(state, users, number) : null;
  const everything = entries && { relocation, users, source: state.self, number, entries, total: totalOf(entries) };
  return { to: target, commit: { relocation, number, whole: everything } };
}

export function committed(state: State, { relocation, number }: EventOf<'committed'>): Effect[] {
  const known = state.relocations.get(relocation);
  if (known?.phase === 'handedOver' && known.receipt.epoch === number) {
    known.committed = true;
    if (known.retired) forget(state, known);
  }
  return [];
}

/** Drops the context of users that were given away and remembers where they are, once the target is known to have it. */
export function dropGiven(state: State, given: HandedOver): void {
  given.retired = true;
  if (given.committed) forget(state, given);
}

function forget(state: State, { keys, receipt }: HandedOver): void {
  for (const key of keys) {
    const standing = state.users.get(key);
    if (standing?.role === 'relay' && standing.epoch === receipt.epoch) standing.accepted = [];
  }
}

function lastDelta(state: State, relocation: string, { users, sent }: Promised, number: number): Prepare {
  const entries = entriesOf(state, users);
  const total = totalOf(entries);
  return { relocation, users, source: state.self, number, entries: newsFor(sent, entries), total };
}

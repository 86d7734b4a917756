import { size, union } from './intervals.ts';
import {
  ALL,
  type Effect,
  type Entry,
  type EventOf,
  isContext,
  type Peer,
  type Prepare,
  type Refused,
  refuse,
} from './messages.ts';
import type { Rules } from './rules.ts';
import { fenceOf, knownOf, learn, type Receiving, type State, standingOf } from './state.ts';

const done = (id: number): Effect => ({ kind: 'answer', id, body: null });

/** Takes what the source sends ahead. Without content it is an introduction: from now on it relays to the source. */
export function copy(
  state: State,
  { id, relocation, users, source, chunk, epoch = 0 }: EventOf<'copy'>,
  rules: Rules,
): Effect[] {
  const known = state.relocations.get(relocation);
  if (known?.phase === 'kept') return [refuse(id, 'Kept')];
  const named = chunk.filter(isContext).map(({ user }) => user);
  // `*` are all whom the source serves: whoever serves everybody else may be given them.
  const concerned = chunk.length === 0 && users !== ALL ? [users] : named;
  if (concerned.some((user) => rules.refusesCopies(standingOf(state, user)))) return [refuse(id, 'Authority')];
  if (known !== undefined && known.phase !== 'receiving') return [refuse(id, 'Authority')];
  const told = chunk.length === 0 ? [{ user: users, epoch }] : chunk;
  if (told.some((each) => isPast(state, each.user, each.epoch, rules))) return [refuse(id, 'Outdated')];
  if (!rules.takes(state.retiring)) return [refuse(id, 'Retiring')];
  const receiving = known ?? { phase: 'receiving', users, staged: new Map(), prepared: null };
  state.relocations.set(relocation, receiving);
  state.peers.add(source);
  stage(receiving, chunk);
  if (chunk.length === 0) introduce(state, users, source, rules);
  learnFrom(state, chunk, source);
  return [done(id)];
}

/** From before a takeover of these users. */
const isPast = (state: State, user: string, epoch: number, { fences }: Rules): boolean =>
  fences && epoch < fenceOf(state, user);

function introduce(state: State, users: string, source: Peer, rules: Rules): void {
  const own = knownOf(state, users);
  if (!rules.refusesCopies(own)) state.users.set(users, { ...own, role: 'standby', to: source });
}

/** Takes the last delta, and waits: only the source decides. */
export function prepare(state: State, event: EventOf<'prepare'>, rules: Rules): Effect[] {
  const { id, relocation, users, number } = event;
  const known = state.relocations.get(relocation);
  if (known?.phase === 'kept') return [refuse(id, 'Kept')];
  if (!rules.takes(state.retiring)) return [refuse(id, 'Retiring')];
  const fresh: Receiving = { phase: 'receiving', users, staged: new Map(), prepared: null };
  const receiving = known?.phase === 'receiving' ? known : fresh;
  if (receiving.prepared !== null && number < receiving.prepared) return [refuse(id, 'Outdated')];
  stage(receiving, event.entries);
  const refused = objection(state, receiving, event, rules);
  if (refused !== null) return [refuse(id, refused)];
  receiving.prepared = number;
  state.peers.add(event.source);
  learnFrom(state, event.entries, event.source);
  state.relocations.set(relocation, receiving);
  if (rules.prepareDecides) takeOver(state, relocation, receiving, number);
  return [done(id)];
}

/** The source has decided. */
export function commit(state: State, { id, relocation, number, whole }: EventOf<'commit'>, rules: Rules): Effect[] {
  const known = state.relocations.get(relocation);
  if (known?.phase === 'received' && known.number >= number) return [done(id)];
  if (known?.phase === 'receiving' && known.prepared === number) {
    takeOver(state, relocation, known, number);
    return [done(id)];
  }
  if (whole === null) return [refuse(id, 'NotPrepared')];
  if (!rules.takes(state.retiring)) return [refuse(id, 'Retiring')];
  const receiving: Receiving = { phase: 'receiving', users: whole.users, staged: new Map(), prepared: number };
  stage(receiving, whole.entries);
  const refused = objection(state, receiving, whole, rules);
  if (refused !== null) return [refuse(id, refused)];
  state.peers.add(whole.source);
  takeOver(state, relocation, receiving, number);
  return [done(id)];
}

/** A relayed request that carries the number for which this instance is prepared says that the source has decided. */
export function decidedAt(state: State, user: string, number: number): void {
  for (const [relocation, known] of state.relocations)
    if (known.phase === 'receiving' && known.prepared === number && concerns(state, known, user))
      takeOver(state, relocation, known, number);
}

function concerns(state: State, { staged }: Receiving, user: string): boolean {
  const entry = staged.get(user) ?? staged.get(ALL);
  return entry !== undefined && isContext(entry) && standingOf(state, user).role !== 'authority';
}

/** Whoever comes here before the decision is relayed to the source, or to where the source knows him to be. */
function learnFrom(state: State, entries: readonly Entry[], source: Peer): void {
  for (const entry of entries) learn(state, entry.user, entry.epoch, isContext(entry) ? source : entry.to);
}

/** Messages may arrive late and twice: the newer epoch wins, and what was accepted in the same one is joined. */
function stage({ staged }: Receiving, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const known = staged.get(entry.user);
    if (known !== undefined && known.epoch > entry.epoch) continue;
    const joined = known?.epoch === entry.epoch && isContext(known) && isContext(entry);
    staged.set(entry.user, joined ? { ...entry, accepted: union(known.accepted, entry.accepted) } : entry);
  }
}

function objection(state: State, { staged }: Receiving, { number, total }: Prepare, rules: Rules): Refused | null {
  let count = 0;
  for (const entry of staged.values()) {
    if (!isContext(entry)) continue;
    if (rules.refusesCopies(standingOf(state, entry.user))) return 'Authority';
    if (rules.outdated(number, state.users.get(entry.user)?.epoch ?? 0)) return 'Outdated';
    if (isPast(state, entry.user, number, rules)) return 'Outdated';
    count += size(entry.accepted);
  }
  return rules.complete({ entries: staged.size, count }, total) ? null : 'Incomplete';
}

function takeOver(state: State, relocation: string, { staged }: Receiving, epoch: number): void {
  const all = staged.get(ALL);
  if (all !== undefined && isContext(all))
    for (const [user, { role }] of state.users) if (role !== 'authority' && !staged.has(user)) state.users.delete(user);
  for (const entry of staged.values()) {
    if (isContext(entry)) {
      const { user, accepted, address } = entry;
      state.users.set(user, { role: 'authority', epoch, accepted, address, to: null, frozen: false });
    } else learn(state, entry.user, entry.epoch, entry.to);
  }
  state.relocations.set(relocation, { phase: 'received', number: epoch });
}

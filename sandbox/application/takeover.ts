import { thaw } from './handover.ts';
import { size, union } from './intervals.ts';
import { ALL, type ContextEntry, type Effect, type EventOf, isContext, refuse } from './messages.ts';
import { release } from './requests.ts';
import type { Rules } from './rules.ts';
import { fenceOf, knownOf, overlap, type State, standingOf } from './state.ts';

/**
 * The source of these users is taken to be dead, and one instance takes its place: the one that is told `to` null. Every
 * other one stops serving them and relays to it, or is spared, and says whom it serves. From now on nothing older counts.
 */
export function supersede(state: State, event: EventOf<'supersede'>, rules: Rules): Effect[] {
  const { id, relocation, users, epoch, to, spared } = event;
  const known = state.relocations.get(relocation);
  if (known?.phase === 'superseded') return [{ kind: 'answer', id, body: known.body }];
  if (known?.phase === 'kept') return [refuse(id, 'Kept')];
  const serves = standingOf(state, users).role === 'authority';
  if (serves && (spared || to === null)) return [refuse(id, 'Authority')];
  const newest = Math.max(fenceOf(state, users), standingOf(state, users).epoch);
  if (epoch < newest || (epoch === newest && serves)) return [refuse(id, 'Outdated')];
  if (!rules.takes(state.retiring) && to === null) return [refuse(id, 'Retiring')];
  state.fences.set(users, epoch);
  state.proposed = Math.max(state.proposed, epoch);
  const kept = keys(state, users).filter((key) => (spared || to === null) && knownOf(state, key).role === 'authority');
  for (const key of kept) knownOf(state, key).epoch = Math.max(knownOf(state, key).epoch, epoch);
  if (to === null) takeOver(state, event);
  else giveWay(state, event, to, kept);
  const released = rules.buries ? bury(state, event, rules) : [];
  const served = keys(state, users).filter((key) => knownOf(state, key).role === 'authority' && key !== ALL);
  const body = {
    users: served.length,
    count: served.reduce((sum, key) => sum + size(knownOf(state, key).accepted), 0),
    kept: kept.map((user) => ({ user, epoch: knownOf(state, user).epoch })),
  };
  state.relocations.set(relocation, { phase: 'superseded', body });
  return [{ kind: 'answer', id, body }, ...released, ...release(state, rules)];
}

const keys = (state: State, users: string): string[] =>
  users === ALL ? [...state.users.keys()] : state.users.has(users) ? [users] : [];

/** Takes what it was given of these users, by whatever relocation; of whom others have kept, it knows where he is. */
function takeOver(state: State, { users, epoch, elsewhere }: EventOf<'supersede'>): void {
  const given = copiesOf(state, users);
  const whose = new Set([users, ...keys(state, users), ...given.keys()]);
  for (const user of whose) {
    if (users !== ALL && user !== users) continue;
    const own = knownOf(state, user);
    if (own.role === 'authority') continue;
    const copy = given.get(user);
    const accepted = union(own.accepted, copy?.accepted ?? []);
    const address = own.address ?? copy?.address ?? null;
    state.users.set(user, { role: 'authority', epoch, accepted, address, to: null, frozen: false });
  }
  for (const { user, to, epoch: at } of elsewhere)
    state.users.set(user, { ...knownOf(state, user), role: 'relay', epoch: Math.max(at, epoch), to });
  for (const { to } of elsewhere) state.peers.add(to);
}

/** What a takeover would find. */
export function copiesIn({ relocations }: State, users: string) {
  return [...relocations].flatMap(([relocation, known]) => {
    if (known.phase !== 'receiving' || !overlap(known.users, users)) return [];
    const given = [...known.staged.values()].filter(isContext).filter(({ user }) => user !== ALL);
    const count = given.reduce((sum, { accepted }) => sum + size(accepted), 0);
    const prepared = known.prepared !== null;
    return [{ relocation, users: known.users, copiedUsers: given.length, count, prepared }];
  });
}

/** The newest context of each; what was accepted in the same epoch is joined. */
function copiesOf({ relocations }: State, users: string): Map<string, ContextEntry> {
  const copies = new Map<string, ContextEntry>();
  for (const known of relocations.values()) {
    if (known.phase !== 'receiving' || !overlap(known.users, users)) continue;
    for (const entry of known.staged.values()) {
      const other = copies.get(entry.user);
      if (!isContext(entry) || (other !== undefined && other.epoch > entry.epoch)) continue;
      const joined = other?.epoch === entry.epoch ? union(other.accepted, entry.accepted) : entry.accepted;
      copies.set(entry.user, { ...entry, accepted: joined });
    }
  }
  return copies;
}

/** Serves them no more, less those that it keeps, and relays to the one that takes over, who knows where all of them are. */
function giveWay(state: State, { users, epoch }: EventOf<'supersede'>, to: string, kept: readonly string[]): void {
  state.peers.add(to);
  for (const key of new Set([users, ...keys(state, users)]))
    if (!kept.includes(key)) state.users.set(key, { ...knownOf(state, key), role: 'relay', epoch, to });
}

/** What was promised and prepared of these users is over; whoever waits for the end of a freeze goes on as things are now. */
function bury(state: State, { users, to, spared }: EventOf<'supersede'>, rules: Rules): Effect[] {
  return [...state.relocations].flatMap(([name, known]): Effect[] => {
    if (known.phase === 'promised' && overlap(known.users, users)) {
      state.relocations.set(name, rules.bury(known));
      return thaw(state, known, 'Kept', rules);
    }
    if (known.phase === 'receiving' && overlap(known.users, users)) state.relocations.set(name, rules.bury(known));
    // Of what the lost source has decided nobody needs to hear any more
    if (known.phase === 'handedOver' && to !== null && !spared && (users === ALL || known.users === users))
      known.committed = true;
    return [];
  });
}

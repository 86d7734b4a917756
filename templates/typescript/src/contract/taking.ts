import { size } from './accepted.ts';
import type { Journal } from './journal.ts';
import {
  ALL,
  authority,
  type Entry,
  isContext,
  overlap,
  type Peer,
  type Prepare,
  type Receiving,
  type State,
  totalOf,
} from './state.ts';
import { Malformed, Refused } from './wire.ts';

/** The calls by which users are taken: what the source sends ahead, its last delta, and its decision. */
export class Taking {
  readonly #state: State;
  readonly #self: Peer;
  readonly #journal: Journal;

  constructor(state: State, self: Peer, journal: Journal) {
    this.#state = state;
    this.#self = self;
    this.#journal = journal;
  }

  /** Takes what the source sends ahead. Without content it is introduced: from now on it relays to the source. */
  copy(relocation: string, users: string, source: Peer, chunk: Entry[], epoch = 0): null {
    const state = this.#state;
    const known = state.relocations.get(relocation);
    if (known?.phase === 'kept') throw new Refused('Kept');
    // `*` are all whom the source serves: whoever serves everybody else may be given them
    const introduced = chunk.length === 0 && users !== ALL ? [users] : [];
    const concerned = [...introduced, ...chunk.filter(isContext).map(({ user }) => user)];
    if (concerned.some((user) => state.of(user).role === 'authority')) throw new Refused('Authority');
    if (known !== undefined && known.phase !== 'receiving') throw new Refused('Authority');
    const told = chunk.length === 0 ? [{ user: users, epoch }] : chunk;
    if (told.some((one) => one.epoch < state.fence(one.user))) throw new Refused('Outdated');
    if (state.gone) throw new Refused('Retiring');
    const receiving = known ?? this.#receiving(users);
    state.relocations.set(relocation, receiving);
    state.arrivals += 1;
    state.peers.add(source);
    stage(receiving, chunk);
    const own = state.known(users);
    if (chunk.length === 0 && own.role !== 'authority') state.users.set(users, { ...own, role: 'standby', to: source });
    this.#learnFrom(chunk, source);
    return null;
  }

  #receiving(users: string): Receiving {
    return { phase: 'receiving', users, staged: new Map(), prepared: null, copiedAt: null };
  }

  /** Takes the last delta, and waits: only the source decides. */
  prepare({ relocation, users, source, number, entries, total }: Prepare): null {
    const state = this.#state;
    const known = state.relocations.get(relocation);
    if (known?.phase === 'kept') throw new Refused('Kept');
    if (state.gone) throw new Refused('Retiring');
    const receiving = known?.phase === 'receiving' ? known : this.#receiving(users);
    if (receiving.prepared !== null && number < receiving.prepared) throw new Refused('Outdated');
    stage(receiving, entries);
    this.#object(receiving, number, total);
    receiving.prepared = number;
    state.arrivals += 1;
    state.peers.add(source);
    this.#learnFrom(entries, source);
    state.relocations.set(relocation, receiving);
    return null;
  }

  /** The source has decided. `whole`: with everything, for a target that has forgotten what it was prepared for. */
  commit(relocation: string, number: number, whole: Prepare | null): null {
    const state = this.#state;
    const known = state.relocations.get(relocation);
    if (known?.phase === 'received' && known.number >= number) return null;
    if (known?.phase === 'receiving' && known.prepared === number) return this.#takeOver(relocation, known, number);
    if (whole === null) throw new Refused('NotPrepared');
    if (state.gone) throw new Refused('Retiring');
    const receiving = this.#receiving(whole.users);
    stage(receiving, whole.entries);
    this.#object(receiving, number, whole.total);
    state.peers.add(whole.source);
    return this.#takeOver(relocation, receiving, number);
  }

  /** A relayed request with the number for which this instance is prepared tells as well that the source has decided. */
  decidedAt(user: string, number: number): void {
    for (const [relocation, known] of this.#state.relocations) {
      if (known.phase !== 'receiving' || known.prepared !== number) continue;
      const entry = known.staged.get(user) ?? known.staged.get(ALL);
      if (entry !== undefined && isContext(entry) && this.#state.of(user).role !== 'authority')
        this.#takeOver(relocation, known, number);
    }
  }

  #object({ staged }: Receiving, number: number, total: Prepare['total']): void {
    for (const entry of staged.values()) {
      if (!isContext(entry)) continue;
      if (this.#state.of(entry.user).role === 'authority') throw new Refused('Authority');
      if (number <= (this.#state.users.get(entry.user)?.epoch ?? 0)) throw new Refused('Outdated');
      if (number < this.#state.fence(entry.user)) throw new Refused('Outdated');
    }
    const held = totalOf([...staged.values()]);
    if (held.entries !== total.entries || held.count !== total.count) throw new Refused('Incomplete');
  }

  #takeOver(relocation: string, { staged }: Receiving, number: number): null {
    const state = this.#state;
    const entries = [...staged.values()];
    const given = entries.filter(isContext).map((entry) => ({ ...entry, epoch: number }));
    this.#journal.write(given);
    if (given.some(({ user }) => user === ALL))
      for (const [user, { role }] of state.users)
        if (role !== 'authority' && !staged.has(user)) state.users.delete(user);
    for (const entry of given) state.users.set(entry.user, authority(number, entry));
    for (const entry of entries) if (!isContext(entry)) state.learn(entry.user, entry.epoch, entry.to, this.#self);
    state.relocations.set(relocation, { phase: 'received', number });
    state.arrivals += 1;
    return null;
  }

  /** Whoever comes here before the decision is relayed to the source, or to where the source knows him to be. */
  #learnFrom(entries: readonly Entry[], source: Peer): void {
    for (const entry of entries)
      this.#state.learn(entry.user, entry.epoch, isContext(entry) ? source : entry.to, this.#self);
  }
}

/** Messages may arrive late and twice: the newer epoch wins, and within one epoch the one with more. */
function stage(receiving: Receiving, entries: readonly Entry[]): void {
  // Nothing is taken without what was kept
  if (entries.some((entry) => !isContext(entry) && !('to' in entry)))
    throw new Malformed('an entry has a context, or says where he is');
  for (const entry of entries) {
    const known = receiving.staged.get(entry.user);
    if (known !== undefined && known.epoch > entry.epoch) continue;
    const older =
      known?.epoch === entry.epoch &&
      isContext(known) &&
      isContext(entry) &&
      size(known.accepted) > size(entry.accepted);
    if (!older) receiving.staged.set(entry.user, entry);
    receiving.copiedAt = performance.now();
  }
}

/** What a takeover would find, of these users. */
export function copiesIn(state: State, users: string, now: number) {
  return [...state.relocations].flatMap(([relocation, known]) => {
    if (known.phase !== 'receiving' || !overlap(known.users, users)) return [];
    const given = [...known.staged.values()].filter(isContext).filter(({ user }) => user !== ALL);
    const { copiedAt, prepared } = known;
    const secondsAgo = copiedAt === null ? null : Math.round(now - copiedAt) / 1_000;
    const count = given.reduce((sum, entry) => sum + size(entry.accepted), 0);
    return [
      { relocation, users: known.users, copiedUsers: given.length, count, prepared: prepared !== null, secondsAgo },
    ];
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import { size } from './accepted.ts';
import type { Journal } from './journal.ts';
import {
  ALL,
  deferred,
  endpointOf,
  type Entry,
  type HandedOver,
  keptOf,
  nothing,
  type Peer,
  type Prepare,
  type Promised,
  stamp,
  type State,
  totalOf,
} from './state.ts';
import { Refused, tell } from './wire.ts';

const CHUNK = 500;
/** How long the copy may lag behind. */
const REFRESH_MS = 25;
const RETRY_MS = 200;

/** The calls by which users are given to another instance. What stands between two `await`s happens at once. */
export class Giving {
  readonly #state: State;
  readonly #self: Peer;
  readonly #journal: Journal;
  readonly #freezeLimitMs: number;
  #roundTripMs = 5;

  constructor(state: State, self: Peer, journal: Journal, freezeLimitMs: number) {
    this.#state = state;
    this.#self = self;
    this.#journal = journal;
    this.#freezeLimitMs = freezeLimitMs;
  }

  get expectedFreezeMs(): number {
    return Math.ceil(this.#roundTripMs) + 1;
  }

  /** Reserves users for one relocation; clients notice nothing. */
  promise(relocation: string, users: string, target: Peer | null): object {
    const state = this.#state;
    const known = state.relocations.get(relocation);
    if (known?.phase === 'kept') throw new Refused('Kept');
    if (known?.phase === 'handedOver') return { users: known.receipt.users, copied: known.receipt.users };
    if (known !== undefined && known.phase !== 'promised') throw new Refused('NotServing');
    if (state.gone) throw new Refused('Retiring');
    const other = state.promisedTo(users);
    if (other !== null && other !== relocation) throw new Refused('PromisedElsewhere', other);
    if (users !== ALL && state.of(users).role === 'authority') state.list(users);
    if (state.served(users).length === 0) throw new Refused('NotServing');
    const fresh = { target: null, sent: new Map<string, string>(), handingOver: null, end: () => undefined };
    const promised: Promised = known ?? { phase: 'promised', users, ...fresh };
    state.relocations.set(relocation, promised);
    if (target !== null && promised.handingOver === null) this.#aim(promised, target);
    if (known === undefined) void this.#copyAhead(relocation, promised);
    const keys = state.served(users).filter((key) => key !== ALL);
    return { users: keys.length, copied: keys.filter((key) => promised.sent.has(key)).length };
  }

  /** Another target has nothing yet. */
  #aim(promised: Promised, target: Peer): void {
    this.#state.peers.add(target);
    if (promised.target !== target) promised.sent.clear();
    promised.target = target;
  }

  async #copyAhead(relocation: string, promised: Promised): Promise<void> {
    const { users, sent } = promised;
    while (this.#state.relocations.get(relocation) === promised) {
      const { target } = promised;
      const news = this.#entriesOf(users).filter((entry) => sent.get(entry.user) !== stamp(entry));
      const chunk = target === null || promised.handingOver !== null ? [] : news.slice(0, CHUNK);
      if (target !== null && chunk.length > 0) {
        const heard = await this.#send(target, '/relocation/v1/copy', {
          relocation,
          users,
          source: endpointOf(this.#self),
          chunk,
        });
        if (heard.status === 204 && promised.target === target) {
          for (const entry of chunk) sent.set(entry.user, stamp(entry));
          continue;
        }
      }
      await pause(REFRESH_MS);
    }
  }

  /** Freezes, has the target prepare, and decides, once. */
  async handOver(relocation: string, target: Peer): Promise<object> {
    const known = this.#state.relocations.get(relocation);
    if (known?.phase === 'kept') throw new Refused('Kept');
    if (known?.phase === 'handedOver') return known.receipt;
    if (known?.phase !== 'promised') throw new Refused('NotPromised');
    known.handingOver ??= this.#decide(relocation, known, target).finally(() => (known.handingOver = null));
    return await known.handingOver;
  }

  async #decide(relocation: string, promised: Promised, target: Peer): Promise<object> {
    const state = this.#state;
    const keys = state.served(promised.users);
    if (keys.length === 0) throw new Refused('NotServing');
    this.#aim(promised, target);
    const number = Math.max(state.proposed, ...keys.map((key) => state.of(key).epoch)) + 1;
    state.proposed = number;
    state.freezes += 1;
    const since = performance.now();
    const { awaited: frozen, settle: thaw } = deferred<void>();
    const { awaited: ended, settle: end } = deferred<string>();
    promised.end = end;
    for (const key of keys) state.known(key).frozen = frozen;
    const limit = setTimeout(() => end('TargetSilent'), this.#freezeLimitMs);
    try {
      const answer = await Promise.race([ended, this.#prepared(relocation, promised, target, number)]);
      // Settled or superseded meanwhile: that was said, and holds
      if (state.relocations.get(relocation) !== promised) throw new Refused('Kept');
      if (answer !== 'yes') throw new Refused(answer);
      const of = keys.map((user) => ({ user, count: size(state.known(user).accepted) }));
      const count = of.reduce((sum, one) => sum + one.count, 0);
      const freezeMs = Math.round((performance.now() - since) * 100) / 100;
      const users = keys.filter((key) => key !== ALL).length;
      const receipt = { relocation, epoch: number, users, count, of, freezeMs };
      this.#journal.write(keys.map((user) => ({ user, epoch: number, to: target })));
      for (const key of keys) Object.assign(state.known(key), { role: 'relay', epoch: number, to: target });
      const given = { phase: 'handedOver', users: promised.users, target, keys, receipt } as const;
      state.relocations.set(relocation, { ...given, committed: false, retired: false });
      void this.#tellDecision(relocation);
      return receipt;
    } finally {
      clearTimeout(limit);
      for (const key of keys) if (state.known(key).frozen === frozen) state.known(key).frozen = null;
      thaw();
    }
  }

  /** A target that misses something is sent everything, within the same freeze. */
  async #prepared(relocation: string, promised: Promised, target: Peer, number: number): Promise<string> {
    const { users, sent } = promised;
    const entries = this.#entriesOf(users);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const delta = entries.filter((entry) => sent.get(entry.user) !== stamp(entry));
      const prepare = { relocation, users, source: this.#self, number, entries: delta, total: totalOf(entries) };
      const { status, type } = await this.#send(target, '/transfer/v1/prepare', prepare, this.#freezeLimitMs);
      if (status === 204) return 'yes';
      if (status !== 409) return 'TargetSilent';
      if (type !== 'Incomplete') break;
      sent.clear();
    }
    return 'TargetRefused';
  }

  /** Nobody but the source knows of its decision: it tells the target until that has heard. */
  async #tellDecision(relocation: string): Promise<void> {
    for (let whole: Prepare | null = null; ; ) {
      const known = this.#state.relocations.get(relocation);
      if (known?.phase !== 'handedOver' || known.committed) return;
      const { users, target, receipt } = known;
      const number = receipt.epoch;
      const { status, type } = await this.#send(target, '/transfer/v1/commit', { relocation, number, whole });
      if (status === 204) {
        known.committed = true;
        if (known.retired) this.#forget(known);
      } else if (type === 'NotPrepared' && whole === null) {
        const entries = this.#entriesOf(users, number);
        whole = { relocation, users, source: this.#self, number, entries, total: totalOf(entries) };
      } else await pause(RETRY_MS);
    }
  }

  /** Closes a relocation: the settlement, once said, is said for ever; `serves` is how things are now. */
  settle(relocation: string, asked: string | null, retired: boolean): object {
    const { relocations } = this.#state;
    const known = relocations.get(relocation);
    const users = asked ?? (known !== undefined && 'users' in known ? known.users : ALL);
    const serves = users === ALL ? this.#state.served(ALL).length > 0 : this.#state.of(users).role === 'authority';
    if (known?.phase === 'handedOver' && retired) {
      known.retired = true;
      if (known.committed) this.#forget(known);
    }
    if (known?.phase === 'handedOver' || known?.phase === 'received') return { settlement: 'handedOver', serves };
    relocations.set(relocation, { phase: 'kept' });
    if (known?.phase === 'promised') known.end('Kept');
    return { settlement: 'kept', serves };
  }

  /** Of whom it gave away it remembers where they are. */
  #forget({ keys, receipt }: HandedOver): void {
    for (const key of keys) {
      const standing = this.#state.users.get(key);
      if (standing?.role === 'relay' && standing.epoch === receipt.epoch) Object.assign(standing, nothing);
    }
  }

  /** The context of each of these users, or where he is: before the decision, and (`given`) as it gave them away. */
  #entriesOf(users: string, given: number | null = null): Entry[] {
    const named = users === ALL ? [...this.#state.users] : [[users, this.#state.of(users)] as const];
    return named.flatMap(([user, { role, epoch, to, ...rest }]): Entry[] => {
      const moves = given === null ? role === 'authority' : role !== 'authority' && epoch === given;
      if (moves) return [{ user, epoch, ...keptOf(rest) }];
      const at = role === 'authority' ? this.#self : to;
      return at === null ? [] : [{ user, epoch, to: at }];
    });
  }

  async #send(to: Peer, path: string, message: object, ms?: number) {
    const sent = performance.now();
    const heard = await tell(to, path, message, ms);
    if (heard.status === 204) this.#roundTripMs = performance.now() - sent;
    return heard;
  }
}

import { z } from 'zod';
import { Refused } from '../problem.ts';
import { type Entry, type Kind, kinds, ordinary } from './entries.ts';
import { odd } from './odd.ts';

const Count = z.int().nonnegative().max(100_000).optional();

/** How many entries of others a peer is to have, by kind. */
export const ForeignOrder = z.strictObject({
  peer: z.string().min(1),
  ...(Object.fromEntries(kinds.map((kind) => [kind, Count])) as Record<Kind, typeof Count>),
});
export type ForeignOrder = z.infer<typeof ForeignOrder>;

/**
 * Entries of others at the peers of one process: only listed and read, with nothing behind them.
 */
export class Foreign {
  readonly #planted = new Map<string, ForeignOrder>();
  /** The entries of one kind, made once for each collection. */
  readonly #made = new Map<string, readonly Entry[]>();

  /** In place of those that this peer had of these kinds. Refuses kinds that it has no lists of. */
  plant(order: ForeignOrder): ForeignOrder {
    const { peer, ...counts } = order;
    for (const kind of kinds)
      if ((counts[kind] ?? 0) > 0 && !has(peer, kind)) throw new Refused(400, `${peer} has no lists of ${kind}`);
    const planted = { ...this.#planted.get(peer), ...order };
    this.#planted.set(peer, planted);
    return planted;
  }

  list(): readonly ForeignOrder[] {
    return [...this.#planted.values()];
  }

  clear(): void {
    this.#planted.clear();
    this.#made.clear();
  }

  /**
   * What this collection of the peer holds of others. `collection`: its URL. `odd`: also what
   * nobody expects.
   */
  at(peer: string, kind: Kind, collection: string, withOdd: boolean): readonly Entry[] {
    const count = this.#planted.get(peer)?.[kind] ?? 0;
    const planted = count === 0 ? [] : this.#ordinary(kind, collection, count);
    return withOdd ? [...odd(kind, collection), ...planted] : planted;
  }

  #ordinary(kind: Kind, collection: string, count: number): readonly Entry[] {
    const which = `${kind} ${collection} ${count}`;
    const made = this.#made.get(which) ?? Array.from({ length: count }, (_, n) => ordinary(kind, collection, n + 1));
    this.#made.set(which, made);
    return made;
  }
}

const has = (peer: string, kind: Kind): boolean =>
  peer.startsWith('meo-')
    ? ['instances', 'operations', 'packages', 'subscriptions'].includes(kind)
    : peer.startsWith('platform-')
      ? ['subscriptions', 'services', 'registrations'].includes(kind)
      : peer === 'oss' && kind === 'orders';

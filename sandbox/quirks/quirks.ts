import { z } from 'zod';
import { Foreign } from '../foreign/foreign.ts';
import { matches, Operation } from '../operation.ts';
import { Refused } from '../problem.ts';
import { Memory } from './memory.ts';
import { canHave, harmlessAt, names, type QuirkName, quirks } from './table.ts';

/** `*`: every peer that can have it. `harmless`: everything that does no harm, at once. */
export const QuirkOrder = z.strictObject({
  peer: z.string().min(1),
  operation: Operation.optional(),
  quirk: z.enum([...names, 'harmless']),
});
export type QuirkOrder = z.infer<typeof QuirkOrder>;

/** A quirk that one peer has, until it is switched off. */
export interface Quirk {
  readonly id: string;
  readonly peer: string;
  readonly operation?: string;
  readonly quirk: QuirkName;
  readonly harmless: boolean;
  /** Calls to the peer, and operation, since. */
  met: number;
}

/** The quirks of the peers of one process, and what others have there. */
export class Quirks {
  readonly foreign = new Foreign();
  readonly #memories = new Map<string, Memory>();
  readonly #listeners: ((quirk: Quirk) => void)[] = [];
  #quirks: Quirk[] = [];
  #n = 0;

  /** `peers`: those that there are. Refuses what none of them can have. */
  order({ peer, operation, quirk }: QuirkOrder, peers: readonly string[]): readonly Quirk[] {
    const meant = peers.filter((name) => peer === '*' || peer === name).toSorted();
    const ordered = meant.flatMap((name, turn) => {
      const wanted = quirk === 'harmless' ? harmlessAt(name, turn) : canHave(name, quirk) ? [quirk] : [];
      return wanted.map((one) => ({ peer: name, quirk: one, ...(operation !== undefined && { operation }) }));
    });
    if (ordered.length === 0) throw new Refused(400, whyNot(peer, quirk, peers));
    return ordered.map((one) => this.#add(one));
  }

  /** For peers that begin to be odd by doing something. */
  whenOrdered(listener: (quirk: Quirk) => void): void {
    this.#listeners.push(listener);
  }

  list(): readonly Quirk[] {
    return this.#quirks;
  }

  /** Forgets one, or all and what was remembered for them. False: there is no such quirk. */
  remove(id?: string): boolean {
    if (id === undefined) this.#memories.clear();
    const left = id === undefined ? [] : this.#quirks.filter((quirk) => quirk.id !== id);
    const removed = left.length < this.#quirks.length;
    this.#quirks = left;
    return removed;
  }

  /** The quirks that this call meets. Asked once per call, by the frame. */
  meet(peer: string, { method, path }: { method: string; path: string }): ReadonlySet<QuirkName> {
    const met = this.#quirks.filter(
      ({ peer: who, operation }) => who === peer && (operation === undefined || matches(operation, method, path)),
    );
    for (const quirk of met) quirk.met += 1;
    return new Set(met.map(({ quirk }) => quirk));
  }

  /** What was created and asked at this peer: some quirks depend on it. */
  memory(peer: string): Memory {
    const known = this.#memories.get(peer) ?? new Memory();
    this.#memories.set(peer, known);
    return known;
  }

  #add(order: Pick<Quirk, 'peer' | 'operation' | 'quirk'>): Quirk {
    const { harmless } = quirks[order.quirk];
    const known = this.#quirks.find(
      ({ peer, operation, quirk }) => peer === order.peer && operation === order.operation && quirk === order.quirk,
    );
    if (known !== undefined) return known;
    const quirk = { id: `q${++this.#n}`, ...order, harmless, met: 0 };
    this.#quirks.push(quirk);
    for (const listener of this.#listeners) listener(quirk);
    return quirk;
  }
}

function whyNot(peer: string, quirk: QuirkOrder['quirk'], peers: readonly string[]): string {
  const able = peers.filter((name) => (quirk === 'harmless' ? harmlessAt(name, 0).length > 0 : canHave(name, quirk)));
  return `${peer} cannot have ${quirk}; these can: ${able.toSorted().join(', ')}`;
}

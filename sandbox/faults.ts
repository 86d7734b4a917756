import { z } from 'zod';
import { matches, Operation } from './operation.ts';

const where = {
  peer: z.string().min(1),
  operation: Operation,
  /** From the n-th matching call on … */
  nth: z.int().positive().default(1),
  /** … for so many calls; absent: for ever. */
  times: z.int().positive().optional(),
};

/** What can go wrong, on demand (sandbox/README.md, Faults). */
export const FaultOrder = z.discriminatedUnion('kind', [
  z.strictObject({ ...where, kind: z.literal('latency'), ms: z.int().nonnegative() }),
  z.strictObject({
    ...where,
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    retryAfter: z.int().nonnegative().optional(),
    body: z.unknown().optional(),
  }),
  z.strictObject({ ...where, kind: z.literal('reset') }),
  z.strictObject({ ...where, kind: z.literal('answerLost'), as: z.enum(['reset', '504', 'silence']) }),
  z.strictObject({ ...where, kind: z.literal('hold'), when: z.enum(['before', 'executed']) }),
  z.strictObject({ ...where, kind: z.literal('neverFinishes') }),
  z.strictObject({ ...where, kind: z.literal('failedTemp'), recovers: z.boolean() }),
  z.strictObject({ ...where, kind: z.literal('noEffect'), pushed: z.literal(false).optional() }),
]);
export type FaultOrder = z.infer<typeof FaultOrder>;
export type FaultKind = FaultOrder['kind'];
export type FaultOf<K extends FaultKind> = Extract<FaultOrder, { kind: K }>;

/** Kinds that only the peer itself can act out: it asks for them with `acting`. */
const ACTED = new Set<FaultKind>(['neverFinishes', 'failedTemp', 'noEffect']);

export class Fault {
  readonly id: string;
  readonly order: FaultOrder;
  /** Calls that it met. One of a kind that the peer acts out counts when the peer does. */
  fired = 0;
  #seen = 0;
  #waiting: (() => void)[] = [];

  constructor(id: string, order: FaultOrder) {
    this.id = id;
    this.order = order;
  }

  /** Counts a matching call and tells whether it is meant. */
  meets(peer: string, method: string, path: string): boolean {
    const { nth, times } = this.order;
    if (this.order.peer !== peer || !matches(this.order.operation, method, path)) return false;
    this.#seen += 1;
    if (this.#seen < nth || (times !== undefined && this.#seen >= nth + times)) return false;
    if (!ACTED.has(this.order.kind)) this.fired += 1;
    return true;
  }

  /** Calls that wait in it now. */
  get held(): number {
    return this.#waiting.length;
  }

  /** Waits until it is released. */
  async hold(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Lets the calls go that are held now. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  toJSON(): object {
    return { id: this.id, ...this.order, fired: this.fired, held: this.held };
  }
}

/** The faults ordered for the peers of one process. */
export class Faults {
  readonly #faults: Fault[] = [];
  readonly #met = new WeakMap<object, readonly Fault[]>();
  #n = 0;

  add(order: FaultOrder): Fault {
    const fault = new Fault(`f${++this.#n}`, order);
    this.#faults.push(fault);
    return fault;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  find(id: string): Fault | undefined {
    return this.#faults.find((fault) => fault.id === id);
  }

  /** Forgets every fault, and lets go what is held. */
  clear(): void {
    for (const fault of this.#faults.splice(0)) fault.release();
  }

  /** The faults that meet this call, in the order in which they were ordered. Asked once per call, by the frame. */
  meet(req: { method: string; path: string }, peer: string): readonly Fault[] {
    const met = this.#faults.filter((fault) => fault.meets(peer, req.method, req.path));
    this.#met.set(req, met);
    return met;
  }

  /** Those that have met this call. */
  met(req: object): readonly Fault[] {
    return this.#met.get(req) ?? [];
  }

  /** For handlers: is this call to go wrong in a way that only the peer itself can act out? */
  acting<K extends FaultKind>(req: object, kind: K): FaultOf<K> | undefined {
    const fault = this.met(req).find(({ order }) => order.kind === kind);
    if (fault === undefined) return undefined;
    fault.fired += 1;
    return fault.order as FaultOf<K>;
  }
}

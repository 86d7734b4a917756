/** How far a call has come: its answer is `lost` when the caller did not get it, by a fault or because it left. */
export type Phase = 'received' | 'executed' | 'answered' | 'lost';

/** One call that a peer received. It is listed from its arrival on, and changes until it is answered or lost. */
export interface Entry {
  readonly n: number;
  /** ISO 8601. */
  readonly at: string;
  readonly peer: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Who called, by his certificate. Absent: by plain HTTP. */
  readonly by?: string;
  /** Did it change state? */
  effect: boolean;
  /** What the peer answered, or would have. */
  status: number | null;
  /** Kinds of the faults that met it, joined by `+`. */
  fault: string | null;
  phase: Phase;
}

/** More than any scenario needs; older calls are forgotten, so that a long run does not grow. */
const KEPT = 20_000;

/** Every call to every peer of one process, in the order of arrival. */
export class Journal {
  readonly #entries: Entry[] = [];
  #n = 0;

  received(peer: string, method: string, path: string, by?: string): Entry {
    const at = new Date().toISOString();
    const entry: Entry = {
      n: ++this.#n,
      at,
      peer,
      method,
      path,
      ...(by !== undefined && { by }),
      effect: false,
      status: null,
      fault: null,
      phase: 'received',
    };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.shift();
    return entry;
  }

  /** The calls after number `n`. */
  since(n: number): readonly Entry[] {
    return this.#entries.filter((entry) => entry.n > n);
  }
}

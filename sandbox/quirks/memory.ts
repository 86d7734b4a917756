/** What one peer remembers of the calls to it, because some quirks depend on what came before. */

/** Longer than any list lags behind. */
const KEPT_MS = 5_000;
const KEPT = 2_000;

export class Memory {
  /** Ids of what was created here, and when. */
  readonly #created = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  readonly #gone = new Set<string>();

  created(id: string): void {
    this.#created.set(id, Date.now());
    for (const path of this.#gone) if (path.endsWith(`/${id}`)) this.#gone.delete(path); // its name was given out again
    for (const [old, at] of this.#created) {
      if (at > Date.now() - KEPT_MS && this.#created.size < KEPT) break; // oldest first
      this.#created.delete(old);
    }
  }

  /** How long this has been there, in milliseconds; what is not remembered always was. */
  age(id: string): number {
    const at = this.#created.get(id);
    return at === undefined ? Number.POSITIVE_INFINITY : Date.now() - at;
  }

  /** A path at which there was something. */
  deleted(path: string): void {
    this.#gone.add(path);
    const [oldest] = this.#gone;
    if (this.#gone.size > KEPT && oldest !== undefined) this.#gone.delete(oldest);
  }

  isGone(path: string): boolean {
    return this.#gone.has(path);
  }

  /** How often this was asked before; counts this time. */
  askedBefore(what: string): number {
    const times = this.#asked.get(what) ?? 0;
    this.#asked.set(what, times + 1);
    return times;
  }
}

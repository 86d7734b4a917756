import type { ServerResponse } from 'node:http';

/** How many requests of each are under way: nobody has more than so many, and whoever has them takes none of another's. */
export class Places {
  readonly #most: (who: string) => number;
  readonly #taken = new Map<string, number>();

  constructor(most: (who: string) => number) {
    this.#most = most;
  }

  /** Until the answer is taken, or nobody waits for it any more. False: there is none. */
  take(who: string, res: ServerResponse): boolean {
    if (res.destroyed) return true; // it will not close again, so it would be counted for ever
    const before = this.#taken.get(who) ?? 0;
    if (before >= this.#most(who)) return false;
    this.#taken.set(who, before + 1);
    res.once('close', () => this.#taken.set(who, (this.#taken.get(who) ?? 1) - 1));
    return true;
  }
}

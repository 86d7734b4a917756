import { ALL } from './messages.ts';

const RECENT_MS = 60_000;

/** When whose client last came to this instance by itself, not relayed by another. Instants in milliseconds. */
export class Visitors {
  readonly #last = new Map<string, number>();

  came(user: string, at: number): void {
    this.#last.set(user, at);
  }

  secondsAgo(users: string, now: number): number | null {
    const last = Math.max(...this.#of(users));
    return last === Number.NEGATIVE_INFINITY ? null : Math.round(now - last) / 1_000;
  }

  recently(users: string, now: number): number {
    return this.#of(users).filter((at) => now - at < RECENT_MS).length;
  }

  #of(users: string): number[] {
    if (users === ALL) return [...this.#last.values()];
    const at = this.#last.get(users);
    return at === undefined ? [] : [at];
  }
}

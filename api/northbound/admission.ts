import pLimit from 'p-limit';
import { Refusal } from '../../domain/failures.ts';

/** So many are begun at once: more would not go faster, and miss the limits of their calls. */
export const AT_ONCE = 32;
/** A burst waits; who comes when so many wait is told at once to come back. */
export const MOST_WAITING = 256;
/** So long one waits in a burst, however slow the machine. */
export const BURST_MS = 60_000;
/** Where there has been a queue for so long it is no burst: then nobody who comes waits longer than the second. */
export const STANDING_MS = 10_000;
export const SHORT_MS = 1_000;

/**
 * Who may begin something at Temporal, and when: in turn, and only while that is soon enough to be of use. Whoever is
 * refused has begun nothing. (A queue that does not empty is shortened, as by CoDel, RFC 8289: its length helps nobody.)
 */
export class Admission {
  readonly #slots = pLimit(AT_ONCE);
  /** Since when somebody has waited, without a break. */
  #queueSince: number | undefined;
  #lastWaitMs = 0;

  /** Throws a Refusal (Overloaded). */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#slots.pendingCount >= MOST_WAITING) throw this.#overloaded(`${MOST_WAITING} wait already`);
    const came = performance.now();
    const turn = new AbortController();
    const late = new Promise<never>((_, reject) => {
      const patienceMs = this.#patienceMs(came);
      const timer = setTimeout(() => {
        turn.abort();
        reject(this.#overloaded(`its turn has not come in ${patienceMs / 1_000} s`));
      }, patienceMs);
      turn.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    const done = this.#slots(async () => {
      if (this.#slots.pendingCount === 0) this.#queueSince = undefined;
      if (turn.signal.aborted) return await late;
      turn.abort();
      this.#lastWaitMs = performance.now() - came;
      return await work();
    });
    if (this.#slots.pendingCount > 0) this.#queueSince ??= came;
    return await Promise.race([done, late]);
  }

  #patienceMs(now: number): number {
    return this.#queueSince !== undefined && now - this.#queueSince > STANDING_MS ? SHORT_MS : BURST_MS;
  }

  #overloaded(why: string): Refusal {
    const message = `more is asked for than can be begun: ${why}`;
    return new Refusal('Overloaded', message, undefined, 2 + Math.round(this.#lastWaitMs / 1_000));
  }
}

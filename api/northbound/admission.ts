import pLimit from 'p-limit';
import { Refusal } from '../../domain/failures.ts';

/** So many are begun at once: more would not go faster, and miss the limits of their calls. */
export const AT_ONCE = 32;
/** A burst waits; who comes when so many wait, or have come since somebody first had to, waits only if it is not for long. */
export const MOST_WAITING = 256;
/** So long one waits in a burst, however slow the machine. */
export const BURST_MS = 60_000;
/** Where it is no burst, one waits only if it is for no longer than this, as things go. */
export const SHORT_MS = 500;
/** Of what a start takes: by how much the last one counts. */
const LAST = 0.2;

/**
 * Who may begin something at Temporal, and when: in turn, and only while that is soon enough to be of use. Whoever is
 * refused has begun nothing. A burst is known by its number, and not by a time, which would depend on the machine: so many
 * come before the queue is empty again. Where more come it is no burst, and whoever then would have to wait for long is
 * told so at once: a queue that does not empty helps nobody by its length (as CoDel has it, RFC 8289).
 */
export class Admission {
  readonly #slots = pLimit(AT_ONCE);
  /** How many have had to wait since nobody did. */
  #queued = 0;
  #tookMs = 0;

  /** Throws a Refusal (Overloaded). */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#slots.activeCount + this.#slots.pendingCount < AT_ONCE) this.#queued = 0;
    else this.#queued += 1;
    const burst = this.#queued <= MOST_WAITING;
    const aheadMs = ((this.#slots.pendingCount + 1) * this.#tookMs) / AT_ONCE;
    if (this.#slots.pendingCount >= MOST_WAITING) throw this.#overloaded(`${MOST_WAITING} wait already`);
    if (!burst && aheadMs > SHORT_MS)
      throw this.#overloaded(`its turn would come in ${(aheadMs / 1_000).toFixed(1)} s, and more come all the time`);
    return await this.#inTurn(work, burst ? BURST_MS : 2 * SHORT_MS); // it may take longer than it has taken
  }

  async #inTurn<T>(work: () => Promise<T>, patienceMs: number): Promise<T> {
    const turn = new AbortController();
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        turn.abort();
        reject(this.#overloaded(`its turn has not come in ${patienceMs / 1_000} s`));
      }, patienceMs);
      turn.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    const done = this.#slots(async () => {
      if (turn.signal.aborted) return await late;
      turn.abort();
      return await this.#timed(work);
    });
    return await Promise.race([done, late]);
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.#tookMs += LAST * (performance.now() - begun - this.#tookMs);
    }
  }

  /** Whoever comes back then finds the queue of now worked off. */
  #overloaded(why: string): Refusal {
    const queueMs = (this.#slots.pendingCount * this.#tookMs) / AT_ONCE;
    const message = `more is asked for than can be begun: ${why}`;
    return new Refusal('Overloaded', message, undefined, 2 + Math.round(queueMs / 1_000));
  }
}

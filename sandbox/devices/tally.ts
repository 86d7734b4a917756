import { type Context, holds } from './context.ts';

export interface Figures {
  /** Writes that became due. */
  readonly requests: number;
  /** Acknowledged, and missing in the user's context at the end. */
  readonly lost: number;
  /** Not acknowledged in time, because the application or the device's own machine was too slow. None of those lost. */
  readonly givenUp: number;
  /** Answers whose counter or epoch was lower than one that the device had seen before. */
  readonly stale: number;
  /** Writes that the application counted more often than once. */
  readonly doubled: number;
  /** The longest time without an acknowledged write. */
  readonly longestGapMs: number;
}

/** What happened to one device's writes in one window. Times are milliseconds of the monotonic clock. */
export class Tally {
  readonly #first: number;
  #last = Number.POSITIVE_INFINITY;
  #acknowledged: number[] = [];
  #givenUp = 0;
  #stale = 0;
  #gapMs = 0;
  #gapAt: number;
  #previous: number;

  /** Counts from number `first` on, the first that becomes due at or after `at`. */
  constructor(first: number, at: number) {
    this.#first = first;
    this.#previous = at;
    this.#gapAt = at;
  }

  acknowledged(number: number, { at, stale }: { at: number; stale: boolean }): void {
    if (!this.#counts(number)) return;
    this.#acknowledged.push(number);
    if (stale) this.#stale += 1;
    this.#lookForGap(at);
    this.#previous = at;
  }

  gaveUp(number: number): void {
    if (this.#counts(number)) this.#givenUp += 1;
  }

  /** The window has ended: `last` was the last number to become due in it. It may still have to be settled. */
  end(last: number): void {
    this.#last = last;
  }

  /**
   * When all is settled. `ended` is when the window did. A context that is null could not be read back, so that nothing
   * shows that any write is there.
   */
  figures(
    context: Context | null,
    { ended, doubled }: { ended: number; doubled: number },
  ): Figures & { readonly longestGapAt: number } {
    this.#lookForGap(ended);
    const missing = this.#acknowledged.filter((number) => context === null || !holds(context, number));
    return {
      requests: Math.max(0, this.#last - this.#first + 1),
      lost: missing.length,
      givenUp: this.#givenUp,
      stale: this.#stale,
      doubled,
      longestGapMs: Math.round(this.#gapMs * 10) / 10,
      longestGapAt: this.#gapAt,
    };
  }

  #counts(number: number): boolean {
    return number >= this.#first && number <= this.#last;
  }

  #lookForGap(at: number): void {
    if (at - this.#previous <= this.#gapMs) return;
    this.#gapMs = at - this.#previous;
    this.#gapAt = this.#previous;
  }
}

export const together = (all: readonly Figures[]): Figures => ({
  requests: sum(all.map(({ requests }) => requests)),
  lost: sum(all.map(({ lost }) => lost)),
  givenUp: sum(all.map(({ givenUp }) => givenUp)),
  stale: sum(all.map(({ stale }) => stale)),
  doubled: sum(all.map(({ doubled }) => doubled)),
  longestGapMs: Math.max(0, ...all.map(({ longestGapMs }) => longestGapMs)),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

import { setTimeout as pause } from 'node:timers/promises';
import { type FerryClient, type Heard, Refused, Silent } from './client.ts';
import type { Terminal } from './terminal.ts';

/** An API that is away for longer ends the watching, and nothing that is watched. */
const AWAY_MS = 30_000;
const PAUSE_MS = 500;

/**
 * With an API that was there: one that is away for a while is asked again. One that is silent was stopped, or the network swallows
 * what is sent: that is said, and it is waited for until somebody interrupts, since it goes on where it was.
 */
export class Patience {
  readonly #terminal: Terminal;
  readonly #url: string;
  #heardAt: Date | undefined;
  #awaySince: number | undefined;
  #isSilent = false;

  /** `heardAt`: where it has just answered something else. */
  constructor(terminal: Terminal, { url }: Pick<FerryClient, 'url'>, heardAt?: Date) {
    [this.#terminal, this.#url, this.#heardAt] = [terminal, url, heardAt];
  }

  heard(): void {
    if (this.#isSilent) this.#terminal.tell(`${this.#url} answers again (${timeOf(new Date())}).`);
    [this.#heardAt, this.#awaySince, this.#isSilent] = [new Date(), undefined, false];
  }

  /** Throws what ends the watching. */
  failed(error: unknown, signal: AbortSignal | undefined): void {
    const isFinal = error instanceof Refused && error.problem.status < 500;
    if (isFinal || signal?.aborted === true || this.#heardAt === undefined) throw error;
    if (error instanceof Silent) return this.#silentSince(this.#heardAt);
    this.#awaySince ??= performance.now();
    if (performance.now() - this.#awaySince > AWAY_MS) throw error;
  }

  #silentSince(heardAt: Date): void {
    if (!this.#isSilent)
      this.#terminal.tell(
        `Nothing is heard of ${this.#url} since ${timeOf(heardAt)}: it is asked again until it answers.`,
      );
    [this.#awaySince, this.#isSilent] = [undefined, true];
  }
}

const timeOf = (at: Date): string => at.toTimeString().slice(0, 8);

/** What streams tell, each opened when the one before is over, or was broken off. Ends by throwing alone. */
export async function* streamed<T>(
  open: (heard: Heard) => AsyncIterable<T>,
  patience: Patience,
  signal: AbortSignal,
): AsyncGenerator<T, never> {
  for (;;) {
    try {
      yield* open(() => patience.heard());
    } catch (error) {
      patience.failed(error, signal);
    }
    await pause(PAUSE_MS, undefined, { signal });
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { Refused } from './client.ts';
import type { Terminal } from './terminal.ts';

const [PATIENCE_MS, STILL_MS] = [30_000, 60_000];

/** Looks again until it is over; an API that is away for a while is asked again. */
export async function looking<T>(
  look: () => Promise<T>,
  isOver: (seen: T) => boolean,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal | undefined },
): Promise<T> {
  for (let heardAt = performance.now(); ; ) {
    try {
      const seen = await look();
      heardAt = performance.now();
      if (isOver(seen)) return seen;
    } catch (error) {
      const final = error instanceof Refused && error.problem.status < 500;
      if (final || signal?.aborted || performance.now() - heardAt > PATIENCE_MS) throw error;
    }
    await pause(everyMs, undefined, signal && { signal });
  }
}

/** How it stands: the line that changes, and a line a minute where nobody would see it change. */
export class StillLine {
  readonly #terminal: Terminal;
  readonly #stillMs: number;
  #toldAt = performance.now();

  constructor(terminal: Terminal, stillMs = STILL_MS) {
    [this.#terminal, this.#stillMs] = [terminal, stillMs];
  }

  show(line: string): void {
    this.#terminal.living(line);
    if (this.#terminal.alive || performance.now() - this.#toldAt < this.#stillMs) return;
    this.#terminal.tell(`  … ${line}`);
    this.#toldAt = performance.now();
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Patience } from './patience.ts';
import type { Terminal } from './terminal.ts';

const STILL_MS = 60_000;

/** Looks again until it is over; an API that is away or silent is asked again, as long as `patience` has it. */
export async function looking<T>(
  look: () => Promise<T>,
  isOver: (seen: T) => boolean,
  { everyMs, patience, signal }: { everyMs: number; patience: Patience; signal: AbortSignal | undefined },
): Promise<T> {
  for (;;) {
    try {
      const seen = await look();
      patience.heard();
      if (isOver(seen)) return seen;
    } catch (error) {
      patience.failed(error, signal);
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

import type { Logger } from 'pino';

/** Temporal that is away is asked again. */
const AGAIN_MS = 5_000;

/**
 * Wakes the tending of partners, each once in a while: of those that come sooner the last one comes late rather than never. It is
 * insisted on: where nothing tends a partner any more no next round looks at what was just said of it.
 */
export class Pokes {
  readonly #poke: (partner: string) => Promise<void>;
  readonly #everyMs: number;
  readonly #log: Logger;
  readonly #latest = new Map<string, { at: number; late?: NodeJS.Timeout | undefined }>();

  constructor(poke: (partner: string) => Promise<void>, everyMs: number, log: Logger) {
    this.#poke = poke;
    this.#everyMs = everyMs;
    this.#log = log;
  }

  poke(partner: string): void {
    const latest = this.#latest.get(partner);
    const wait = latest === undefined ? 0 : latest.at + this.#everyMs - performance.now();
    if (wait <= 0) this.#now(partner);
    else this.#late(partner, wait);
  }

  #late(partner: string, waitMs: number): void {
    const latest = this.#latest.get(partner);
    if (latest !== undefined) latest.late ??= setTimeout(() => this.#now(partner), waitMs).unref();
  }

  #now(partner: string): void {
    clearTimeout(this.#latest.get(partner)?.late);
    this.#latest.set(partner, { at: performance.now() });
    this.#poke(partner).catch((error: unknown) => {
      this.#log.warn({ err: error, partner }, 'not poked: it is tried again');
      this.#late(partner, Math.max(this.#everyMs, AGAIN_MS));
    });
  }
}

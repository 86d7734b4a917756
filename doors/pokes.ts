import type { Logger } from 'pino';

/**
 * Wakes the tending of partners, each once in a while: of those that come sooner the last one comes late rather than
 * never. That one fails is no harm: the next round looks anyway.
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
    if (latest?.late !== undefined) return;
    const wait = latest === undefined ? 0 : latest.at + this.#everyMs - performance.now();
    if (latest === undefined || wait <= 0) this.#now(partner);
    else latest.late = setTimeout(() => this.#now(partner), wait).unref();
  }

  #now(partner: string): void {
    this.#latest.set(partner, { at: performance.now() });
    this.#poke(partner).catch((error: unknown) => this.#log.warn({ err: error, partner }, 'not poked'));
  }
}

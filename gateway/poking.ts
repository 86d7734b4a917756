import type { Logger } from 'pino';
import { Pokes } from '../doors/pokes.ts';
import type { Telling } from './telling-temporal.ts';

/** A partner is poked so often while it is tended once. */
const POKES_PER_ROUND = 6;

export interface Ours {
  readonly taskQueue: string;
  readonly world?: string | undefined;
}

/**
 * Tells whoever tends a partner that its gateway has refused us. Temporal is needed for that alone, hence connected to when
 * there is something to tell: what passes needs none, and nothing waits for it.
 */
export class Poking {
  readonly #pokes: Pokes;
  #telling: Promise<Telling> | undefined;

  constructor(ours: Ours, aliveSeconds: number, log: Logger) {
    const everyMs = (aliveSeconds * 1_000) / POKES_PER_ROUND;
    this.#pokes = new Pokes(async (partner) => await this.#tell(partner, ours), everyMs, log);
  }

  poke(partner: string): void {
    this.#pokes.poke(partner);
  }

  async end(): Promise<void> {
    await (await this.#telling)?.close();
  }

  async #tell(partner: string, ours: Ours): Promise<void> {
    this.#telling ??= import('./telling-temporal.ts').then(({ tellingTemporal }) => tellingTemporal());
    await (await this.#telling).poke(partner, ours);
  }
}

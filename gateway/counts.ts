import type { Logger } from 'pino';
import { count } from '../catalogue/bindings.ts';
import type { Catalogue } from '../catalogue/database.ts';

const EVERY_MS = 5_000;

/** What has passed, by binding: written now and then, so that much is lost with a gateway that is killed. */
export class Counts {
  readonly #catalogue: Catalogue;
  readonly #log: Logger;
  readonly #counted = new Map<string, { requests: number; bytes: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(catalogue: Catalogue, log: Logger, everyMs = EVERY_MS) {
    this.#catalogue = catalogue;
    this.#log = log;
    this.#timer = setInterval(() => void this.write(), everyMs);
  }

  add(binding: string, { requests, bytes }: { readonly requests: number; readonly bytes: number }): void {
    const before = this.#counted.get(binding) ?? { requests: 0, bytes: 0 };
    this.#counted.set(binding, { requests: before.requests + requests, bytes: before.bytes + bytes });
  }

  /** What could not be written is, with what comes, the next time. */
  async write(): Promise<void> {
    const counted = [...this.#counted].map(([binding, counts]) => ({ binding, ...counts }));
    this.#counted.clear();
    try {
      await count(this.#catalogue, counted);
    } catch (error) {
      for (const { binding, ...counts } of counted) this.add(binding, counts);
      this.#log.debug({ err: error }, 'not counted yet');
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { type Ours, pokeTelling } from '../temporal/telling.ts';

/** A burst of changes is told of together; Temporal that is away is asked again. */
const APART_MS = 500;
const AGAIN_MS = 5_000;

/**
 * Has a worker tell subscribers what has changed: at once, and then at most every half second, the last time late rather
 * than never. What is to be told stands in the catalogue, so a program that ends before has lost nothing: the next says so
 * at its start.
 */
export class Telling {
  readonly #temporal: Client;
  readonly #ours: Ours;
  readonly #log: Logger;
  readonly #stopping: AbortSignal;
  #wanted = false;
  #underWay = false;

  constructor(temporal: Client, ours: Ours, log: Logger, stopping: AbortSignal) {
    [this.#temporal, this.#ours, this.#log, this.#stopping] = [temporal, ours, log, stopping];
  }

  /** Never waits. */
  changed(): void {
    this.#wanted = true;
    if (!this.#underWay) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#underWay = true;
    while (this.#wanted && !this.#stopping.aborted) {
      this.#wanted = false;
      const done = await this.#poked();
      if (!done) this.#wanted = true;
      await sleep(done ? APART_MS : AGAIN_MS, undefined, { signal: this.#stopping, ref: false }).catch(() => undefined);
    }
    this.#underWay = false;
  }

  async #poked(): Promise<boolean> {
    try {
      await pokeTelling(this.#temporal, this.#ours);
      return true;
    } catch (error) {
      if (!this.#stopping.aborted) this.#log.warn(error, 'subscribers are not told yet of what has changed');
      return false;
    }
  }
}

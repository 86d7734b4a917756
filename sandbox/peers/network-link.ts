import { setTimeout as pause } from 'node:timers/promises';

/** An ACTIVE DNS rule, as a resolver of the access network applies it. */
export interface NameRule {
  readonly name: string;
  readonly address: string;
  readonly ttl: number | null;
}

/** An ACTIVE traffic rule, as the user plane applies it. No source means every device. */
export interface PathRule {
  readonly id: string;
  readonly priority: number;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly leadsTo: string | null;
  readonly action: string;
}

export interface NetworkRules {
  readonly dns: readonly NameRule[];
  readonly traffic: readonly PathRule[];
}

const TRIES = 3;

/** Tells one access network all ACTIVE rules of its MEC system: one telling after the other, each with the rules of then. */
export class NetworkLink {
  readonly #url: string;
  readonly #rules: () => NetworkRules;
  #last: Promise<void> = Promise.resolve();

  constructor(url: string, rules: () => NetworkRules) {
    this.#url = url;
    this.#rules = rules;
  }

  /** Never rejects: a network that is not there only misses it. */
  async tell(): Promise<void> {
    this.#last = this.#last.then(async () => await this.#put());
    await this.#last;
  }

  async #put(): Promise<void> {
    for (let trial = 1; trial <= TRIES; trial += 1) {
      try {
        const answer = await fetch(this.#url, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(this.#rules()),
          signal: AbortSignal.timeout(2_000),
        });
        await answer.arrayBuffer();
        if (answer.ok) return;
      } catch {
        // not there (yet): the next try, or the next change, tells it
      }
      if (trial < TRIES) await pause(50 * trial);
    }
    process.stderr.write(`the network was not told: ${this.#url}\n`);
  }
}

import type { Client } from '@temporalio/client';
import type { Seen } from '../seen.ts';
import { HeardKeys } from './heard-keys.ts';
import { listed, queryForKeys } from './index-of-runs.ts';
import { patiently } from './patience.ts';

/** Runs that one query may have to tell of: a key has one, and one more for each reset. */
const PAGE = 1_000;
const KEYS = 50;

interface Asking {
  readonly found: Promise<readonly Seen[]>;
  readonly tell: (runs: readonly Seen[]) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Finds runs by the digests of their Idempotency-Keys. Temporal's index takes few queries a second: one is under way at a
 * time, and whatever is asked for meanwhile goes into the next one together. Where keys have to wait for each other,
 * what the index has is read, and none that is new to it has to wait for the next two seconds.
 */
export class Keys {
  readonly #temporal: Client;
  readonly #heard: HeardKeys;
  readonly #asking = new Map<string, Asking>();
  #underWay = false;

  constructor(temporal: Client) {
    this.#temporal = temporal;
    this.#heard = new HeardKeys(temporal);
  }

  async find(key: string): Promise<readonly Seen[]> {
    if (this.#heard.isNew(key)) return [];
    if (this.#underWay) void this.#heard.read();
    const asking = this.#asking.get(key) ?? pending();
    this.#asking.set(key, asking);
    if (!this.#underWay) void this.#ask();
    return await asking.found;
  }

  async #ask(): Promise<void> {
    this.#underWay = true;
    while (this.#asking.size > 0) {
      const together = [...this.#asking].slice(0, KEYS);
      for (const [key] of together) this.#asking.delete(key);
      try {
        const query = queryForKeys(together.map(([key]) => key));
        const { seen } = await patiently(this.#temporal, async () => await listed(this.#temporal, query, PAGE));
        for (const [key, { tell }] of together) tell(seen.filter(({ memo }) => memo.key === key));
      } catch (error) {
        for (const [, { fail }] of together) fail(error);
      }
    }
    this.#underWay = false;
  }
}

const nobody = (): void => undefined;

function pending(): Asking {
  let tell: Asking['tell'] = nobody;
  let fail: Asking['fail'] = nobody;
  const found = new Promise<readonly Seen[]>((resolve, reject) => {
    [tell, fail] = [resolve, reject];
  });
  return { found, tell, fail };
}

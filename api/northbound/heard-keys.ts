import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '../../temporal/internals.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { RELOCATIONS } from './index-of-runs.ts';
import { CALL_MS } from './reader.ts';

/** What was read counts for so long. */
const FRESH_MS = 2_000;
/** The index tells of a run at most so much later than of those that were begun after it. */
const BEHIND_MS = 10_000;
/** Between two pages: the index takes few questions a second, and others have some too. */
const PAUSE_MS = 200;
const { name: KEY } = searchAttributes.key;

/**
 * Which keys the index has told of, so that where many come at once a new one need not be asked for. Of each there are
 * five bits in a filter (Bloom's): one that it does not have is new, of one that it has the index is asked. It is 4 MB
 * for millions of them, and where it fills it is only asked more often.
 */
export class HeardKeys {
  readonly #temporal: Client;
  readonly #page: number;
  readonly #bits = new Uint8Array(2 ** 22);
  /** When the latest run that was told of was begun, by Temporal's clock. */
  #latest: Date | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading = false;

  constructor(temporal: Client, page = 1_000) {
    this.#temporal = temporal;
    this.#page = page;
  }

  /** Is it certain that the index knew nothing of it two seconds ago? While that is asked it is read on. */
  isNew(digest: string): boolean {
    const ageMs = performance.now() - this.#readAt;
    if (ageMs > FRESH_MS) return false;
    if (ageMs > FRESH_MS / 2) void this.read();
    return placesOf(digest).some((place) => ((this.#bits[place >> 3] ?? 0) & (1 << (place & 7))) === 0);
  }

  /** Reads on, where it is not being done: at first all that the index has, then what was begun since. */
  async read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const begun = performance.now();
    try {
      const since = this.#latest && new Date(this.#latest.getTime() - BEHIND_MS);
      const newer = since === undefined ? '' : ` AND StartTime >= '${since.toISOString()}'`;
      let token = await this.#read(`${RELOCATIONS} AND ${KEY} IS NOT NULL${newer}`, new Uint8Array());
      while (token.length > 0) {
        await sleep(PAUSE_MS, undefined, { ref: false });
        token = await this.#read(`${RELOCATIONS} AND ${KEY} IS NOT NULL${newer}`, token);
      }
      this.#readAt = begun;
    } catch {
      // What was read before counts on for its time; then each key is asked for, and whoever asks hears why not
    } finally {
      this.#reading = false;
    }
  }

  async #read(query: string, nextPageToken: Uint8Array): Promise<Uint8Array> {
    const { namespace } = this.#temporal.options;
    const page = await this.#temporal.withDeadline(
      Date.now() + CALL_MS,
      async () =>
        await this.#temporal.workflowService.listWorkflowExecutions({
          namespace,
          query,
          pageSize: this.#page,
          nextPageToken,
        }),
    );
    for (const { searchAttributes: told, startTime } of page.executions) {
      const key = told?.indexedFields?.[KEY]?.data;
      if (key != null) this.#add(JSON.parse(Buffer.from(key).toString()) as string);
      const begun = optionalTsToDate(startTime);
      if (begun !== undefined && (this.#latest === undefined || begun > this.#latest)) this.#latest = begun;
    }
    return page.nextPageToken ?? new Uint8Array();
  }

  #add(digest: string): void {
    const bits = this.#bits;
    for (const place of placesOf(digest)) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7));
  }
}

/** A digest is 25 times five bits: five places among 2^25. */
const placesOf = (digest: string): number[] =>
  [0, 5, 10, 15, 20].map((from) =>
    Array.from(digest.slice(from, from + 5)).reduce((place, letter) => place * 32 + quintet(letter), 0),
  );

/** Of a-z2-7. */
const quintet = (letter: string): number => {
  const code = letter.charCodeAt(0);
  return (code >= 97 ? code - 97 : code - 24) & 31;
};

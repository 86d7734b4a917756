import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { unavailable } from '../problem.ts';
import { type Seen, seenIn } from '../seen.ts';
import { indexed, queryForKeys } from './index-of-runs.ts';
import { patiently } from './patience.ts';

/** Runs that one question may have to tell of: a key of a subject has one, and one more for each reset. */
const PAGE = 1_000;
const TOGETHER = 50;
/** A self-hosted index answers ten questions a second, and others have some too. */
const APART_MS = 200;
/** The index is behind by less than this, or something is wrong with it. */
const BEHIND_MS = 20_000;

export interface Key {
  /** The workflow id: of whom it was asked. */
  readonly subject: string;
  readonly key: string;
  /** The subject's latest run, known from Temporal itself. */
  readonly latest: string;
}

interface Found {
  readonly runs: readonly Seen[];
  /** Does the index know of the latest one? */
  readonly upToDate: boolean;
}

interface Asking extends Key {
  readonly tell: (found: Found) => void;
  readonly fail: (error: Error) => void;
}

/**
 * Finds runs of a subject by the digests of their Idempotency-Keys, where its latest run has another one. The index that
 * knows them is behind: it is believed once it tells of the latest run too, since what was begun before that has come to
 * it before. It takes few questions a second: one is under way at a time, five in a second at most, and whatever is asked
 * meanwhile goes into the next one together.
 */
export class Keys {
  readonly #temporal: Client;
  #asking: Asking[] = [];
  #underWay = false;

  constructor(temporal: Client) {
    this.#temporal = temporal;
  }

  /** Throws a refusal where the index stays behind: nothing is begun twice on its word. */
  async find(key: Key): Promise<readonly Seen[]> {
    for (const until = Date.now() + BEHIND_MS; Date.now() < until; ) {
      const { runs, upToDate } = await this.#askFor(key);
      if (runs.length > 0 || upToDate) return runs;
    }
    throw behind();
  }

  async #askFor(key: Key): Promise<Found> {
    return await new Promise<Found>((tell, fail) => {
      this.#asking.push({ ...key, tell, fail });
      if (!this.#underWay) void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    this.#underWay = true;
    while (this.#asking.length > 0) {
      const apart = sleep(APART_MS, undefined, { ref: false });
      const together = this.#asking.splice(0, TOGETHER);
      try {
        const known = await patiently(
          this.#temporal,
          async () => await indexed(this.#temporal, queryForKeys(together), PAGE),
        );
        for (const { subject, key, latest, tell } of together) {
          const runs = known.infos.flatMap((info) => (info.workflowId === subject ? (seenIn(info) ?? []) : []));
          const upToDate = known.infos.some(({ runId }) => runId === latest);
          tell({ runs: runs.filter(({ memo }) => memo.key === key), upToDate });
        }
      } catch (error) {
        for (const { fail } of together) fail(error as Error);
      }
      await apart;
    }
    this.#underWay = false;
  }
}

const behind = (): Error =>
  unavailable(
    `Temporal's index does not know yet of the last relocation of these users, and may not know either what was begun with this Idempotency-Key`,
    'Ask again with the same Idempotency-Key: nothing is started twice. If it stays so, look at the visibility store of Temporal.',
  );

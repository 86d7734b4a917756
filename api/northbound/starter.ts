import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { digest } from '../../configuration/digest.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { relocationId, relocationWorkflowId } from '../../domain/identity.ts';
import type { Direction, RelocationRequest } from '../../domain/relocation.ts';
import { relocationOf } from '../../temporal/relocating.ts';
import { begunAt } from '../../temporal/run-id.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import type { Seen } from '../seen.ts';
import type { Admission } from './admission.ts';
import { alreadyRelocating, around, isSameKey, keyReused } from './clashes.ts';
import { Keys } from './keys.ts';
import { patiently } from './patience.ts';
import type { Reader } from './reader.ts';

/** One that runs for this key; `replayed`: this request has not started it; `seen`: it has, just now. */
interface Known {
  readonly id: string;
  readonly replayed: boolean;
  readonly seen?: Seen;
}

/** The index is behind by less than this. */
const INDEXED_MS = 60_000;
/** Our clock and Temporal's differ by less than this; where they do not, a run is looked at once more. */
const SKEW_MS = 1_000;

/**
 * Starts relocations, once for each Idempotency-Key. Three things together see to that: the run's request id, made of
 * the key and the body, by which Temporal itself joins what is asked twice; Temporal's index, which finds a key for as
 * long as the run is kept; and what was started here lately, until the index knows it. What remains: another API
 * process, the same key with a body of another subject, and both within the lag of the index (and two seconds, in a
 * storm of keys).
 *
 * Which other relocation moves the same users is known by its workflow id, not from the index, which takes few queries a
 * second. What that does not find, the source's promise decides in step 1.
 *
 * What is looked for before a start is looked for at once, and what was just started is not looked at: without a key
 * that is one call for each relocation that might cross, and the start.
 */
export class Starter {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #taskQueue: string;
  readonly #configuration: Pick<Configuration, 'world' | 'pace'>;
  readonly #admission: Admission;
  readonly #keys: Keys;
  readonly #lately = new Map<string, { readonly body: string; readonly id: Promise<Known> }>();
  readonly #looks = new Map<string, Promise<Seen | undefined>>();

  constructor(
    temporal: Client,
    reader: Reader,
    admission: Admission,
    { taskQueue, configuration }: { taskQueue: string; configuration: Pick<Configuration, 'world' | 'pace'> },
  ) {
    this.#temporal = temporal;
    this.#reader = reader;
    this.#admission = admission;
    this.#taskQueue = taskQueue;
    this.#configuration = configuration;
    this.#keys = new Keys(temporal);
  }

  /** The relocation as it is then. Throws a Refusal (AlreadyRelocating, KeyReused, Overloaded). */
  async start(
    request: RelocationRequest,
    direction: Direction,
    key: string | undefined,
  ): Promise<{ readonly seen: Seen; readonly replayed: boolean }> {
    const { id, replayed, seen } = await this.#started(request, direction, key);
    return { seen: seen ?? (await this.#shown(id)), replayed };
  }

  async #started(request: RelocationRequest, direction: Direction, key: string | undefined): Promise<Known> {
    const body = digest(JSON.stringify(request));
    const memo: RelocationMemo = { request, direction, key: key === undefined ? '' : digest(key), body };
    const begin = async (): Promise<Known> => await this.#admission.take(async () => await this.#startOnce(memo));
    if (key === undefined) return await begin();
    const lately = this.#lately.get(memo.key);
    if (lately?.body === body) return { id: (await lately.id).id, replayed: true };
    if (lately !== undefined) throw keyReused((await lately.id.catch(() => undefined))?.id);
    const id = begin();
    this.#lately.set(memo.key, { body, id });
    id.then(
      () => setTimeout(() => this.#lately.delete(memo.key), INDEXED_MS).unref(),
      () => this.#lately.delete(memo.key),
    );
    return await id;
  }

  async #startOnce(memo: RelocationMemo): Promise<Known> {
    const crossing = this.#crossing(memo.request);
    crossing.catch(() => undefined); // whoever asks for it hears of it; an earlier run needs no more
    const earlier = memo.key === '' ? undefined : await this.#earlier(memo);
    if (earlier !== undefined) return earlier;
    const other = await crossing;
    if (other !== undefined && isSameKey(other.memo, memo)) throw keyReused(other.id);
    if (other !== undefined) throw alreadyRelocating(other.memo.request, other.id);
    return await this.#begin(memo);
  }

  /** What was started with this key before, as far as the index knows. */
  async #earlier({ key, body }: RelocationMemo): Promise<Known | undefined> {
    const runs = await this.#keys.find(key);
    const again = runs.find(({ memo }) => memo.body === body);
    if (again === undefined && runs[0] !== undefined) throw keyReused(runs[0].id);
    return again === undefined ? undefined : { id: again.id, replayed: true };
  }

  /** One that runs and may move some of the same users. */
  async #crossing(request: RelocationRequest): Promise<Seen | undefined> {
    const others = await Promise.all(around(request).map(async (id) => await this.#latest(id)));
    return others.find((other) => other !== undefined && other.ended === undefined);
  }

  async #begin(memo: RelocationMemo): Promise<Known> {
    const workflowId = relocationWorkflowId(memo.request, digest);
    const asked = Date.now();
    try {
      const runId = await this.#run(workflowId, memo);
      const [id, begun] = [relocationId(workflowId, runId), begunAt(runId)];
      const joined = begun === undefined || begun.getTime() < asked - SKEW_MS; // by Temporal: it may have ended
      return { id, replayed: false, ...(!joined && { seen: begunNow({ id, workflowId, runId, memo }, begun) }) };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const other = await this.#latest(workflowId);
      if (other !== undefined && isSameKey(other.memo, memo)) {
        if (other.memo.body === memo.body) return { id: other.id, replayed: true };
        throw keyReused(other.id);
      }
      throw alreadyRelocating(other?.memo.request ?? memo.request, other?.id);
    }
  }

  /** One of before, as it is now. In turn like what is begun: a storm of repetitions is no less a storm. */
  async #shown(id: string): Promise<Seen> {
    const look = async (): Promise<Seen> =>
      await this.#admission.take(async () => await patiently(this.#temporal, async () => await this.#reader.look(id)));
    const seen = await this.#once(id, look);
    if (seen === undefined) throw new Error(`${id} was started and is not there`);
    return seen;
  }

  async #latest(workflowId: string): Promise<Seen | undefined> {
    const look = async (): Promise<Seen | undefined> => await this.#reader.lookAt(workflowId);
    return await this.#once(workflowId, async () => await patiently(this.#temporal, look));
  }

  /** A thousand who ask at once look once. */
  async #once(what: string, look: () => Promise<Seen | undefined>): Promise<Seen | undefined> {
    const looking = this.#looks.get(what) ?? look().finally(() => this.#looks.delete(what));
    this.#looks.set(what, looking);
    return await looking;
  }

  async #run(workflowId: string, memo: RelocationMemo): Promise<string> {
    const { key, body } = memo;
    const { pace, world } = this.#configuration;
    // Without a key too: this request may ask Temporal twice
    const requestId = key === '' ? randomUUID() : digest(`${key}\n${body}`);
    const start = relocationOf({ workflowId, memo, pace, requestId }, { taskQueue: this.#taskQueue, world });
    const handle = await patiently(
      this.#temporal,
      async () => await this.#temporal.workflow.start<typeof relocateApplication>('relocateApplication', start),
    );
    return handle.firstExecutionRunId;
  }
}

const begunNow = (run: Pick<Seen, 'id' | 'workflowId' | 'runId' | 'memo'>, begun: Date): Seen => ({
  ...run,
  startedAt: begun.toISOString(),
  endedAt: null,
  ended: undefined,
  outcome: undefined,
  historyLength: EVENTS_OF_A_START,
  pending: undefined,
});

/** That it was started, and that its first task is scheduled. */
const EVENTS_OF_A_START = 2;

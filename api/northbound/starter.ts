import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { digest } from '../../configuration/digest.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import { relocationId, relocationWorkflowId } from '../../domain/identity.ts';
import type { Direction, RelocationRequest } from '../../domain/relocation.ts';
import { relocationOf } from '../../temporal/relocating.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import type { Seen } from '../seen.ts';
import { Keys } from './keys.ts';
import { patiently } from './patience.ts';
import type { Reader } from './reader.ts';

/** One that runs for this key; `replayed`: this request has not started it. */
interface Known {
  readonly id: string;
  readonly replayed: boolean;
}

/** The index is behind by less than this. */
const INDEXED_MS = 60_000;

/**
 * Starts relocations, once for each Idempotency-Key. Three things together see to that: the run's request id, made of
 * the key and the body, by which Temporal itself joins what is asked twice; Temporal's index, which finds a key for as
 * long as the run is kept; and what was started here lately, until the index knows it. What remains: another API
 * process, the same key with a body of another subject, and both within the lag of the index.
 *
 * Which other relocation moves the same users is known by its workflow id, not from the index, which takes few queries a
 * second. What that does not find, the source's promise decides in step 1.
 */
export class Starter {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #taskQueue: string;
  readonly #configuration: Pick<Configuration, 'world' | 'pace'>;
  readonly #keys: Keys;
  readonly #lately = new Map<string, { readonly body: string; readonly id: Promise<Known> }>();
  readonly #looks = new Map<string, Promise<Seen | undefined>>();

  constructor(
    temporal: Client,
    reader: Reader,
    { taskQueue, configuration }: { taskQueue: string; configuration: Pick<Configuration, 'world' | 'pace'> },
  ) {
    this.#temporal = temporal;
    this.#reader = reader;
    this.#taskQueue = taskQueue;
    this.#configuration = configuration;
    this.#keys = new Keys(temporal);
  }

  /** The relocation as it is then. Throws a Refusal (AlreadyRelocating, KeyReused). */
  async start(
    request: RelocationRequest,
    direction: Direction,
    key: string | undefined,
  ): Promise<{ readonly seen: Seen; readonly replayed: boolean }> {
    const { id, replayed } = await this.#started(request, direction, key);
    const seen = await this.#once(id, async () => await this.#reader.look(id));
    if (seen === undefined) throw new Error(`${id} was started and is not there`);
    return { seen, replayed };
  }

  async #started(request: RelocationRequest, direction: Direction, key: string | undefined): Promise<Known> {
    const body = digest(JSON.stringify(request));
    const memo: RelocationMemo = { request, direction, key: key === undefined ? '' : digest(key), body };
    if (key === undefined) return await this.#startOnce(memo);
    const lately = this.#lately.get(memo.key);
    if (lately?.body === body) return { ...(await lately.id), replayed: true };
    if (lately !== undefined) throw keyReused((await lately.id.catch(() => undefined))?.id);
    const id = this.#earlier(memo).then(async (earlier) => earlier ?? (await this.#startOnce(memo)));
    this.#lately.set(memo.key, { body, id });
    id.then(
      () => setTimeout(() => this.#lately.delete(memo.key), INDEXED_MS).unref(),
      () => this.#lately.delete(memo.key),
    );
    return await id;
  }

  /** What was started with this key before, as far as the index knows. */
  async #earlier({ key, body }: RelocationMemo): Promise<Known | undefined> {
    const runs = await this.#keys.find(key);
    const again = runs.find(({ memo }) => memo.body === body);
    if (again === undefined && runs[0] !== undefined) throw keyReused(runs[0].id);
    return again === undefined ? undefined : { id: again.id, replayed: true };
  }

  async #startOnce(memo: RelocationMemo): Promise<Known> {
    const workflowId = relocationWorkflowId(memo.request, digest);
    const others = await Promise.all(around(memo.request).map(async (id) => await this.#latest(id)));
    const crossing = others.find((other) => other !== undefined && other.ended === undefined);
    if (crossing !== undefined && isSameKey(crossing.memo, memo)) throw keyReused(crossing.id);
    if (crossing !== undefined) throw alreadyRelocating(crossing.memo.request, crossing.id);
    try {
      return { id: relocationId(workflowId, await this.#run(workflowId, memo)), replayed: false };
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

  async #latest(workflowId: string): Promise<Seen | undefined> {
    return await this.#once(workflowId, async () => await this.#reader.lookAt(workflowId));
  }

  /** A thousand who ask at once look once. */
  async #once(what: string, look: () => Promise<Seen | undefined>): Promise<Seen | undefined> {
    const looking = this.#looks.get(what) ?? patiently(this.#temporal, look).finally(() => this.#looks.delete(what));
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

/**
 * The other relocations that may move some of the same users: of all users from the same source, or out of our target,
 * which would lead them back.
 */
function around(request: RelocationRequest): string[] {
  const { users, source, target } = request;
  const own = relocationWorkflowId(request, digest);
  const ids = [source, target].flatMap((from) =>
    ['*', users].map((whose) => relocationWorkflowId({ ...request, source: from, users: whose }, digest)),
  );
  return [...new Set(ids)].filter((id) => id !== own);
}

const isSameKey = (one: RelocationMemo, other: RelocationMemo): boolean => other.key !== '' && one.key === other.key;

const seeing = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : `/v1/relocations/${encodeURIComponent(id)}`;

const keyReused = (id: string | undefined): Refusal =>
  new Refusal('KeyReused', 'another request has been sent with this Idempotency-Key', seeing(id));

const alreadyRelocating = ({ application, source, target }: RelocationRequest, id: string | undefined): Refusal =>
  new Refusal('AlreadyRelocating', `users of ${application} are being moved: from ${source} to ${target}`, seeing(id));

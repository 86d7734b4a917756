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
import { alreadyRelocating, around, keyReused } from './clashes.ts';
import { Keys } from './keys.ts';
import { patiently } from './patience.ts';
import type { Reader } from './reader.ts';

/** One that runs for this key; `replayed`: this request has not started it; `seen`: it has, just now. */
interface Known {
  readonly id: string;
  readonly replayed: boolean;
  readonly seen?: Seen;
}

type Policy = 'ALLOW_DUPLICATE' | 'REJECT_DUPLICATE';

/** So long what was started here is known here, without asking anybody. */
const LATELY_MS = 60_000;
/** Our clock and Temporal's differ by less than this; where they do not, a run is looked at once more. */
const SKEW_MS = 1_000;

/**
 * Starts relocations, once for each Idempotency-Key of a subject: the application, its source, whose users. They make the
 * workflow id, so that Temporal itself says, consistently and with the start, whether there was a run of the subject
 * before: who is the first has had no key before him. Where there was one, its latest run is looked at, and only where
 * that has another key the index is asked, which is believed once it knows of that run. Who begins the next one then is
 * joined by Temporal to whoever does the same, by a request id made of the key and the body.
 *
 * Which other relocation moves the same users is known by its workflow id too. What that does not find, the source's
 * promise decides in step 1. What was just started is not looked at: a new start is a look at each relocation that might
 * cross it, all at once, and the start.
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
    const subject = relocationWorkflowId(request, digest);
    const body = digest(JSON.stringify(request));
    const memo: RelocationMemo = { request, direction, key: key === undefined ? '' : digest(key), body };
    const begin = async (): Promise<Known> =>
      await this.#admission.take(async () => await this.#startOnce(subject, memo));
    if (key === undefined) return await begin();
    const name = `${subject} ${memo.key}`;
    const lately = this.#lately.get(name);
    if (lately?.body === body) return { id: (await lately.id).id, replayed: true };
    if (lately !== undefined) throw keyReused((await lately.id.catch(() => undefined))?.id);
    const id = begin();
    this.#lately.set(name, { body, id });
    id.then(
      () => setTimeout(() => this.#lately.delete(name), LATELY_MS).unref(),
      () => this.#lately.delete(name),
    );
    return await id;
  }

  async #startOnce(subject: string, memo: RelocationMemo): Promise<Known> {
    const crossing = await this.#crossing(memo.request);
    const first =
      crossing === undefined
        ? await this.#begun(subject, memo, memo.key === '' ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE')
        : undefined;
    if (first !== undefined) return first;
    const latest = await this.#latest(subject); // after what was refused: one that was under way then may not know of it
    const earlier = latest === undefined ? undefined : await this.#earlier(subject, memo, latest);
    if (earlier !== undefined) return earlier;
    const other = crossing ?? latest;
    if (other !== undefined && other.ended === undefined) throw alreadyRelocating(other.memo.request, other.id);
    const next = await this.#begun(subject, memo, 'ALLOW_DUPLICATE');
    if (next === undefined) throw alreadyRelocating(memo.request, (await this.#latest(subject))?.id);
    return next;
  }

  /** What was started with this key before. Throws a Refusal (KeyReused). */
  async #earlier(subject: string, { key, body }: RelocationMemo, latest: Seen): Promise<Known | undefined> {
    if (key === '') return undefined;
    const runs = latest.memo.key === key ? [latest] : await this.#keys.find({ subject, key, latest: latest.runId });
    const again = runs.find(({ memo }) => memo.body === body);
    if (again === undefined && runs[0] !== undefined) throw keyReused(runs[0].id);
    return again === undefined
      ? undefined
      : { id: again.id, replayed: true, ...(again === latest && { seen: latest }) };
  }

  /** One that runs and may move some of the same users. */
  async #crossing(request: RelocationRequest): Promise<Seen | undefined> {
    const others = await Promise.all(
      around(request).map(async (id) => await this.#once(id, async () => await this.#latest(id))),
    );
    return others.find((other) => other !== undefined && other.ended === undefined);
  }

  /** Undefined: there is one of this subject, that runs or, for the policy, that has ended. */
  async #begun(subject: string, memo: RelocationMemo, policy: Policy): Promise<Known | undefined> {
    const asked = Date.now();
    // Temporal joins what has the same one. Who has to be the first joins nobody, and still may have to ask twice
    const joins = memo.key !== '' && policy === 'ALLOW_DUPLICATE';
    const requestId = joins ? digest(`${memo.key}\n${memo.body}`) : randomUUID();
    try {
      const runId = await this.#run(subject, memo, { requestId, policy });
      const [id, begun] = [relocationId(subject, runId), begunAt(runId) ?? new Date()];
      if (joins && begun.getTime() < asked - SKEW_MS) return { id, replayed: true }; // it may have ended
      return { id, replayed: false, seen: begunNow({ id, workflowId: subject, runId, memo }, begun) };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      throw error;
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
    return await patiently(this.#temporal, look);
  }

  /** A thousand who ask at once look once. */
  async #once(what: string, look: () => Promise<Seen | undefined>): Promise<Seen | undefined> {
    const looking = this.#looks.get(what) ?? look().finally(() => this.#looks.delete(what));
    this.#looks.set(what, looking);
    return await looking;
  }

  async #run(
    workflowId: string,
    memo: RelocationMemo,
    { requestId, policy }: { readonly requestId: string; readonly policy: Policy },
  ): Promise<string> {
    const { pace, world } = this.#configuration;
    const plan = { workflowId, memo, pace, requestId };
    const ours = { taskQueue: this.#taskQueue, world };
    const start = { ...relocationOf(plan, ours), workflowIdReusePolicy: policy };
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

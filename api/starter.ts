import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import type { Configuration } from '../configuration/peers.ts';
import { digest } from '../configuration/digest.ts';
import { Refusal } from '../domain/failures.ts';
import { relocationId, relocationWorkflowId } from '../domain/identity.ts';
import type { Direction, RelocationRequest } from '../domain/relocation.ts';
import { type InternalWorkflowStartOptions, InternalWorkflowStartOptionsSymbol } from '../temporal/internals.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { RelocationMemo, RelocationOrder } from '../workflows/messages.ts';
import type { relocateApplication } from '../workflows/relocation/relocate-application.ts';
import { listed, queryAround } from './index-of-runs.ts';
import { CALL_MS, type Reader } from './reader.ts';
import type { Seen } from './seen.ts';

/** The index is behind by less than this. */
const INDEXED_MS = 60_000;
const AROUND = 100;

/**
 * Starts relocations, once for each Idempotency-Key. Three things together see to that: the run's request id, made of
 * the key and the body, by which Temporal itself joins what is asked twice; Temporal's index, which finds a key for as
 * long as the run is kept; and what was started here lately, until the index knows it. What remains: another API
 * process, the same key with a body of another subject, and both within the lag of the index.
 */
export class Starter {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #taskQueue: string;
  readonly #configuration: Pick<Configuration, 'world' | 'pace'>;
  readonly #lately = new Map<string, { readonly body: string; readonly id: Promise<string> }>();
  readonly #looks = new Map<string, Promise<Seen>>();

  constructor(
    temporal: Client,
    reader: Reader,
    { taskQueue, configuration }: { taskQueue: string; configuration: Pick<Configuration, 'world' | 'pace'> },
  ) {
    this.#temporal = temporal;
    this.#reader = reader;
    this.#taskQueue = taskQueue;
    this.#configuration = configuration;
  }

  /** The relocation as it is then. Throws a Refusal (AlreadyRelocating, KeyReused). */
  async start(request: RelocationRequest, direction: Direction, key: string | undefined): Promise<Seen> {
    const id = await this.#started(request, direction, key);
    // A thousand who asked at once look once.
    const look = this.#looks.get(id) ?? this.#reader.look(id).finally(() => this.#looks.delete(id));
    this.#looks.set(id, look);
    return await look;
  }

  async #started(request: RelocationRequest, direction: Direction, key: string | undefined): Promise<string> {
    const body = digest(JSON.stringify(request));
    const memo: RelocationMemo = { request, direction, key: key === undefined ? '' : digest(key), body };
    if (key === undefined) return await this.#startOnce(memo);
    const lately = this.#lately.get(memo.key);
    if (lately?.body === body) return await lately.id;
    if (lately !== undefined) throw keyReused(await lately.id.catch(() => undefined));
    const id = this.#startOnce(memo);
    this.#lately.set(memo.key, { body, id });
    id.then(
      () => setTimeout(() => this.#lately.delete(memo.key), INDEXED_MS).unref(),
      () => this.#lately.delete(memo.key),
    );
    return await id;
  }

  async #startOnce(memo: RelocationMemo): Promise<string> {
    const { request } = memo;
    const query = queryAround(request, memo.key === '' ? undefined : memo.key);
    const { seen } = await listed(this.#temporal, query, AROUND);
    const same = seen.filter((one) => isSameKey(one.memo, memo));
    const again = same.find((one) => one.memo.body === memo.body);
    if (again !== undefined) return again.id;
    if (same[0] !== undefined) throw keyReused(same[0].id);
    for (const other of seen) if (crosses(other, memo)) await this.#refuseIfRunning(other);

    const workflowId = relocationWorkflowId(request, digest);
    try {
      return relocationId(workflowId, await this.#run(workflowId, memo));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const other = await this.#reader.lookAt(workflowId);
      if (other !== undefined && isSameKey(other.memo, memo)) {
        if (other.memo.body === memo.body) return other.id;
        throw keyReused(other.id);
      }
      throw alreadyRelocating(other?.memo.request ?? request, other?.id);
    }
  }

  /** The index may be behind: what it says runs is looked at. */
  async #refuseIfRunning({ workflowId, runId }: Seen): Promise<void> {
    const now = await this.#reader.lookAt(workflowId, runId);
    if (now !== undefined && now.ended === undefined) throw alreadyRelocating(now.memo.request, now.id);
  }

  async #run(workflowId: string, memo: RelocationMemo): Promise<string> {
    const { request, direction, key, body } = memo;
    const order: RelocationOrder = { request, direction, pace: this.#configuration.pace };
    const sameRun: Pick<InternalWorkflowStartOptions, typeof InternalWorkflowStartOptionsSymbol> =
      key === '' ? {} : { [InternalWorkflowStartOptionsSymbol]: { requestId: digest(`${key}\n${body}`) } };
    const handle = await this.#temporal.withDeadline(
      Date.now() + CALL_MS,
      async () =>
        await this.#temporal.workflow.start<typeof relocateApplication>('relocateApplication', {
          workflowId,
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          taskQueue: this.#taskQueue,
          args: [order],
          memo: { ...memo },
          typedSearchAttributes: this.#attributes(memo),
          staticSummary: summary(request),
          staticDetails: details(memo),
          ...sameRun,
        }),
    );
    return handle.firstExecutionRunId;
  }

  #attributes({ request, direction, key }: RelocationMemo): SearchAttributePair[] {
    const { world } = this.#configuration;
    return [
      { key: searchAttributes.application, value: request.application },
      { key: searchAttributes.direction, value: direction },
      { key: searchAttributes.source, value: request.source },
      { key: searchAttributes.target, value: request.target },
      ...(key === '' ? [] : [{ key: searchAttributes.key, value: key }]),
      ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
    ];
  }
}

const isSameKey = (one: RelocationMemo, other: RelocationMemo): boolean => other.key !== '' && one.key === other.key;

/** Does a running one move some of the same users? `*` are all of them. That it touches our sites, the index has said. */
const crosses = ({ ended, memo }: Seen, { request }: RelocationMemo): boolean =>
  ended === undefined &&
  memo.request.application === request.application &&
  (memo.request.users === '*' || request.users === '*' || memo.request.users === request.users);

const seeing = (id: string | undefined): string | undefined => (id === undefined ? undefined : `/v1/relocations/${id}`);

const keyReused = (id: string | undefined): Refusal =>
  new Refusal('KeyReused', 'another request has been sent with this Idempotency-Key', seeing(id));

const alreadyRelocating = ({ application, source, target }: RelocationRequest, id: string | undefined): Refusal =>
  new Refusal('AlreadyRelocating', `users of ${application} are being moved: from ${source} to ${target}`, seeing(id));

const whose = (users: string): string => (users === '*' ? 'all users' : 'one user');

const summary = ({ application, users, source, target }: RelocationRequest): string =>
  `${application}: ${source} → ${target}, ${whose(users)}`;

function details({ request, direction }: RelocationMemo): string {
  const { application, users, source, target, cutOver, maxInterruptionMs, deadline } = request;
  const when =
    cutOver === 'immediately'
      ? 'as soon as it can'
      : 'at' in cutOver
        ? `at ${cutOver.at}`
        : 'when an operator approves';
  return [
    `Moves ${whose(users)} of **${application}** from **${source}** to **${target}** (${direction}; ETSI GR MEC 035, 5.3 and 5.4).`,
    '',
    `- Cut-over: ${when}`,
    ...(maxInterruptionMs === undefined ? [] : [`- Interruption: at most ${maxInterruptionMs} ms`]),
    ...(deadline === undefined ? [] : [`- Deadline of the hand-over: ${deadline}`]),
  ].join('\n');
}

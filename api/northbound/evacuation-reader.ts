import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/common';
import {
  EvacuationCounts,
  EvacuationFailure,
  EvacuationRequest,
  type EvacuationResult,
} from '../../domain/evacuation.ts';
import { failures, Refusal } from '../../domain/failures.ts';
import { atOnce } from '../../domain/at-once.ts';
import { evacuationWorkflowId, returnWorkflowId } from '../../temporal/evacuating.ts';
import type { EvacuationMemo } from '../../workflows/messages.ts';
import type { Evacuation } from '../evacuation.ts';
import { type Pending, pendingIn } from '../seen.ts';
import { attempted, personOf } from '../waiting-for.ts';
import { indexed } from './index-of-runs.ts';
import { CALL_MS } from './reader.ts';

type Info = WorkflowExecutionInfo | WorkflowExecutionDescription;

const ID = /^(.+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const AT_ONCE = 10;
/** What brings back to a site has a name of its own. */
const BACK = '~';
export const EVACUATIONS = "WorkflowType = 'evacuateHost'";

/** Reads evacuations from what Temporal knows: how far one is stands in the signs of life of whoever carries it out. */
export class EvacuationReader {
  readonly #temporal: Client;
  readonly #temporalUi: string | undefined;

  constructor(temporal: Client, temporalUi: string | undefined) {
    [this.#temporal, this.#temporalUi] = [temporal, temporalUi];
  }

  /** By its id, or by its site: the latest. Throws a Refusal (UnknownEvacuation). */
  async look(id: string): Promise<WorkflowExecutionDescription> {
    const [, name = id, runId] = ID.exec(id) ?? [];
    const workflowId = workflowIdOf(name);
    try {
      const seen = await this.#within(
        async () => await this.#temporal.workflow.getHandle(workflowId, runId).describe(),
      );
      if (isOurs(seen)) return seen;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new Refusal('UnknownEvacuation', `no evacuation of ${id} is known; one that has ended is kept for a while`);
  }

  async read(id: string): Promise<Evacuation> {
    return await this.#show(await this.look(id), true);
  }

  /** The index tells of those that run first. */
  async page(limit: number, token?: Uint8Array): Promise<{ evacuations: readonly Evacuation[]; token: Uint8Array }> {
    const page = await indexed(this.#temporal, EVACUATIONS, limit, token);
    const evacuations = await atOnce(AT_ONCE, page.infos.filter(isOurs), async (info) =>
      info.status.name === 'RUNNING'
        ? await this.#show(await this.look(evacuationIdOf(info)), false)
        : await this.#show(info, false),
    );
    return { evacuations, token: page.token };
  }

  async #show(info: Info, whole: boolean): Promise<Evacuation> {
    const memo = info.memo as unknown as EvacuationMemo;
    const { request, returns = null, wish } = memo;
    const id = evacuationIdOf(info);
    const { workflowId, runId, startTime, closeTime } = info;
    const self = `/v1/evacuations/${encodeURIComponent(id)}`;
    const link = `${this.#temporalUi}/namespaces/${this.#temporal.options.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
    return {
      id,
      request: { ...request, among: [...request.among] },
      returns,
      window: wish.window,
      startedAt: startTime.toISOString(),
      endedAt: closeTime?.toISOString() ?? null,
      ...(info.status.name === 'RUNNING' ? running(info, memo) : await this.#over(info, whole)),
      links: {
        self,
        relocations: `/v1/relocations?evacuation=${encodeURIComponent(firstOf(info))}`,
        temporal: this.#temporalUi === undefined ? null : link,
      },
    };
  }

  async #over({ status, workflowId, runId }: Info, whole: boolean): Promise<Standing> {
    const over = { waitingFor: null, actions: [], counts: null, failures: [], outcome: null };
    if (status.name !== 'COMPLETED') return { ...over, state: 'terminated' };
    try {
      const result = await this.#within(
        async () => (await this.#temporal.workflow.getHandle(workflowId, runId).result()) as EvacuationResult,
      );
      const { outcome, counts } = result;
      return { ...over, state: 'ended', outcome, counts, failures: whole ? result.failures.map(remedied) : [] };
    } catch (error) {
      // The index forgets a run a little later than Temporal itself
      if (error instanceof WorkflowNotFoundError) return { ...over, state: 'ended' };
      throw error;
    }
  }

  async #within<T>(work: () => Promise<T>): Promise<T> {
    return await this.#temporal.withDeadline(Date.now() + CALL_MS, work);
  }
}

const remedied = (one: EvacuationFailure): Evacuation['failures'][number] => ({
  ...one,
  remedy: failures[one.failure].remedy,
});

type Standing = Pick<Evacuation, 'state' | 'counts' | 'failures' | 'waitingFor' | 'actions' | 'outcome'>;

function running(info: Info, memo: EvacuationMemo): Standing {
  const { paused, cancelled } = memo.wish;
  const pending = 'pendingActivities' in info.raw ? pendingIn(info as WorkflowExecutionDescription) : undefined;
  const kept = 'pendingActivities' in info.raw ? keptIn(info as WorkflowExecutionDescription) : {};
  return {
    state: cancelled ? 'cancelling' : paused ? 'paused' : 'working',
    counts: EvacuationCounts.nullable()
      .catch(null)
      .parse(parsed(kept.counts) ?? null),
    failures: EvacuationFailure.array()
      .catch([])
      .parse(parsed(kept.failures) ?? [])
      .map(remedied),
    waitingFor: waitsFor(info, memo, pending),
    actions: cancelled ? [] : [paused ? 'resume' : 'pause', 'cancel'],
    outcome: null,
  };
}

function waitsFor(info: Info, { wish: { paused, cancelled }, pausedAt }: EvacuationMemo, pending: Pending | undefined) {
  const startedAt = info.startTime.toISOString();
  const sentence = pending?.sentence ?? 'a worker: none has taken it on';
  if (paused && !cancelled)
    return personOf(info, pausedAt ?? startedAt)(
      `an operator, to resume it; ${sentence}`,
      null,
      pending?.lastFailure ?? null,
    );
  return pending === undefined ? personOf(info, startedAt)(sentence, null, null) : attempted(info, pending, sentence);
}

/** What whoever carries it out has said of it last. */
function keptIn({ raw }: WorkflowExecutionDescription): { readonly counts?: unknown; readonly failures?: unknown } {
  const [told] = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
  const pulse: unknown = told == null ? undefined : defaultPayloadConverter.fromPayload(told);
  const kept = typeof pulse === 'object' && pulse !== null && 'kept' in pulse ? pulse.kept : undefined;
  return typeof kept === 'object' && kept !== null ? kept : {};
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** A site's own; after a `~` what comes back to one; after two whatever somebody called it who began it by hand. */
function workflowIdOf(name: string): string {
  if (!name.startsWith(BACK)) return evacuationWorkflowId(name);
  const rest = name.slice(BACK.length);
  return rest.startsWith(BACK) ? decoded(rest.slice(BACK.length)) : returnWorkflowId(rest);
}

function nameOf(workflowId: string): string {
  const site = siteOf({ workflowId });
  if (workflowId === evacuationWorkflowId(site)) return site;
  return workflowId === returnWorkflowId(site) ? `${BACK}${site}` : `${BACK}${BACK}${encodeURIComponent(workflowId)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const siteOf = ({ workflowId }: Pick<Info, 'workflowId'>): string => workflowId.slice(workflowId.indexOf(':') + 1);
export const evacuationIdOf = ({ workflowId, runId }: Info): string => `${nameOf(workflowId)}.${runId}`;

/** What it has begun is known by its first run: it stays the same when it is reset. */
export function firstOf(info: Info): string {
  const raw = 'workflowExecutionInfo' in info.raw ? info.raw.workflowExecutionInfo : info.raw;
  const first = raw != null && 'firstRunId' in raw ? raw.firstRunId : undefined;
  return `${siteOf(info)}.${first == null || first === '' ? info.runId : first}`;
}

/** Somebody may have started one by hand: then it has written down what it is about, which may be no request. */
export const isOurs = ({ type, memo }: Info): boolean =>
  type === 'evacuateHost' && EvacuationRequest.safeParse(memo?.['request']).success && memo?.['wish'] !== undefined;

import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { isWatch, watches } from '../../domain/watches.ts';
import { actionsOf } from '../../domain/actions.ts';
import { AnchorRequest, type AnchorResult, type AnchorStatus } from '../../domain/anchor-request.ts';
import { anchorSteps, type AnchorUndo, anchorUndos } from '../../domain/anchoring.ts';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import { parseAnchorId } from '../../domain/identity.ts';
import { anchorIdOf, ANCHORS } from '../../temporal/anchoring.ts';
import { executionInfoFromRaw } from '../../temporal/internals.ts';
import { type AnchorMemo, anchorStatus } from '../../workflows/messages.ts';
import type { Anchor, AnchorAction } from '../anchor.ts';
import type { WaitingFor } from '../resources.ts';
import { type Pending, pendingIn } from '../seen.ts';
import { attempted, parkedFor, personOf, silent } from '../waiting-for.ts';
import { CALL_MS } from './reader.ts';

type Info = WorkflowExecutionInfo | WorkflowExecutionDescription;

/** One for each chain. */
const ONES = `${ANCHORS} AND ExecutionStatus != 'ContinuedAsNew'`;
const STATUS_MS = 2_000;
const AT_ONCE = 10;

/** Reads anchors: where one leads stands in its memo, what it does the workflow says itself, where a worker answers for it. */
export class AnchorReader {
  readonly #temporal: Client;
  readonly #temporalUi: string | undefined;

  constructor(temporal: Client, temporalUi: string | undefined) {
    [this.#temporal, this.#temporalUi] = [temporal, temporalUi];
  }

  /** Throws a Refusal (UnknownAnchor). */
  async look(id: string): Promise<WorkflowExecutionDescription> {
    const run = parseAnchorId(id);
    try {
      if (run !== undefined) {
        const seen = await this.#described(run.workflowId, run.runId);
        const last = seen.status.name === 'CONTINUED_AS_NEW' ? await this.#lastOf(id, run.workflowId) : seen;
        if (last !== undefined && isOurs(last)) return last;
      }
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new Refusal('UnknownAnchor', 'no anchor has this id; one that has ended is kept for a while');
  }

  async #described(workflowId: string, runId?: string): Promise<WorkflowExecutionDescription> {
    return await this.#within(CALL_MS, async () => this.#temporal.workflow.getHandle(workflowId, runId).describe());
  }

  /** It went on in a new run: in the one that is there now, or where others took its name since, the last that ended. */
  async #lastOf(id: string, workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
    const latest = await this.#described(workflowId);
    if (anchorIdOf(latest) === id) return latest;
    const ended = this.#temporal.workflow.list({ query: `${ONES} AND WorkflowId = '${workflowId}'` });
    for await (const info of ended) if (anchorIdOf(info) === id) return await this.#described(workflowId, info.runId);
    return undefined;
  }

  /** An end is told when Temporal has it; a worker tells of it before. */
  async read(id: string): Promise<Anchor> {
    const info = await this.look(id);
    const shown = await this.#show(info);
    if (shown.state !== 'ended' || shown.endedAt !== null) return shown;
    const end = async () => await this.#temporal.workflow.getHandle(info.workflowId, info.runId).result();
    await this.#within(CALL_MS, end).catch(() => undefined);
    return await this.#show(await this.look(id));
  }

  /** A page of Temporal's index, which tells of those that run first. `token`: of the page before; the answer's: of the next. */
  async list(pageSize: number, token: Uint8Array): Promise<{ anchors: readonly Anchor[]; token: Uint8Array }> {
    const { namespace, loadedDataConverter } = this.#temporal.options;
    const page = await this.#within(CALL_MS, async () =>
      this.#temporal.workflowService.listWorkflowExecutions({
        namespace,
        query: ONES,
        pageSize,
        nextPageToken: token,
      }),
    );
    const infos: WorkflowExecutionInfo[] = await Promise.all(
      page.executions.map(async (raw) => await executionInfoFromRaw(raw, loadedDataConverter, raw, namespace)),
    );
    // The index is some time behind: of those that run, what Temporal knows now
    const anchors = await atOnce(AT_ONCE, infos.filter(isOurs), async (info) =>
      info.status.name === 'RUNNING' ? await this.read(anchorIdOf(info)) : await this.#show(info),
    );
    return { anchors, token: page.nextPageToken ?? new Uint8Array() };
  }

  async #show(info: Info): Promise<Anchor> {
    const { request, standing, first } = info.memo as unknown as AnchorMemo;
    const { workflowId, runId, startTime, closeTime } = info;
    const id = anchorIdOf(info);
    const link = `${this.#temporalUi}/namespaces/${this.#temporal.options.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
    return {
      id,
      request,
      way: standing?.way ?? null,
      relayed: standing?.relayed ?? false,
      source: standing?.source ?? request.source,
      holder: standing?.holder ?? null,
      observed: standing?.observed ?? false,
      exposed: standing?.exposed ?? 0,
      lacking: standing?.lacking ?? 0,
      takenBy: standing?.under?.relocation ?? null,
      trouble: standing?.trouble ?? null,
      silentSince: standing?.silentSince ?? null,
      startedAt: first?.startedAt ?? startTime.toISOString(),
      endedAt: closeTime?.toISOString() ?? null,
      ...(info.status.name === 'RUNNING' ? await this.#running(info) : await this.#over(info)),
      links: { self: `/v1/anchors/${encodeURIComponent(id)}`, temporal: this.#temporalUi === undefined ? null : link },
    };
  }

  async #running(info: Info): Promise<Standing> {
    const pending = 'pendingActivities' in info.raw ? pendingIn(info as WorkflowExecutionDescription) : undefined;
    const status = await this.#ask(info);
    const nothing = { actions: [], result: null };
    if (status === null)
      return {
        ...nothing,
        state: null,
        waitingFor: silent(
          info,
          pending,
          pending === undefined ? 'no step under way' : titleOf(pending),
          info.startTime.toISOString(),
        ),
      };
    if (status.state === 'ended') return { ...nothing, state: 'ended', waitingFor: null, result: status.result };
    // A worker tells of what it has done before the server has written that
    const known = (info.memo as unknown as Partial<AnchorMemo>).standing != null;
    const told = anchorTold(status);
    const state = !known && told.state === 'holds' ? 'making' : told.state;
    const gone = state === 'holds' ? lost(info) : null;
    return { ...nothing, ...told, state, waitingFor: waitsFor(info, status, pending) ?? gone };
  }

  async #over({ status, workflowId, runId }: Info): Promise<Standing> {
    const over = { waitingFor: null, actions: [] };
    if (status.name !== 'COMPLETED') return { ...over, state: 'terminated', result: null };
    const result = await this.#within(
      CALL_MS,
      async () => (await this.#temporal.workflow.getHandle(workflowId, runId).result()) as AnchorResult,
    );
    return { ...over, state: 'ended', result };
  }

  async #ask({ workflowId, runId }: Info): Promise<AnchorStatus | null> {
    try {
      return await this.#within(STATUS_MS, async () =>
        this.#temporal.workflow.getHandle(workflowId, runId).query(anchorStatus),
      );
    } catch {
      return null;
    }
  }

  async #within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    return await this.#temporal.withDeadline(Date.now() + ms, work);
  }
}

type Standing = Pick<Anchor, 'state' | 'waitingFor' | 'actions' | 'result'>;

const states = {
  working: 'making',
  paused: 'paused',
  held: 'holds',
  parked: 'parked',
  rollingBack: 'releasing',
  ended: 'ended',
} as const satisfies Record<AnchorStatus['state'], Anchor['state']>;
const stateOf = (status: AnchorStatus): Anchor['state'] =>
  status.state === 'working' && status.cancelling ? 'releasing' : states[status.state];

function waitsFor(info: Info, status: AnchorStatus, pending: Pending | undefined): WaitingFor | null {
  const person = personOf(info, status.since);
  if (status.state === 'parked') return parkedFor(status, person, (undo) => anchorUndos[undo as AnchorUndo].title);
  if (status.state === 'paused')
    return person(`an operator: paused before "${anchorSteps[status.step].title}"`, null, null);
  return pending === undefined || isWatch(pending.activity) ? null : attempted(info, pending, titleOf(pending));
}

/** Devices are led to nobody. */
function lost(info: Info): WaitingFor | null {
  const { standing } = info.memo as unknown as AnchorMemo;
  if (standing?.silentSince == null) return null;
  const { source, from, silentSince } = standing;
  const what = `an operator: ${source}: instance ${from} serves nobody since ${silentSince}, and devices are led to it all the same. A relocation from ${source} with sourceLost takes the anchor along; released, devices are led there no more`;
  return personOf(info, silentSince)(what, null, null);
}

const titleOf = ({ activity }: Pending): string => {
  const step = Object.values(anchorSteps).find((one) => one.activity === activity);
  if (step !== undefined) return step.title;
  if (isWatch(activity)) return watches[activity];
  return Object.hasOwn(anchorUndos, activity) ? `undo: ${anchorUndos[activity as AnchorUndo].title}` : activity;
};

/** The state of the run beneath, and what may be said to it, in words of anchors. */
export const anchorTold = (status: AnchorStatus): Pick<Anchor, 'state' | 'actions'> => ({
  state: stateOf(status),
  actions: actionsOf(status).flatMap((action): AnchorAction[] =>
    action === 'cancel' ? ['release'] : action === 'retry' || action === 'abandon' ? [action] : [],
  ),
});

/** Somebody may have started one by hand: then it has written down what it is about, which may be no request. */
const isOurs = ({ type, memo }: Info): boolean =>
  type === 'anchorApplication' && AnchorRequest.safeParse(memo?.['request']).success;

import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import type { FencingResult, FencingStatus } from '../../domain/fencing.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { fencingStatus } from '../../workflows/messages.ts';
import type { WaitingFor } from '../resources.ts';
import { pendingIn } from '../seen.ts';
import { attempted, personOf, silent } from '../waiting-for.ts';
import { indexed } from './index-of-runs.ts';
import { CALL_MS } from './reader.ts';
import type { Fencing } from './table/fences.ts';

const AT_ONCE = 10;
type Run = Omit<WorkflowExecutionInfo, 'raw'>;

export const FENCES = "WorkflowType = 'fenceSource'";
export const fenceIdOf = ({ workflowId }: Pick<Run, 'workflowId'>): string => workflowId.slice('fence:'.length);

/** Reads who waits for a source that was taken to be dead: runs of their own, found by the id of the relocation. */
export class FenceReader {
  readonly #temporal: Client;

  constructor(temporal: Client) {
    this.#temporal = temporal;
  }

  /** Throws a Refusal (UnknownFence). */
  async read(id: string): Promise<Fencing> {
    if (parseRelocationId(id) === undefined) throw unknown();
    try {
      const described = await this.#temporal.withDeadline(
        Date.now() + CALL_MS,
        async () => await this.#temporal.workflow.getHandle(`fence:${id}`).describe(),
      );
      return await this.#shown(described);
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? unknown() : error;
    }
  }

  async page(limit: number, token?: Uint8Array): Promise<{ fences: Fencing[]; token: Uint8Array }> {
    const page = await indexed(this.#temporal, FENCES, limit, token);
    return {
      fences: [...(await atOnce(AT_ONCE, page.infos, async (info) => await this.#now(info)))],
      token: page.token,
    };
  }

  /** What runs is described: the index knows of no attempts. */
  async #now(info: WorkflowExecutionInfo): Promise<Fencing> {
    return info.closeTime === undefined ? await this.read(fenceIdOf(info)) : await this.#shown(info);
  }

  async #shown(info: WorkflowExecutionInfo | WorkflowExecutionDescription): Promise<Fencing> {
    const { typedSearchAttributes, startTime, closeTime } = info;
    const id = fenceIdOf(info);
    const status = await this.#told(info);
    const state = status?.state ?? (closeTime === undefined ? null : 'ended');
    const at = (key: 'application' | 'source' | 'target'): string =>
      typedSearchAttributes.get(searchAttributes[key]) ?? '';
    return {
      id,
      application: at('application'),
      source: at('source'),
      target: at('target'),
      state,
      waitingFor: waitsFor(info, state, { source: at('source'), target: at('target') }),
      actions: state === 'waiting' ? ['scrap'] : [],
      startedAt: startTime.toISOString(),
      endedAt: closeTime?.toISOString() ?? null,
      result: status?.result ?? null,
      links: {
        self: `/v1/fences/${encodeURIComponent(id)}`,
        relocation: `/v1/relocations/${encodeURIComponent(id)}`,
      },
    };
  }

  /** The workflow's own word, or the result that it left; null: no worker answers, or it was ended from outside. */
  async #told({ workflowId, runId, status }: Run): Promise<FencingStatus | null> {
    const handle = this.#temporal.workflow.getHandle(workflowId, runId);
    try {
      return await this.#temporal.withDeadline(Date.now() + CALL_MS, async () => {
        if (status.name === 'RUNNING') return await handle.query(fencingStatus);
        const result = (await handle.result()) as FencingResult;
        return { state: 'ended', since: '', result };
      });
    } catch {
      return null;
    }
  }
}

const unknown = (): Refusal => new Refusal('UnknownFence', 'no source of that relocation is waited for');

function waitsFor(
  info: WorkflowExecutionInfo | WorkflowExecutionDescription,
  state: Fencing['state'],
  { source, target }: Pick<Fencing, 'source' | 'target'>,
): WaitingFor | null {
  if (state === 'ended') return null;
  const pending = 'pendingActivities' in info.raw ? pendingIn(info as WorkflowExecutionDescription) : undefined;
  const startedAt = info.startTime.toISOString();
  if (state === null) return silent(info, pending, pending?.activity ?? 'no step under way', startedAt);
  const what =
    state === 'retiring'
      ? `${source}, which has come back and gives way, to be retired`
      : `${source} to come back, so that it can be fenced: ${target} serves in its place, and nobody could stop it, so that it may go on writing for whoever reaches it; or an operator who knows that it is gone for good: scrap`;
  if (pending === undefined) return personOf(info, startedAt)(what, null, null);
  return { ...attempted(info, pending, what), what, since: startedAt };
}

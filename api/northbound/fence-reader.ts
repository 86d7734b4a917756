import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import type { FencingResult, FencingStatus } from '../../domain/fencing.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { fencingStatus } from '../../workflows/messages.ts';
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
      fences: [...(await atOnce(AT_ONCE, page.infos, async (info) => await this.#shown(info)))],
      token: page.token,
    };
  }

  async #shown(info: Run): Promise<Fencing> {
    const { typedSearchAttributes, startTime, closeTime } = info;
    const id = fenceIdOf(info);
    const status = await this.#told(info);
    const { application, source, target } = searchAttributes;
    return {
      id,
      application: typedSearchAttributes.get(application) ?? '',
      source: typedSearchAttributes.get(source) ?? '',
      target: typedSearchAttributes.get(target) ?? '',
      state: status?.state ?? (closeTime === undefined ? null : 'ended'),
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

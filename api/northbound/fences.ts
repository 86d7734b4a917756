import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import type { FencingResult, FencingStatus } from '../../domain/fencing.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { fencingStatus, scrap } from '../../workflows/messages.ts';
import { unavailable } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { CALL_MS } from './reader.ts';
import type { NorthboundTable } from './table.ts';
import type { Fencing } from './table/fences.ts';

const MOST = 100;
const AT_ONCE = 10;
type Run = Omit<WorkflowExecutionInfo, 'raw'>;
const FENCES = "WorkflowType = 'fenceSource'";

/** Who waits for a source that was taken to be dead: runs of their own, found by the id of the relocation. */
export function fenceHandlers(temporal: Client): Handlers<NorthboundTable, 'listFences' | 'showFence' | 'scrapSource'> {
  const run = (id: string) => temporal.workflow.getHandle(`fence:${id}`);

  /** The workflow's own word, or the result that it left. */
  const told = async (info: Pick<Run, 'workflowId' | 'runId' | 'status'>): Promise<FencingStatus | null> => {
    const handle = temporal.workflow.getHandle(info.workflowId, info.runId);
    try {
      return await temporal.withDeadline(Date.now() + CALL_MS, async () => {
        if (info.status.name === 'RUNNING') return await handle.query(fencingStatus);
        const result = (await handle.result()) as FencingResult;
        return { state: 'ended', since: '', result };
      });
    } catch {
      return null; // no worker, or it was ended from outside
    }
  };

  const shown = async (info: Run): Promise<Fencing> => {
    const { workflowId, typedSearchAttributes, startTime, closeTime } = info;
    const id = workflowId.slice('fence:'.length);
    const status = await told(info);
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
  };

  const look = async (id: string): Promise<Fencing> => {
    if (parseRelocationId(id) === undefined) throw unknown();
    try {
      return await shown(await temporal.withDeadline(Date.now() + CALL_MS, async () => await run(id).describe()));
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? unknown() : error;
    }
  };

  return {
    listFences: async ({ res }) => {
      const found: Run[] = [];
      await temporal.withDeadline(Date.now() + CALL_MS, async () => {
        for await (const info of temporal.workflow.list({ query: FENCES, pageSize: MOST })) {
          found.push(info);
          if (found.length >= MOST) break;
        }
      });
      res.json({ fences: await atOnce(AT_ONCE, found, shown) });
    },
    showFence: async ({ params, res }) => {
      res.json(await look(params.id));
    },
    scrapSource: async ({ params: { id }, res }) => {
      const { state } = await look(id);
      if (state === 'ended') throw new Refusal('NotPossibleNow', 'nobody waits for it any more');
      try {
        await temporal.withDeadline(Date.now() + CALL_MS, async () => await run(id).executeUpdate(scrap));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw new Refusal('NotPossibleNow', 'nobody waits for it any more');
        throw unavailable('no worker has answered', 'Start a Ferry worker, and ask again: nothing is done twice.');
      }
      res.json(await look(id));
    },
  };
}

const unknown = (): Refusal => new Refusal('UnknownFence', 'no source of that relocation is waited for');

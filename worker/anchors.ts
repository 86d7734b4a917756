import { type Client, type WorkflowExecutionDescription, WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Anchor, Anchors } from '../activities/anchoring/anchors.ts';
import { digest } from '../configuration/digest.ts';
import type { Configuration } from '../configuration/peers.ts';
import {
  anchorId,
  anchorWorkflowId,
  parseAnchorId,
  parseRelocationId,
  relocationWorkflowId,
} from '../domain/identity.ts';
import type { Standing, Taking } from '../domain/anchoring.ts';
import { atOnce } from '../domain/at-once.ts';
import { anchorsThatRun } from '../temporal/anchoring.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { AnchorMemo } from '../workflows/messages.ts';
import { CALL_MS, callsOver } from './calls.ts';

const LIST_MS = 60_000;
const AT_ONCE = 8;
/** Of a relocation that has handed its users over, whatever became of its source. */
const MOVED = ['relocated', 'relocatedSourceKept', 'recovered', 'abandoned'];

/**
 * Anchors of all users are described by their names, one for each network: what has just begun is there. Those of single
 * users are found in the index, where each has waited to be found before it looked at its source.
 */
export function anchorsOver(temporal: Client, { networks }: Pick<Configuration, 'networks'>): Anchors {
  const call = callsOver(temporal);

  const look = async (workflowId: string, signal: AbortSignal): Promise<WorkflowExecutionDescription | undefined> => {
    try {
      return await call(signal, CALL_MS, async () => await temporal.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  };

  const listed = async (application: string, signal: AbortSignal): Promise<string[]> =>
    await call(signal, LIST_MS, async () => {
      const ids: string[] = [];
      for await (const { workflowId } of temporal.workflow.list({ query: anchorsThatRun(application) }))
        ids.push(workflowId);
      return ids;
    });

  const runs = async (workflowId: string, signal: AbortSignal): Promise<boolean> =>
    (await look(workflowId, signal))?.status.name === 'RUNNING';

  return {
    of: async ({ application, users }, signal) => {
      const named = Object.keys(networks).map((network) => anchorWorkflowId({ application, users, network }, digest));
      const ids = users === '*' ? [...named, ...(await listed(application, signal))] : named;
      const seen = await atOnce(AT_ONCE, [...new Set(ids)], async (id) => await look(id, signal));
      return seen.flatMap((info) => (info === undefined ? [] : (shown(info) ?? [])));
    },

    isFound: async (chain, application, signal) =>
      (await listed(application, signal)).includes(chain.slice(0, chain.lastIndexOf('/'))),

    takeIn: async (id, taking, signal) => {
      const { workflowId, runId } = parseAnchorId(id) ?? { workflowId: id, runId: '' };
      const handle = temporal.workflow.getHandle(workflowId, runId);
      const updateId = digest(JSON.stringify(taking)); // the same again is the same
      try {
        await call(
          signal,
          CALL_MS,
          async () => await handle.executeUpdate<Standing, [Taking]>('takeIn', { args: [taking], updateId }),
        );
        return 'yes';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'gone';
        if (error instanceof WorkflowUpdateFailedError) return 'no';
        throw error;
      }
    },

    moved: async (id, taking, signal) => {
      const { workflowId, runId } = parseAnchorId(id) ?? { workflowId: id, runId: '' };
      const handle = temporal.workflow.getHandle(workflowId, runId);
      try {
        await call(signal, CALL_MS, async () => await handle.signal<[Omit<Taking, 'turn'>]>('sourceMoved', taking));
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    relocation: async (name, signal) => {
      const { workflowId = name, runId } = parseRelocationId(name) ?? {};
      const info = await look(workflowId, signal);
      if (info === undefined || firstRunOf(info) !== runId) return 'over'; // another one of these users runs, or has ended
      if (info.status.name === 'RUNNING') return 'runs';
      const outcome = info.typedSearchAttributes.get(searchAttributes.outcome);
      return outcome !== undefined && MOVED.includes(outcome) ? 'moved' : 'over';
    },

    isMoving: async ({ application, source, users }, signal) => {
      const ids = ['*', users].map((whose) => relocationWorkflowId({ application, source, users: whose }, digest));
      const running = await Promise.all([...new Set(ids)].map(async (id) => await runs(id, signal)));
      return running.includes(true);
    },
  };
}

/** Whoever started one by hand has told nothing of it, and may lead nobody. */
function shown({ workflowId, runId, status, memo }: WorkflowExecutionDescription): Anchor | undefined {
  const { request, standing } = (memo ?? {}) as Partial<AnchorMemo>;
  if (status.name !== 'RUNNING' || request === undefined || standing === undefined) return undefined;
  const { users, network, source } = request;
  return { id: anchorId(workflowId, runId), users, network, source, standing };
}

const firstRunOf = ({ raw, runId }: WorkflowExecutionDescription): string => {
  const first = raw.workflowExecutionInfo?.firstRunId;
  return first == null || first === '' ? runId : first;
};

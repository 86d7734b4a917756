import { type Client, type WorkflowExecutionDescription, WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Anchor, Anchors } from '../activities/anchoring/anchors.ts';
import { digest } from '../configuration/digest.ts';
import type { Configuration } from '../configuration/peers.ts';
import { anchorWorkflowId, parseAnchorId, parseRelocationId, relocationWorkflowId } from '../domain/identity.ts';
import type { Taking } from '../domain/anchoring.ts';
import { atOnce } from '../domain/at-once.ts';
import {
  anchorIdOf,
  anchorsThatStand,
  anchorThatRuns,
  ENDED_FROM_OUTSIDE,
  markOf,
  markWorkflowId,
} from '../temporal/anchoring.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { AnchorMemo } from '../workflows/messages.ts';
import type { markAnchored } from '../workflows/relocation/mark-anchored.ts';
import { CALL_MS, callsOver } from './calls.ts';

const LIST_MS = 60_000;
const AT_ONCE = 32;
/** Of a relocation that has handed its users over, whatever became of its source. */
const MOVED = ['relocated', 'relocatedSourceKept', 'recovered', 'abandoned'];

type Means = Pick<Configuration, 'networks' | 'pace' | 'world'> & { readonly taskQueue: string };

/**
 * A run marks an application that anchors stand for: known at once by its name, so that where there is none the index, which takes
 * few questions a second, is never asked. An anchor that begins waits until the index shows it, then sees to the mark,
 * then looks at its source: whoever finds no mark has been there before. Those of one user are described by their names, one
 * for each network; those of all are in the index.
 */
export function anchorsOver(temporal: Client, { networks, pace, ...ours }: Means): Anchors {
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
      for await (const { workflowId } of temporal.workflow.list({
        query: anchorsThatStand(application),
        pageSize: 1_000,
      }))
        ids.push(workflowId);
      return ids;
    });

  const counted = async (query: string, signal: AbortSignal): Promise<number> =>
    await call(signal, LIST_MS, async () => (await temporal.workflow.count(query)).count);

  const runs = async (workflowId: string, signal: AbortSignal): Promise<boolean> =>
    (await look(workflowId, signal))?.status.name === 'RUNNING';

  const described = async (workflowIds: readonly string[], signal: AbortSignal): Promise<Anchor[]> => {
    const seen = await atOnce(AT_ONCE, [...new Set(workflowIds)], async (id) => await look(id, signal));
    return seen.flatMap((info) => (info === undefined ? [] : (shown(info, ours.world) ?? [])));
  };

  const update = async (id: string, name: 'takeIn' | 'inherit', told: unknown, signal: AbortSignal) => {
    const { workflowId, runId: firstExecutionRunId } = parseAnchorId(id) ?? { workflowId: id, runId: '' };
    const handle = temporal.workflow.getHandle(workflowId, undefined, { firstExecutionRunId });
    const updateId = digest(JSON.stringify(told)); // the same again is the same
    try {
      await call(
        signal,
        CALL_MS,
        async () => await handle.executeUpdate<unknown, [unknown]>(name, { args: [told], updateId }),
      );
      return 'yes';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'gone';
      if (error instanceof WorkflowUpdateFailedError) return 'no';
      throw error;
    }
  };

  const found: Anchors['found'] = async ({ application, users }, signal) => {
    if (!(await runs(markWorkflowId(application), signal))) return [];
    if (users === '*') return await described(await listed(application, signal), signal);
    const named = Object.keys(networks).map((network) => anchorWorkflowId({ application, users, network }, digest));
    return await described(named, signal);
  };

  return {
    found,
    of: async (subject, signal) => (await found(subject, signal)).filter(runsStill),

    again: async (ids, signal) => {
      const asked = new Set(ids);
      const now = await described(ids.map(workflowOf), signal);
      return now.filter((anchor) => asked.has(anchor.id) && runsStill(anchor));
    },

    anyOf: async (application, signal) => (await counted(anchorsThatStand(application), signal)) > 0,

    isFound: async (run, application, signal) => {
      if ((await counted(anchorThatRuns(application, run), signal)) === 0) return false;
      const mark = markOf({ application, pace }, ours);
      await call(signal, CALL_MS, async () => {
        await temporal.workflow.signalWithStart<typeof markAnchored>('markAnchored', mark);
      });
      return true;
    },

    takeIn: async (id, taking, signal) => await update(id, 'takeIn', taking, signal),
    inherit: async (id, made, signal) => await update(id, 'inherit', made, signal),

    moved: async (id, taking, signal) => {
      // Another one of that name by now was not taken in, and heeds it not
      const handle = temporal.workflow.getHandle(workflowOf(id));
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

/**
 * Whoever started one by hand has told nothing of it yet; nor does a memo keep what is null. The rules of a world that has ended
 * went with it.
 */
function shown(info: WorkflowExecutionDescription, world: string | undefined): Anchor | undefined {
  const { status, memo, typedSearchAttributes } = info;
  const { request, standing = null } = (memo ?? {}) as Partial<AnchorMemo>;
  if (request === undefined) return undefined;
  const { users, network, source } = request;
  const anchor = { id: anchorIdOf(info), users, network, source, standing };
  if (status.name === 'RUNNING') return anchor;
  const isOurs = typedSearchAttributes.get(searchAttributes.world) === world;
  const left = standing !== null && isOurs && ENDED_FROM_OUTSIDE.some((ended) => ended === status.name);
  return left ? { ...anchor, deserted: true } : undefined;
}

const runsStill = ({ deserted }: Anchor): boolean => deserted !== true;

const workflowOf = (id: string): string => parseAnchorId(id)?.workflowId ?? id;

const firstRunOf = ({ raw, runId }: WorkflowExecutionDescription): string => {
  const first = raw.workflowExecutionInfo?.firstRunId;
  return first == null || first === '' ? runId : first;
};

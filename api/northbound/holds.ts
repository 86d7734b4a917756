import {
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import { holdOf, holdWorkflowId } from '../../temporal/holding.ts';
import type { holdSite } from '../../workflows/evacuation/hold-site.ts';
import { endHold, type HoldMemo } from '../../workflows/messages.ts';
import type { Hold, HoldList } from '../hold.ts';
import { unavailable } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { indexed } from './index-of-runs.ts';
import { following, tokenIn } from './pages.ts';
import { CALL_MS } from './reader.ts';
import type { NorthboundTable } from './table.ts';

const WORKER_MS = 5_000;
export const HOLDS = "WorkflowType = 'holdSite' AND ExecutionStatus = 'Running'";

type Means = Pick<Configuration, 'sites' | 'world'> & { readonly temporal: Client; readonly taskQueue: string };

/** A hold is a run that goes on until it is ended; whoever would move something there looks whether there is one. */
export function holdHandlers({
  temporal,
  taskQueue,
  sites,
  world,
}: Means): Handlers<NorthboundTable, 'holdSite' | 'listHolds' | 'endHold'> {
  const within = async <T>(work: () => Promise<T>): Promise<T> =>
    await temporal.withDeadline(Date.now() + CALL_MS, work);

  const look = async (site: string): Promise<WorkflowExecutionDescription> => {
    try {
      const seen = await within(async () => await temporal.workflow.getHandle(holdWorkflowId(site)).describe());
      if (seen.status.name === 'RUNNING') return seen;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new Refusal('UnknownHold', `${site} is not held`);
  };

  return {
    holdSite: async ({ body: { site, why }, res }) => {
      named(sites, site, 'site');
      await within(
        async () =>
          await temporal.workflow.start<typeof holdSite>('holdSite', holdOf({ site, why }, { taskQueue, world })),
      );
      res.json(holdIn(await look(site)));
    },
    listHolds: async ({ query: { limit, next }, req, res }) => {
      const { infos, token } = await indexed(temporal, HOLDS, limit, tokenIn(next, HOLDS));
      const list: HoldList = {
        holds: infos.map(holdIn),
        next: following(req, res, token, { path: '/v1/holds', query: HOLDS }),
      };
      res.json(list);
    },
    endHold: async ({ params: { site }, res }) => {
      const seen = await look(site);
      const handle = temporal.workflow.getHandle<typeof holdSite>(seen.workflowId, seen.runId);
      try {
        await temporal.withDeadline(Date.now() + WORKER_MS, async () => await handle.executeUpdate(endHold));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw new Refusal('UnknownHold', `${site} is not held`);
        if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
        throw unavailable(
          `no worker has ended the hold within ${WORKER_MS / 1_000} s`,
          'Start a Ferry worker, and ask again.',
        );
      }
      res.json(holdIn(seen));
    },
  };
}

export function holdIn({ workflowId, memo, startTime }: WorkflowExecutionInfo | WorkflowExecutionDescription): Hold {
  // One that was started by hand has no memo
  const { site = workflowId.slice(workflowId.indexOf(':') + 1), why = '' } = (memo ?? {}) as Partial<HoldMemo>;
  return { site, why, since: startTime.toISOString(), links: { self: `/v1/holds/${encodeURIComponent(site)}` } };
}

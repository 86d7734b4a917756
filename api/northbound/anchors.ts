import { type Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { isDeepStrictEqual } from 'node:util';
import { digest } from '../../configuration/digest.ts';
import { named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { Refusal } from '../../domain/failures.ts';
import { anchorId, anchorWorkflowId, parseAnchorId } from '../../domain/identity.ts';
import { anchorOf } from '../../temporal/anchoring.ts';
import { abandon, cancel, retry } from '../../workflows/messages.ts';
import type { anchorApplication } from '../../workflows/relocation/anchor-application.ts';
import type { Anchor, AnchorAction } from '../anchor.ts';
import { failureBehind, unavailable } from '../problem.ts';
import type { Asked, Handlers } from '../serve.ts';
import type { Admission } from './admission.ts';
import { AnchorReader } from './anchor-reader.ts';
import { following, tokenIn } from './pages.ts';
import { patiently } from './patience.ts';
import type { NorthboundTable } from './table.ts';

const WORKER_MS = 5_000;
/** What the pages of the one list there is are sealed with. */
const LIST = 'anchors';
const updates = { release: cancel, retry, abandon } as const satisfies Record<AnchorAction, unknown>;

const doing: Readonly<Record<NonNullable<Anchor['state']>, string>> = {
  making: 'is being made',
  holds: 'holds',
  releasing: 'is being released',
  paused: 'is paused',
  parked: 'is parked',
  ended: 'has ended',
  terminated: 'was terminated',
};

interface Means {
  readonly temporal: Client;
  readonly admission: Admission;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
}

/** Anchors are runs: each holds until it is released, which is the cancellation of its run. */
export function anchorHandlers({
  temporal,
  admission,
  configuration,
  taskQueue,
  temporalUi,
}: Means): Handlers<NorthboundTable, 'startAnchor' | 'listAnchors' | 'showAnchor' | `${AnchorAction}Anchor`> {
  const { pace, world, sites, networks, applications, users } = configuration;
  const reader = new AnchorReader(temporal, temporalUi);

  const command =
    (action: AnchorAction) =>
    async ({ params: { id }, res }: Asked<NorthboundTable['releaseAnchor']>): Promise<void> => {
      const { workflowId } = await reader.look(id);
      const { runId: firstExecutionRunId = '' } = parseAnchorId(id) ?? {};
      const handle = temporal.workflow.getHandle(workflowId, undefined, { firstExecutionRunId });
      try {
        await temporal.withDeadline(Date.now() + WORKER_MS, async () => await handle.executeUpdate(updates[action]));
      } catch (error) {
        const isSo = action === 'release' && error instanceof WorkflowUpdateFailedError && (await isReleased(id));
        if (error instanceof WorkflowNotFoundError) throw await notNow(action, id);
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
          throw unavailable(
            `no worker has answered to "${action}" within ${WORKER_MS / 1_000} s`,
            'Start a Ferry worker, which may still do it, and ask again: nothing is done twice.',
          );
        if (failureBehind(error)?.type === 'NotPossibleNow' && !isSo) throw await notNow(action, id);
        if (!isSo) throw error;
      }
      res.json(await reader.read(id));
    };
  /** In words of anchors: the run beneath knows no `release`. */
  const notNow = async (action: AnchorAction, id: string): Promise<Refusal> => {
    const { request, state, result, endedAt, actions, links } = await reader.read(id);
    const of = request.users === '*' ? '' : `, ${request.users}`;
    const what = `the anchor of ${request.application}${of} for ${request.network}`;
    const how = endedAt === null ? doing[state ?? 'making'] : `has ended (${result?.outcome ?? state})`;
    const instead = actions.length === 0 ? '' : `; what is possible: ${actions.join(', ')}`;
    return new Refusal('NotPossibleNow', `${action} is not possible: ${what} ${how}${instead}`, links.self);
  };
  /** Asked twice it is the same. */
  const isReleased = async (id: string): Promise<boolean> => {
    const { state, result } = await reader.read(id);
    return state === 'releasing' || result?.outcome === 'released';
  };

  return {
    startAnchor: async ({ body: request, res }) => {
      named(applications, request.application, 'application');
      named(sites, request.source, 'site');
      named(networks, request.network, 'access network');
      if (request.users !== '*') named(users, request.users, 'user');
      const workflowId = anchorWorkflowId(request, digest);
      const start = async () =>
        await temporal.workflow.start<typeof anchorApplication>(
          'anchorApplication',
          anchorOf({ request, pace }, workflowId, { taskQueue, world }),
        );
      const run = await admission.take(async () => await patiently(temporal, start));
      const now = await reader.read(anchorId(workflowId, run.firstExecutionRunId));
      if (!isDeepStrictEqual(now.request, request))
        throw new Refusal(
          'AlreadyAnchored',
          `devices of ${request.network} are led to ${now.source} for ${request.users === '*' ? 'all users' : request.users} of ${request.application} already`,
          now.links.self,
        );
      res.status(202).location(now.links.self).json(now);
    },
    listAnchors: async ({ query: { limit, next }, req, res }) => {
      const { anchors, token } = await reader.list(limit, tokenIn(next, LIST) ?? new Uint8Array());
      res.json({ anchors: [...anchors], next: following(req, res, token, { path: '/v1/anchors', query: LIST }) });
    },
    showAnchor: async ({ params: { id }, res }) => {
      res.json(await reader.read(id));
    },
    releaseAnchor: command('release'),
    retryAnchor: command('retry'),
    abandonAnchor: command('abandon'),
  };
}

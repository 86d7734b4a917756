import { type Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { isDeepStrictEqual } from 'node:util';
import { directionBetween, named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type { EvacuationRequest } from '../../domain/evacuation.ts';
import { Refusal } from '../../domain/failures.ts';
import { evacuationOf } from '../../temporal/evacuating.ts';
import { evacuation as updates, type EvacuationOrder } from '../../workflows/messages.ts';
import type { evacuateHost } from '../../workflows/evacuation/evacuate-host.ts';
import type { Evacuation, evacuationActions } from '../evacuation.ts';
import { HttpRefusal, unavailable } from '../problem.ts';
import type { Asked, Handlers } from '../serve.ts';
import { EVACUATIONS, EvacuationReader, firstOf } from './evacuation-reader.ts';
import { following, tokenIn } from './pages.ts';
import { patiently } from './patience.ts';
import type { NorthboundTable } from './table.ts';

const WORKER_MS = 5_000;

interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
}

type Names = 'start' | 'return' | 'list' | 'show' | 'resize' | 'pause' | 'resume' | 'cancel';
type Name = { [N in Names]: N extends 'list' ? 'listEvacuations' : `${N}Evacuation` }[Names];

/** Sites that are to be emptied. What an operator says is an update of the workflow, which its validators may refuse. */
export function evacuationHandlers(means: Means): Handlers<NorthboundTable, Name> {
  const { temporal, configuration, taskQueue, temporalUi } = means;
  const { pace, world } = configuration;
  const reader = new EvacuationReader(temporal, temporalUi);

  const execute = async (id: string, what: string, work: (run: ReturnType<typeof handleOf>) => Promise<unknown>) => {
    const { workflowId, runId, status } = await reader.look(id);
    if (status.name !== 'RUNNING') throw await overNow(id, what);
    const handle = handleOf(workflowId, runId);
    try {
      await temporal.withDeadline(Date.now() + WORKER_MS, async () => await work(handle));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || isOver(error)) throw await overNow(id, what);
      if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
      throw unavailable(
        `no worker has answered to "${what}" within ${WORKER_MS / 1_000} s`,
        'Start a Ferry worker, and ask again.',
      );
    }
  };
  const overNow = async (id: string, what: string): Promise<Refusal> => {
    const { request, returns, outcome, state, links } = await reader.read(id);
    const one = `the ${returns === null ? 'evacuation of' : 'return to'} ${request.site}`;
    return new Refusal('NotPossibleNow', `${what} is not possible: ${one} has ended (${outcome ?? state})`, links.self);
  };
  const handleOf = (workflowId: string, runId: string) =>
    temporal.workflow.getHandle<typeof evacuateHost>(workflowId, runId);

  const command =
    (action: (typeof evacuationActions)[number]) =>
    async ({ params: { id }, res }: Asked<NorthboundTable['pauseEvacuation']>): Promise<void> => {
      await execute(id, action, async (run) => await run.executeUpdate(updates[action]));
      res.json(await reader.read(id));
    };

  return {
    startEvacuation: async ({ body, res }) => {
      const request = { ...body, among: targetsOf(body, configuration) };
      const order: EvacuationOrder = { request, pace };
      await patiently(
        temporal,
        async () =>
          await temporal.workflow.start<typeof evacuateHost>('evacuateHost', evacuationOf(order, { taskQueue, world })),
      );
      const now = await reader.read(body.site);
      if (!isDeepStrictEqual(now.request, request)) throw already(now);
      res.status(202).location(now.links.self).json(now);
    },
    returnEvacuation: async ({ params: { id }, body: { window, deadline }, res }) => {
      const seen = await reader.look(id);
      const gone = await reader.read(id);
      if (gone.returns !== null || gone.endedAt === null)
        throw new Refusal(
          'NotPossibleNow',
          gone.returns === null
            ? `the evacuation of ${gone.request.site} has not ended: cancel it, or wait`
            : `${id} is a return itself: evacuate ${gone.request.site} again`,
          gone.links.self,
        );
      const { site, among = [] } = gone.request;
      const request = { site, among, window, perUser: false, ...(deadline !== undefined && { deadline }) };
      const returns = firstOf(seen);
      const start = evacuationOf({ request, returns, pace }, { taskQueue, world });
      await patiently(temporal, async () => await temporal.workflow.start<typeof evacuateHost>('evacuateHost', start));
      const now = await reader.read(`~${site}`);
      if (!isDeepStrictEqual([now.request, now.returns], [request, returns]))
        throw new Refusal('AlreadyEvacuating', `something else is being brought back to ${site}`, now.links.self);
      res.status(202).location(now.links.self).json(now);
    },
    listEvacuations: async ({ query: { limit, next }, req, res }) => {
      const { evacuations, token } = await reader.page(limit, tokenIn(next, EVACUATIONS));
      res.json({ evacuations, next: following(req, res, token, { path: '/v1/evacuations', query: EVACUATIONS }) });
    },
    showEvacuation: async ({ params: { id }, res }) => {
      res.json(await reader.read(id));
    },
    resizeEvacuation: async ({ params: { id }, body: { window }, res }) => {
      await execute(id, 'another window', async (run) => await run.executeUpdate(updates.resize, { args: [window] }));
      res.json(await reader.read(id));
    },
    pauseEvacuation: command('pause'),
    resumeEvacuation: command('resume'),
    cancelEvacuation: command('cancel'),
  };
}

/** It ended while it was told to. */
const isOver = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError &&
  (error.cause as { type?: string } | undefined)?.type === 'AcceptedUpdateCompletedWorkflow';

const already = ({ request: { site, among = [] }, links }: Evacuation): Refusal =>
  new Refusal('AlreadyEvacuating', `${site} is being emptied already, to ${among.join(', ')}`, links.self);

/** Where nobody says where to: the hosts beside it, else all others. A cloud is no place for what was at the edge unless it is named. */
function targetsOf({ site, among }: EvacuationRequest, configuration: Configuration): string[] {
  const { sites } = configuration;
  const from = named(sites, site, 'site');
  const hosts = Object.entries(sites).flatMap(([name, to]) =>
    to.kind === 'cloud' || name === site ? [] : [{ name, system: to.system }],
  );
  const beside = hosts.filter(({ system }) => from.kind === 'mecHost' && system === from.system);
  const targets = among ?? (beside.length > 0 ? beside : hosts).map(({ name }) => name);
  if (targets.length === 0)
    throw new HttpRefusal(400, `there is no other host than ${site}`, 'Name with `among` where to.');
  for (const target of targets)
    if (directionBetween({ source: site, target }, configuration) === undefined)
      throw new HttpRefusal(
        422,
        `${site} and ${target} are both clouds`,
        'Name MEC hosts: a move between two clouds is no matter of MEC.',
      );
  return [...new Set(targets)];
}

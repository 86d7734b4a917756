import { type Client, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { isDeepStrictEqual } from 'node:util';
import { digest } from '../../configuration/digest.ts';
import { named } from '../../configuration/direction.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { isLocated, networksOf } from '../../configuration/whereabouts.ts';
import { Refusal } from '../../domain/failures.ts';
import type { FollowerRequest } from '../../domain/follower-request.ts';
import type { Sighting } from '../../domain/following.ts';
import { followerId, followerWorkflowId } from '../../domain/identity.ts';
import { FOLLOWERS, followerOf } from '../../temporal/following.ts';
import { endFollower, moved } from '../../workflows/messages.ts';
import type { followDevice } from '../../workflows/following/follow-device.ts';
import type { Follower } from '../follower.ts';
import { unavailable } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { FollowerReader } from './follower-reader.ts';
import { following, tokenIn } from './pages.ts';
import { patiently } from './patience.ts';
import { CALL_MS } from './reader.ts';
import { sightingIn, Sightings } from './sightings.ts';
import type { NorthboundTable } from './table.ts';

const WORKER_MS = 5_000;

interface Means {
  readonly temporal: Client;
  readonly configuration: Configuration;
  readonly taskQueue: string;
  readonly temporalUi: string | undefined;
}

type Name = `${'start' | 'show' | 'end'}Follower` | 'listFollowers' | 'hearSighting';

/** Followers are runs: each goes on until it is ended. What a location service tells is a signal of one. */
export function followerHandlers(means: Means): Handlers<NorthboundTable, Name> {
  const { temporal, configuration, taskQueue, temporalUi } = means;
  const { pace, world } = configuration;
  const reader = new FollowerReader(temporal, temporalUi);
  const sightings = new Sightings(tell);

  return {
    startFollower: async ({ body: request, res }) => {
      demandKnown(request, configuration);
      const id = followerId(request, digest);
      const start = followerOf({ request, pace }, followerWorkflowId(id), { taskQueue, world });
      await patiently(temporal, async () => await temporal.workflow.start<typeof followDevice>('followDevice', start));
      const now = await reader.read(id);
      if (!isDeepStrictEqual(now.request, request))
        throw new Refusal('AlreadyFollowed', alreadySo(now), now.links.self);
      res.status(202).location(now.links.self).json(now);
    },
    listFollowers: async ({ query: { limit, next }, req, res }) => {
      const { followers, token } = await reader.page(limit, tokenIn(next, FOLLOWERS));
      res.json({
        followers: [...followers],
        next: following(req, res, token, { path: '/v1/followers', query: FOLLOWERS }),
      });
    },
    showFollower: async ({ params: { id }, res }) => {
      res.json(await reader.read(id));
    },
    endFollower: async ({ params: { id }, res }) => {
      const { workflowId, runId, status } = await reader.look(id);
      if (status.name === 'RUNNING') await end(temporal.workflow.getHandle<typeof followDevice>(workflowId, runId));
      res.json(await reader.read(id));
    },
    hearSighting: async ({ params: { id, service }, body, res }) => {
      const sighting = sightingIn(body, service, configuration);
      if (sighting !== null) await sightings.tell(id, sighting);
      res.status(204).end();
    },
  };

  async function end(run: ReturnType<typeof temporal.workflow.getHandle<typeof followDevice>>): Promise<void> {
    try {
      await temporal.withDeadline(Date.now() + WORKER_MS, async () => await run.executeUpdate(endFollower));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return; // it has ended by now
      if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
      throw unavailable(
        `no worker has ended the follower within ${WORKER_MS / 1_000} s`,
        'Start a Ferry worker, and ask again.',
      );
    }
  }

  /** Whoever goes on telling one that has ended is told so: a service gives such a subscription up. */
  async function tell(id: string, sighting: Sighting): Promise<void> {
    try {
      await temporal.withDeadline(
        Date.now() + CALL_MS,
        async () => await temporal.workflow.getHandle(followerWorkflowId(id)).signal(moved, sighting),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new Refusal('UnknownFollower', 'no follower of this id runs');
      throw error;
    }
  }
}

const alreadySo = ({ request: { application, user, among } }: Follower): string =>
  `${user} is followed for ${application} already, by another request: among ${among.join(', ')}`;

/** The follower looks the user's device up by name: a user without one cannot be asked for. */
function demandKnown({ application, user, among }: FollowerRequest, configuration: Configuration): void {
  const { applications, users, sites, callback } = configuration;
  named(applications, application, 'application');
  named(users, user, 'user');
  for (const site of among) named(sites, site, 'site');
  const networks = networksOf(configuration, among);
  const silent = networks.filter((network) => !isLocated(network)).map(({ name }) => name);
  if (networks.length === 0)
    throw new Refusal('NotLocated', 'these sites are in no access network in which a device could be');
  if (silent.length > 0) throw new Refusal('NotLocated', `nothing tells which devices are in ${silent.join(', ')}`);
  if (callback === undefined)
    throw new Refusal('NotLocated', 'no location service can tell this Ferry: its configuration has no `callback`');
}

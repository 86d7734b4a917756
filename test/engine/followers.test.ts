import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { costOf } from '../../bench/counts.ts';
import type { FollowOrder } from '../../activities/following/follow.ts';
import type { Anchor } from '../../api/anchor.ts';
import type { Follower, FollowerList } from '../../api/follower.ts';
import type { WaitingList } from '../../api/northbound/table/waiting.ts';
import type { Relocation } from '../../api/resources.ts';
import { FollowerRequest } from '../../domain/follower-request.ts';
import type { Followed } from '../../domain/following.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { zones } from '../../sandbox/peers/location.ts';
import { named, type Served } from '../support/api.ts';
import { Dying } from '../support/dying.ts';
import { eventually } from '../support/eventually.ts';
import { type Around, DEVICE, everythingRecorded, followedOver } from '../support/followed.ts';
import { followerOf } from '../../temporal/following.ts';
import { runsOver } from '../../worker/runs.ts';
import { endFollower, followerStanding, moved } from '../../workflows/messages.ts';
import {
  alone,
  engine,
  gate,
  reached as relocationReached,
  servedByTheEngine,
  temporal,
} from '../support/served-engine.ts';
import { quickPace } from '../support/pace.ts';
import { PortWorld } from '../support/world.ts';
import { writtenOf } from '../support/written.ts';

servedByTheEngine();

const PATH = '/v1/followers';
const order = { application: 'counter', user: 'ue-1', among: ['a1', 'w1'], staySeconds: 1, holdSeconds: 1 };
const LIMIT_MS = 60_000;

const show = async (api: Served, { id }: { id: string }): Promise<Follower> =>
  (await api.get<Follower>(`${PATH}/${id}`)).body;

async function reached(api: Served, one: { id: string }, wanted: (now: Follower) => boolean): Promise<Follower> {
  let now = await show(api, one);
  const written = writtenOf(temporal.workflow, runOf(one));
  await eventually(async () => {
    await written();
    now = await show(api, one);
    return wanted(now);
  }, LIMIT_MS).catch(() => {
    throw new Error(`it is ${JSON.stringify(now)}`);
  });
  return now;
}

const served = (site: string) => (now: Follower) => now.site === site && now.state === 'waiting' && now.dueAt === null;
/** Its device is led to where its application is. */
const byAnAnchor = ({ anchor, state }: Follower): boolean => anchor !== null && state === 'waiting';
const runOf = ({ id }: { id: string }): WorkflowHandle => temporal.workflow.getHandle(`follow:${id}`);
const atA1 = (): PortWorld => {
  const world = new PortWorld();
  world.servedAt('a1');
  return world;
};

/** Followed, and nothing is due: its user is served at a1, where the device is. */
async function following({ api }: Pick<Around, 'api'>, more: object = {}): Promise<Follower> {
  const { status, body } = await api.post<Follower>(PATH, { ...order, ...more });
  expect(status).toBe(202);
  return await reached(api, body, served('a1'));
}

const relocations = async (): Promise<number> =>
  (await temporal.workflow.count("WorkflowType = 'relocateApplication'")).count;
const anchors = async (state: 'Running' | 'Completed'): Promise<number> =>
  (await temporal.workflow.count(`WorkflowType = 'anchorApplication' AND ExecutionStatus = '${state}'`)).count;

describe('a follower', () => {
  it('moves its application after the device by an ordinary relocation: 15 events and 3 actions a move, 4 and 1 a change that is not followed', async () => {
    await followedOver(atA1(), async ({ api, location, journal }) => {
      const first = await following({ api });
      const [run, before] = [runOf(first), await costOf(runOf(first))];
      expect(before).toEqual({ events: 22, actions: 5, retries: 0 });

      expect(location.comes(DEVICE, zones.wifi)).toBe(1);
      const there = await reached(api, first, served('w1'));
      expect(there).toMatchObject({ network: 'wifi', moves: 1, trouble: null });
      const move = await api.get<Relocation>(`/v1/relocations/${there.relocation}`);
      expect(move.body).toMatchObject({
        outcome: 'relocated',
        request: { application: 'counter', users: 'ue-1', source: 'a1', target: 'w1' },
      });
      const after = await costOf(run);
      expect([after.events - before.events, after.actions - before.actions]).toEqual([15, 3]);

      // Away and back before it has stayed: heard, and nothing more
      location.comes(DEVICE, zones.cellular);
      await reached(api, first, ({ network }) => network === 'cellular');
      location.comes(DEVICE, zones.wifi);
      await reached(api, first, ({ network }) => network === 'wifi');
      await eventually(async () => (await costOf(run)).events - after.events >= 13, LIMIT_MS);
      // Two changes, and the timer of the first: started, fired, and a task that finds nothing to do
      expect((await costOf(run)).events - after.events).toBe(2 * 4 + 1 + 4);
      expect((await costOf(run)).actions - after.actions).toBe(2 * 1 + 1);
      expect(await show(api, first)).toMatchObject({ moves: 1, site: 'w1' });

      const told = JSON.stringify(journal.since(0).map(({ path }) => path));
      expect(told).toContain('/location/v3/subscriptions/users');
      const described = await run.describe();
      await expect(described.staticSummary()).resolves.toBe('counter follows one device');
      expect(described.searchAttributes).toMatchObject({ FerryApplication: ['counter'], FerryWorld: ['test'] });
      expect(await everythingRecorded()).not.toContain(DEVICE);
    });
  });

  it('believes the location service where it is asked, and not what is told: late, twice, or by somebody else', async () => {
    await followedOver(atA1(), async ({ api, location }) => {
      const first = await following({ api });
      const begun = await relocations();
      const secondsAgo = (n: number) => ({ seconds: Math.floor(Date.now() / 1_000) - n, nanoSeconds: 0 });
      location.tells(DEVICE, zones.wifi, secondsAgo(5)); // the device has not moved
      await reached(api, first, ({ network }) => network === 'wifi');
      location.tells(DEVICE, zones.wifi, secondsAgo(5));
      const seen = await reached(api, first, ({ network, state }) => network === 'cellular' && state === 'waiting');
      expect(seen).toMatchObject({ moves: 0, site: 'a1', dueAt: null });
      location.tells(DEVICE, zones.wifi, secondsAgo(3_600)); // of an hour ago
      const events = (await costOf(runOf(first))).events;
      await eventually(async () => (await costOf(runOf(first))).events >= events);
      expect(await show(api, first)).toMatchObject({ network: 'cellular' });

      const sighting = { userLocationEventNotification: { userLocationEvent: 'ENTERING_AREA_EVENT', zoneId: 'moon' } };
      await expect(api.post(`${PATH}/${first.id}/sightings/location`, sighting)).resolves.toMatchObject({
        status: 204,
      });
      await reached(api, first, ({ network }) => network === null);
      await expect(api.post(`${PATH}/${'a'.repeat(25)}/sightings/location`, sighting)).resolves.toMatchObject({
        status: 404,
        body: { failure: 'UnknownFollower' },
      });
      expect(await relocations()).toBe(begun);
    });
  });

  it('finds by itself what nobody told, and has it told again where the service has forgotten that it should', async () => {
    await followedOver(atA1(), async ({ api, location }) => {
      const first = await following({ api }, { lookSeconds: 10 });
      location.forgets();
      expect(location.comes(DEVICE, zones.wifi)).toBe(0);
      await reached(api, first, served('w1'));
      expect(location.comes(DEVICE, zones.wifi)).toBe(1);
    });
  });

  it('tells why it cannot follow, and follows when it can', async () => {
    const world = atA1();
    world.missingServices = ['RNIS'];
    await followedOver(world, async ({ api, location }) => {
      const first = await following({ api });
      location.comes(DEVICE, zones.wifi);
      const stuck = await reached(api, first, ({ trouble }) => trouble !== null);
      expect(stuck).toMatchObject({ site: 'a1', moves: 0 });
      expect(stuck.trouble).toMatch(/^w1: .*RNIS/);
      const waiting = async () => (await api.get<WaitingList>('/v1/waiting')).body.waiting;
      await eventually(async () => (await waiting()).length === 1, LIMIT_MS);
      await expect(waiting()).resolves.toMatchObject([
        {
          kind: 'follower',
          id: first.id,
          about: 'counter follows ue-1',
          state: 'troubled',
          waitingFor: { lastFailure: stuck.trouble, nextAt: expect.any(String) as string },
        },
      ]);
      world.missingServices = [];
      expect(await reached(api, first, served('w1'))).toMatchObject({ trouble: null, moves: 1 });
      await eventually(async () => (await waiting()).length === 0, LIMIT_MS);
    });
  });

  it('leads the device to where its application is, where that may not come, and gives the anchor back once it is', async () => {
    const world = atA1();
    world.missingServices = ['RNIS'];
    await followedOver(world, async ({ api, location }) => {
      const first = await following({ api }, { anchor: true });
      location.comes(DEVICE, zones.wifi);
      const led = await reached(api, first, byAnAnchor);
      expect(led).toMatchObject({ network: 'wifi', site: 'a1', trouble: null, dueAt: null });
      const anchor = async () => (await api.get<Anchor>(`/v1/anchors/${led.anchor}`)).body;
      expect(await anchor()).toMatchObject({
        state: 'holds',
        request: { application: 'counter', users: 'ue-1', source: 'a1', network: 'wifi' },
      });
      location.comes(DEVICE, zones.cellular);
      expect(await reached(api, first, (now) => now.anchor === null)).toMatchObject({
        network: 'cellular',
        site: 'a1',
      });
      await eventually(async () => (await anchor()).result?.outcome === 'released', LIMIT_MS);
      expect(world.at('w1')).toEqual([]);
    });
  });

  it('is not led by an anchor that is still being given back, and is by another one after it', async () => {
    const world = atA1();
    world.missingServices = ['RNIS'];
    await followedOver(world, async ({ api, location }) => {
      const first = await following({ api }, { anchor: true });
      location.comes(DEVICE, zones.wifi);
      const before = await reached(api, first, byAnAnchor);
      const held = gate();
      world.on('w1.path.turnBack', held.wait);
      location.comes(DEVICE, zones.cellular);
      await reached(api, first, (now) => now.anchor === null && now.network === 'cellular');
      await held.arrived;
      location.comes(DEVICE, zones.wifi);
      await reached(api, first, ({ network, state }) => network === 'wifi' && state === 'following');
      held.open();
      const led = await reached(api, first, byAnAnchor);
      expect(led.anchor).not.toBe(before.anchor);
      expect((await api.get<Anchor>(`/v1/anchors/${led.anchor}`)).body).toMatchObject({ state: 'holds' });
      expect(await anchors('Running')).toBe(1);
    });
  });

  it('goes on in another run when its history is long, with all that it knows, however much it is told', async () => {
    await followedOver(atA1(), async ({ api, location }) => {
      const first = await following({ api });
      location.comes(DEVICE, zones.wifi);
      const there = await reached(api, first, served('w1'));
      const { runId } = await runOf(first).describe();
      const again = async (): Promise<boolean> => {
        // A server refuses what comes while a run ends, which is what is waited for; who tells it tells it again
        const telling = async (network: string): Promise<void> =>
          await runOf(first)
            .signal(moved, { network, happenedAt: null })
            .catch((error: Error) => {
              if (!String(error.cause).includes('workflow is closing')) throw error;
            });
        for (const network of Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 'cellular' : 'wifi')))
          await telling(network);
        return (await runOf(first).describe()).runId !== runId;
      };
      await eventually(again, LIMIT_MS);
      location.comes(DEVICE, zones.wifi);
      const now = await reached(api, first, served('w1'));
      expect(now).toMatchObject({ id: first.id, relocation: there.relocation, moves: 1, network: 'wifi' });
      expect((await api.get<FollowerList>(PATH)).body.followers.map(({ id }) => id)).toEqual([first.id]);
    });
  });
});

it('a look that lasts for months leaves its follower one history of bounded length, and the next run knows all', async () => {
  const held = gate();
  let happenedAt = 0;
  const activities = {
    listenForDevice: async () => ({ network: 'wifi', happenedAt: (happenedAt += 1) }),
    hushForDevice: async () => undefined,
    followDevice: async ({ network }: FollowOrder): Promise<Followed> => {
      await held.wait();
      return { did: 'serves', network, site: 'w1', relocation: null, anchor: null };
    },
  };
  await engine.beside(activities, async () => {
    const request = { ...FollowerRequest.parse({ ...order, holdSeconds: 1 }), lookSeconds: 0.01 };
    const ours = { taskQueue: engine.taskQueue, world: undefined };
    const pace = { ...quickPace, heartbeatMs: LIMIT_MS };
    await temporal.workflow.start('followDevice', followerOf({ request, pace }, 'follow:long', ours));
    const run = runOf({ id: 'long' });
    await held.arrived;
    const { runId } = await run.describe();
    const events = async (): Promise<number> => (await run.describe()).historyLength;
    await eventually(async () => {
      await Promise.all(
        Array.from({ length: 20 }, async () => await run.signal(moved, { network: 'wifi', happenedAt: null })),
      );
      return (await events()) > 1_000;
    }, LIMIT_MS);
    const recorded = async () => (await temporal.workflow.getHandle(run.workflowId, runId).fetchHistory()).events ?? [];
    const asksNoMore = async () => (await recorded()).findIndex(({ markerRecordedEventAttributes: is }) => is != null);
    await eventually(async () => (await asksNoMore()) > 0, LIMIT_MS);
    await expect(run.query(followerStanding)).resolves.toMatchObject({ doing: 'following' });
    expect((await run.describe()).runId).toBe(runId);
    held.open();
    await eventually(async () => (await run.describe()).runId !== runId, LIMIT_MS);
    const later = (await recorded()).slice(await asksNoMore());
    expect(later.filter(({ activityTaskScheduledEventAttributes: is }) => is != null)).toStrictEqual([]);
    await eventually(async () => (await run.query(followerStanding)).site === 'w1', LIMIT_MS);
    await run.executeUpdate(endFollower);
  });
});

describe.each(['before', 'executed'] as const)(
  'a worker that is killed once at each call of a follower (%s)',
  (when) => {
    it('leaves one anchor, then one move, and nothing told that nobody wants to hear', async () => {
      const [world, dying] = [atA1(), new Dying(when)];
      world.missingServices = ['RNIS'];
      await followedOver(
        world,
        async ({ api, location }) => {
          const first = await following({ api }, { anchor: true });
          const [moves, released] = [await relocations(), await anchors('Completed')];
          location.comes(DEVICE, zones.wifi);
          const led = await reached(api, first, byAnAnchor);
          expect(led).toMatchObject({ network: 'wifi', site: 'a1', trouble: null });
          location.comes(DEVICE, zones.cellular);
          await reached(api, first, (now) => now.anchor === null && now.network === 'cellular');
          await eventually(async () => (await anchors('Completed')) === released + 1, LIMIT_MS);
          expect(await anchors('Running')).toBe(0);

          world.missingServices = [];
          expect(location.comes(DEVICE, zones.wifi)).toBe(1);
          const there = await reached(api, first, served('w1'));
          // The anchor and the relocation, each once, and the one that was found when it had ended is its own as well
          expect(there).toMatchObject({ network: 'wifi', trouble: null, moves: 2 });
          expect((await api.get<Relocation>(`/v1/relocations/${there.relocation}`)).body.outcome).toBe('relocated');
          expect(await relocations()).toBe(moves + 1);
          expect(location.state()).toMatchObject({ subscriptions: [{}] });

          await api.ask(first.links.self, { method: 'DELETE' });
          const over = await reached(api, first, ({ state }) => state === 'ended');
          expect(over).toMatchObject({ result: { left: null } });
          expect(location.state()).toMatchObject({ subscriptions: [] });
          await eventually(async () => world.at('a1').length === 0, LIMIT_MS); // a move goes on without who began it
        },
        dying,
      );
      expect(world.at('w1')).toMatchObject([{ role: 'authority', promisedTo: null }]);
      expect(dying.at.toSorted()).toEqual(
        [
          'followDevice ferry.runs.begin',
          'followDevice ferry.runs.begunBy',
          'followDevice ferry.runs.ended',
          'followDevice ferry.ways.begin',
          'followDevice ferry.ways.begun',
          'followDevice ferry.ways.holds',
          'followDevice ferry.ways.release',
          'followDevice ferry.whereabouts.networkOf',
          'hushForDevice ferry.whereabouts.hush',
          'listenForDevice ferry.whereabouts.listen',
          'listenForDevice ferry.whereabouts.networkOf',
        ].toSorted(),
      );
    });
  },
);

describe('the move that a look of a follower has begun', () => {
  it('is found by its name while the index does not show it, running or ended; another one of that name is none of its', async () => {
    const { taskQueue } = engine;
    const runs = runsOver(temporal, { ...named, pace: quickPace, taskQueue });
    const soon = AbortSignal.timeout(LIMIT_MS);
    const users = { application: 'counter', users: 'ue-1', source: 'a2', cutOver: 'immediately' } as const;
    const look = { chain: 'follow:f/run-7', application: 'counter', user: 'ue-1', among: ['a1', 'a2', 'w1'] };
    const index = vi.spyOn(temporal.workflow, 'list').mockImplementation(() => [] as never);
    const { id } = await runs.begin({ ...users, target: 'w1' }, { follower: look.chain }, soon);
    try {
      expect(await runs.begunBy(look, soon)).toMatchObject({ id, own: true, target: 'w1' });
      expect(await runs.begunBy({ ...look, chain: 'follow:f/run-8' }, soon)).toBeUndefined();
      const { workflowId = '' } = parseRelocationId(id) ?? {};
      await temporal.workflow.getHandle(workflowId).terminate();
      expect(await runs.begunBy(look, soon)).toMatchObject({ id });
      expect(index).toHaveBeenCalledTimes(1);
    } finally {
      index.mockRestore();
    }
  });
});

describe('the end of a follower', () => {
  it('takes back what is told to it, twice is once, and whoever goes on telling it is told so', async () => {
    await followedOver(atA1(), async ({ api, location, faults }) => {
      const first = await following({ api });
      const same = await api.post<Follower>(PATH, order);
      expect([same.status, same.body.id]).toEqual([202, first.id]);
      await expect(api.post(PATH, { ...order, perHour: 3 })).resolves.toMatchObject({
        status: 409,
        body: {
          failure: 'AlreadyFollowed',
          detail: expect.stringMatching(/^ue-\d is followed for counter already, by another request: among /) as string,
          see: first.links.self,
        },
      });
      const operation = 'DELETE /location/v3/subscriptions/users/*';
      faults.add({ peer: 'location', operation, nth: 1, times: 1, kind: 'status', status: 503 });

      const ended = await api.ask<Follower>(first.links.self, { method: 'DELETE' });
      expect(ended.status).toBe(200);
      const over = await reached(api, first, ({ state }) => state === 'ended');
      expect(over).toMatchObject({ result: { moves: 0, left: null }, dueAt: null });
      expect(location.comes(DEVICE, zones.wifi)).toBe(0);
      await expect(api.ask(first.links.self, { method: 'DELETE' })).resolves.toMatchObject({ status: 200 });
      const late = { userLocationEventNotification: { userLocationEvent: 'ENTERING_AREA_EVENT', zoneId: zones.wifi } };
      await expect(api.post(`${first.links.self}/sightings/location`, late)).resolves.toMatchObject({ status: 404 });
    });
  });

  it('lets a move that is under way go on, and begins none after it', async () => {
    const held = gate();
    await followedOver(atA1().on('w1.packages.distribute', held.wait), async ({ api, location }) => {
      const first = await following({ api });
      location.comes(DEVICE, zones.wifi);
      await held.arrived;
      await api.ask(first.links.self, { method: 'DELETE' });
      const over = await reached(api, first, ({ state }) => state === 'ended');
      expect(over.result).toMatchObject({ left: null });
      held.open();
      const [{ id }] = (await api.get<{ relocations: [Relocation] }>('/v1/relocations?state=running')).body.relocations;
      expect(await relocationReached(api, { id }, 'ended', LIMIT_MS)).toMatchObject({ outcome: 'relocated' });
    });
  });
});

it('nobody is followed where nothing tells where devices are', async () => {
  await alone(async (api) => {
    await expect(api.post(PATH, order)).resolves.toMatchObject({
      status: 422,
      body: { failure: 'NotLocated', detail: 'nothing tells which devices are in cellular, wifi' },
    });
    await expect(api.post(PATH, { ...order, among: ['cloud'] })).resolves.toMatchObject({ status: 422 });
    await expect(api.post(PATH, { ...order, user: 'ue-99' })).resolves.toMatchObject({ status: 422 });
  });
});

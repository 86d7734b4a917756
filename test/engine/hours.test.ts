import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { FollowOrder } from '../../activities/following/follow.ts';
import { FollowerRequest } from '../../domain/follower-request.ts';
import type { Followed, Sighting } from '../../domain/following.ts';
import { testServer } from '../../servers/obtain.ts';
import { followerOf } from '../../temporal/following.ts';
import type { followDevice } from '../../workflows/following/follow-device.ts';
import { endFollower, followerStanding, retry, status } from '../../workflows/messages.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { PortWorld } from '../support/world.ts';

/** Hours pass at once. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.skippingTime(await testServer());
});
afterAll(async () => await engine.stop());

describe('over hours', () => {
  it('a hold of a day ends by itself; what the source gained and the restarted target forgot is made good', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const at = new Date((await engine.environment.currentTimeMs()) + 24 * 3_600_000).toISOString();
      const handle = await start({ cutOver: { at } });
      await eventually(async () => (await handle.query(status)).state === 'held');
      await engine.environment.sleep('12 hours');
      await expect(handle.query(status)).resolves.toMatchObject({ state: 'held', until: at });
      const [source] = world.at('cloud');
      if (source !== undefined) world.subscribe(source, 99);
      world.restart('a1');
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'relocated', moved: { subscriptions: 4 } });
      expect(result.totalMs).toBeGreaterThan(23 * 3_600_000);
    });
    expect(world.at('a1')[0]?.subscriptions).toHaveLength(4);
  });

  it('the source is not retired before the longest time that a resolver may keep its address', async () => {
    const world = Object.assign(new PortWorld(), { clampSeconds: 7_200 });
    await engine.over(world, async (start) => {
      const { outcome, durationsMs } = await (await start()).result();
      expect(outcome).toBe('relocated');
      expect(durationsMs['drain']).toBeGreaterThanOrEqual(7_200_000);
    });
  });

  it('a parked relocation waits for days, and is retried to its end', async () => {
    const world = new PortWorld().on('cloud.instances.stop', 'PeerRejected');
    await engine.over(world, async (start) => {
      const handle = await start();
      await eventually(async () => (await handle.query(status)).state === 'parked');
      await engine.environment.sleep('3 days');
      await expect(handle.query(status)).resolves.toMatchObject({ state: 'parked', step: 'retire' });
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });

  it('a location service that is away is asked again, and said to be away until it answers; what was missed is made good', async () => {
    let answers: () => Sighting = () => ({ network: 'cellular', happenedAt: null });
    const asked: string[] = [];
    const activities = {
      listenForDevice: async () => answers(),
      hushForDevice: async () => undefined,
      followDevice: async ({ network }: FollowOrder): Promise<Followed> => {
        asked.push(network);
        return { did: 'serves', network, site: network === 'wifi' ? 'w1' : 'a1', relocation: null, anchor: null };
      },
    };
    await engine.beside(activities, async () => {
      const request = FollowerRequest.parse({ application: 'counter', user: 'ue-1', among: ['a1', 'w1'] });
      const ours = { taskQueue: engine.taskQueue, world: undefined };
      const { client } = engine.environment;
      await client.workflow.start('followDevice', followerOf({ request, pace: quickPace }, 'follow:hours', ours));
      const handle = client.workflow.getHandle<typeof followDevice>('follow:hours');
      const standing = async () => await handle.query(followerStanding);
      await eventually(async () => (await standing()).site === 'a1');

      answers = () => {
        throw failure('PeerRejected', 'whereabouts: answered 403');
      };
      await engine.environment.sleep('11 minutes');
      const away = { unanswered: 'PeerRejected: whereabouts: answered 403', trouble: null, dueAt: null, site: 'a1' };
      await eventually(async () => (await standing()).unanswered === away.unanswered);
      const events = async (): Promise<number> => (await handle.describe()).historyLength;
      const before = await events();
      await engine.environment.sleep('1 hour');
      await expect(standing()).resolves.toMatchObject(away);
      // A question in ten minutes, and its timer
      expect((await events()) - before).toBe(6 * 11);

      answers = () => ({ network: 'wifi', happenedAt: null });
      await engine.environment.sleep('11 minutes');
      await expect(standing()).resolves.toMatchObject({ site: 'w1', unanswered: null, trouble: null });
      expect(asked).toStrictEqual(['cellular', 'wifi']);
      await handle.executeUpdate(endFollower);
      await expect(handle.result()).resolves.toMatchObject({ left: null });
    });
  });
});

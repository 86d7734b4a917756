import { describe, expect, it } from 'vitest';
import type { Follower } from '../../api/follower.ts';
import type { RelocationList } from '../../api/resources.ts';
import {
  armed,
  away,
  bringTo,
  dyingOfEach,
  effectsTo,
  isServedAt,
  onAStage,
  packaging,
  stage,
} from '../support/killing.ts';
import { eventually } from '../support/eventually.ts';
import { hold, measured, unharmed, worldOf } from '../support/sight.ts';

/** The worker is killed between an effect at a peer and the end of its activity, for each effect of a relocation. */
onAStage();

describe('without a fault', () => {
  it.each([
    { target: 'a1' as const, effects: [...packaging, ...effectsTo.a1] },
    { target: 'cloud' as const, effects: effectsTo.cloud },
  ])('a relocation to $target consists of these effects', async ({ target, effects }) => {
    const since = await stage.logEnd();
    const { result, figures } = await measured(stage, async () => await stage.relocate(away[target], target));
    expect(result).toMatchObject({ outcome: 'relocated' });
    expect(figures).toMatchObject(unharmed);
    expect((await stage.effects(since)).toSorted()).toEqual(effects.toSorted());
    await isServedAt(target);
  });
});

describe('a worker killed when a peer has executed a call, and before it answered,', () => {
  dyingOfEach();
});

describe('a worker killed', () => {
  it('twice while a relocation is undone leaves the world as it was', async () => {
    await bringTo('cloud');
    const { result, figures } = await measured(stage, async () => {
      const subscriptions = { peer: 'platform-a1', operation: 'POST /rni/v2/subscriptions' };
      await stage.fault({ ...subscriptions, nth: 3, times: 1, kind: 'status', status: 403 });
      const first = await armed('platform-a1 DELETE /rni/v2/subscriptions/{id}', 1);
      const second = await armed('meo-cellular POST /app_lcm/v1/app_instances/{id}/terminate', 1);
      const { id } = await stage.begin('cloud', 'a1');
      await first.kill();
      await second.kill();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({
      outcome: 'rolledBack',
      leftovers: [],
      failure: { type: 'SubscriptionRefused', step: 'copyAhead' },
    });
    expect(figures).toMatchObject(unharmed);
    await isServedAt('cloud');
  });

  it('in the drain leaves the source serving, and the relocation goes on', async () => {
    await bringTo('cloud');
    const { result, figures } = await measured(stage, async () => {
      const { id } = await stage.begin('cloud', 'a1');
      await eventually(async () => (await stage.show(id)).step === 'drain', 30_000);
      await stage.killWorker();
      const [cloud] = (await worldOf(stage)).peers['cloud-manager'].instances;
      expect(cloud?.state).toBe('running');
      await stage.startWorker();
      return await stage.ends(id);
    });
    expect(result).toMatchObject({ outcome: 'relocated', leftovers: [] });
    expect(figures).toMatchObject(unharmed);
    await isServedAt('a1');
  });
});

describe('a device that wanders, while the worker is killed at each thing that its follower does,', () => {
  const user = 'ue-2';
  const goes = async (network: 'cellular' | 'wifi') => await stage.sandbox('/location', 'POST', { user, network });
  const told = async (): Promise<number> =>
    ((await worldOf(stage)).peers['whereabouts'] as { subscriptions: object[] }).subscriptions.length;
  const killedAt = async (call: { peer: string; operation: string; when: 'before' | 'executed' }) => {
    const held = await hold(stage, call);
    return async (): Promise<void> => {
      await held.held();
      await stage.killWorker();
      await held.release();
      await stage.startWorker();
    };
  };

  it('keeps its moves: none twice, none lost', async () => {
    await bringTo('a1');
    stage.configure((written) => Object.assign(written, { callback: stage.api }));
    await stage.killWorker();
    await stage.startWorker();
    await goes('cellular');
    const order = { application: 'counter', user, among: ['a1', 'w1'], staySeconds: 1, holdSeconds: 1 };
    const { id } = (await (await stage.post('/v1/followers', order)).json()) as Follower;
    const path = `/v1/followers/${id}`;
    const rests = async (site: string, moves: number): Promise<Follower> => {
      let now: Follower | undefined;
      await eventually(async () => {
        now = (await (await stage.ask(path)).json()) as Follower;
        return now.site === site && now.state === 'waiting' && now.dueAt === null;
      }, 90_000).catch(() => undefined);
      expect(now).toMatchObject({ site, moves, state: 'waiting', dueAt: null, trouble: null });
      return now as Follower;
    };
    await rests('a1', 0);

    const { figures } = await measured(stage, async () => {
      const asked = await killedAt({
        peer: 'whereabouts',
        operation: 'GET /location/v3/queries/users',
        when: 'executed',
      });
      const services = 'GET /mec_service_mgmt/v1/services';
      await goes('wifi');
      await asked();
      await (await killedAt({ peer: 'platform-w1', operation: services, when: 'before' }))();
      const instances = 'POST /app_lcm/v1/app_instances';
      await (await killedAt({ peer: 'meo-wifi', operation: instances, when: 'executed' }))();
      await rests('w1', 1);

      const removed = 'DELETE /app_lcm/v1/app_instances/*';
      const last = await killedAt({ peer: 'meo-wifi', operation: removed, when: 'executed' });
      await goes('cellular');
      await last();
      await rests('a1', 2);
    });
    expect(figures).toMatchObject(unharmed);
    expect(await told()).toBe(1);
    const { relocations } = (await (await stage.ask('/v1/relocations')).json()) as RelocationList;
    const own = relocations.filter(({ request }) => request.users === user);
    expect(own.map(({ outcome, request }) => [outcome, request.source, request.target])).toEqual([
      ['relocated', 'w1', 'a1'],
      ['relocated', 'a1', 'w1'],
    ]);

    const hushed = await killedAt({
      peer: 'whereabouts',
      operation: 'DELETE /location/v3/subscriptions/users/*',
      when: 'executed',
    });
    await stage.ask(path, { method: 'DELETE' });
    await hushed();
    await eventually(async () => ((await (await stage.ask(path)).json()) as Follower).state === 'ended', 60_000);
    expect(await told()).toBe(0);
    await isServedAt('a1');
  });
});

import { describe, expect, it } from 'vitest';
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
import { measured, unharmed, worldOf } from '../support/sight.ts';

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

import { describe, expect, it } from 'vitest';
import { armed, bringTo, dyingOfEach, isServedAt, onAStage, stage } from '../support/killing.ts';
import { measured, unharmed } from '../support/sight.ts';

onAStage();

describe('a worker killed when a peer has executed a call, and before it answered, while the path is prepared,', () => {
  dyingOfEach('path');
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
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testServer } from '../../servers/obtain.ts';
import { retry, status } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
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
});

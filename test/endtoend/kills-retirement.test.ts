import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { bringTo, dyingOfEach, isServedAt, onAStage, stage } from '../support/killing.ts';
import { measured, unharmed, worldOf } from '../support/sight.ts';

onAStage();

describe('a worker killed', () => {
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

describe('a worker killed when a peer has executed a call, and before it answered, while the source is retired,', () => {
  dyingOfEach('retirement');
});

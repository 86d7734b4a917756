import { describe, expect, it } from 'vitest';
import { away, dyingOfEach, effectsTo, isServedAt, onAStage, packaging, stage } from '../support/killing.ts';
import { measured, unharmed } from '../support/sight.ts';

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

describe('a worker killed when a peer has executed a call, and before it answered, while the target is made,', () => {
  dyingOfEach('instance');
});

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { PortWorld } from '../support/world.ts';

it('two workers that find nothing at the target, and both make an instance, keep the first of them', async () => {
  const world = new PortWorld();
  let looking = 0;
  let both = (): void => undefined;
  const bothLook = new Promise<void>((resolve) => {
    both = resolve;
  });
  const look = async (): Promise<void> => {
    looking += 1;
    if (looking === 2) both();
    await bothLook;
  };
  world.on('a1.instances.list', look, look);
  const worker = async (chain: string, users: string) => {
    const { instantiateTarget } = relocationActivities({
      catalogue: world,
      pace: { ...Pace.parse({}), pollMs: 1 },
      digest: (text) =>
        createHash('sha256')
          .update(text)
          .digest('hex')
          .replaceAll(/[0189]/g, 'a')
          .slice(0, 25),
      turns: takingTurns(),
    });
    const subject = { chain, application: 'counter', users, source: 'cloud', target: 'a1' };
    const order = { ...subject, from: world.at('cloud')[0]?.id ?? '', there: null };
    return await attemptOf().run<
      [typeof order],
      Awaited<ReturnType<typeof instantiateTarget>>,
      typeof instantiateTarget
    >(instantiateTarget, order);
  };
  const started = await Promise.all([worker('relocation:one/1', 'ue-1'), worker('relocation:two/2', '*')]);
  const [left, ...more] = world.at('a1');
  expect(more).toEqual([]);
  expect(started.map(({ to }) => to)).toEqual([left?.id, left?.id]);
  expect(started.map(({ how }) => how).toSorted()).toEqual(['created', 'shared']);
});

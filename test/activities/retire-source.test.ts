import { createHash } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { PortWorld } from '../support/world.ts';

it('leaves a subscription that is made while others are deleted, until it has a copy', async () => {
  const world = new PortWorld();
  const activities = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const run = async <A extends unknown[], R>(step: (...args: A) => Promise<R>, ...args: A): Promise<R> =>
    await new MockActivityEnvironment().run<A, R, typeof step>(step, ...args);
  const subject = { chain: 'relocation:one/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
  const { from, there } = await run(activities.checkRelocation, { ...subject, maxInterruptionMs: null, own: null });
  const { to } = await run(activities.instantiateTarget, { ...subject, from, there });
  const both = { ...subject, from, to };
  const { turns } = await run(activities.copyAhead, { ...both, made: [], turns: null });
  await run(activities.switchPath, { ...both, turns });
  await run(activities.handOver, both);

  const [source] = world.at('cloud');
  const [target] = world.at('a1');
  world.on('cloud.subscriptions.remove', () => {
    if (source !== undefined) world.subscribe(source, 99);
  });
  await expect(run(activities.retireSource, both)).rejects.toThrow(/1 subscriptions were made meanwhile/);
  expect(source).toMatchObject({ state: 'started', subscriptions: [{ filter: { ecgi: [99] } }] });
  expect(target?.subscriptions).toHaveLength(3);

  await expect(run(activities.retireSource, both)).resolves.toBe('stopped');
  expect(source).toMatchObject({ state: 'stopped', subscriptions: [] });
  expect(target?.subscriptions).toHaveLength(4);
});

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { PortWorld } from '../support/world.ts';

const run = async <A extends unknown[], R>(step: (...args: A) => Promise<R>, ...args: A): Promise<R> =>
  await attemptOf().run<A, R, typeof step>(step, ...args);

it('is told with both figures where the target is the authority, and has not what the receipt says', async () => {
  const world = new PortWorld();
  const { context } = world;
  // An application that answers each call of the contract, and keeps nothing of what it is given
  const forgetful = {
    ...context,
    state: async (...asked: Parameters<typeof context.state>) => {
      const state = await context.state(...asked);
      const kept = state.role === 'authority' && state.epoch > 1 ? 0 : 7;
      return { ...state, users: state.users.map((user) => ({ ...user, count: kept })) };
    },
  };
  Object.assign(world, { context: forgetful });
  const activities = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1, attemptMs: 40 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const subject = { chain: 'relocation:one/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
  const { from, there } = await run(activities.checkRelocation, { ...subject, maxInterruptionMs: null, own: null });
  const { to } = await run(activities.instantiateTarget, { ...subject, from, there });
  const both = { ...subject, from, to };
  const { turns } = await run(activities.copyAhead, { ...both, made: [], turns: null });
  await run(activities.switchPath, { ...both, turns });
  await expect(run(activities.handOver, both)).rejects.toMatchObject({
    type: 'WritesMissing',
    nonRetryable: true,
    message: expect.stringMatching(/the target has 0 writes of these users, the receipt says 7/) as string,
  });
});

it.each([0, 1, -1])(
  'leaves the next attempt its time, on a worker whose clock is %i hours behind the server',
  async (hours) => {
    const world = new PortWorld();
    const activities = relocationActivities({
      catalogue: world,
      pace: { ...Pace.parse({}), pollMs: 1 },
      digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
      turns: takingTurns(),
    });
    const subject = {
      chain: 'relocation:one/first',
      application: 'counter',
      users: '*',
      source: 'cloud',
      target: 'a1',
    };
    const { from, there } = await run(activities.checkRelocation, { ...subject, maxInterruptionMs: null, own: null });
    const { to } = await run(activities.instantiateTarget, { ...subject, from, there });
    const both = { ...subject, from, to };
    const scheduled = Date.now() + hours * 3_600_000;
    world.on('context.handOver', 'PeerUnavailable');
    const first = attemptOf({ scheduledTimestampMs: scheduled, currentAttemptScheduledTimestampMs: scheduled });
    let heard: unknown;
    first.on('heartbeat', (details) => void (heard = details));
    await expect(first.run(activities.handOver, both)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    const next = {
      scheduledTimestampMs: scheduled,
      currentAttemptScheduledTimestampMs: Date.now() + hours * 3_600_000,
    };
    const second = attemptOf({ ...next, attempt: 2, heartbeatDetails: heard });
    await expect(second.run(activities.handOver, both)).resolves.toMatchObject({ users: expect.any(Number) as number });
  },
);

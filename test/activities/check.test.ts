import { createHash } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { PortWorld } from '../support/world.ts';

const order = {
  chain: 'relocation:one/first',
  application: 'counter',
  users: '*',
  source: 'cloud',
  target: 'a1',
  maxInterruptionMs: null,
  own: null,
};

let world: PortWorld;
beforeEach(() => {
  world = new PortWorld();
});

/** What the step keeps when this attempt of it fails, and what is heard of it; `heard`: what was heard of those before. */
async function attempted(attempt: number, heard?: unknown) {
  const { checkRelocation } = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const environment = new MockActivityEnvironment({ attempt, heartbeatDetails: heard });
  let beat: unknown;
  environment.on('heartbeat', (details) => {
    beat = details;
  });
  const failed = await environment.run(checkRelocation, order).then(
    () => undefined,
    (error: unknown) => error as ApplicationFailure,
  );
  const [told] = (failed?.details ?? []) as readonly { readonly kept?: Record<string, unknown> }[];
  return { untouched: told?.kept?.['untouched'] === true, beat };
}

describe('a check that fails', () => {
  it('says that nothing was touched, in a later attempt too, as long as each attempt says that it has not asked', async () => {
    world.on('context.state', 'PeerUnavailable', 'PeerUnavailable', 'PeerUnavailable');
    const first = await attempted(1);
    const second = await attempted(2, first.beat);
    const third = await attempted(3, second.beat);
    expect([first.untouched, second.untouched, third.untouched]).toEqual([true, true, true]);
  });

  it('does not say so after an attempt of which nothing was heard: its worker may have asked before it died', async () => {
    world.on('context.state', 'PeerUnavailable', 'PeerUnavailable');
    const { beat } = await attempted(1);
    expect(await attempted(3, beat)).toMatchObject({ untouched: false });
    expect(await attempted(2)).toMatchObject({ untouched: false });
  });

  it('does not say so once it has asked, nor in any attempt after that', async () => {
    world.on('context.state', 'PeerUnavailable', () => {}, 'PeerUnavailable').on('context.promised', 'PeerUnavailable');
    const first = await attempted(1);
    const second = await attempted(2, first.beat);
    const third = await attempted(3, second.beat ?? first.beat);
    expect([second.untouched, third.untouched]).toEqual([false, false]);
  });
});

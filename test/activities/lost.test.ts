import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { Context, Site } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { busy } from '../support/busy.ts';
import { PortWorld } from '../support/world.ts';

/** Its cloud's host has stopped: whoever asks there is given no answer at all. */
class Frozen extends PortWorld {
  asked = 0;
  /** It refuses at once, else it hangs. */
  refuses = false;

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    if (name !== 'cloud') return site;
    const context = (...of: Parameters<Site['context']>): Context => ({
      ...site.context(...of),
      state: async (_at, _users, signal) => {
        this.asked += 1;
        if (this.refuses) throw failure('PeerUnavailable', 'application: nobody answers');
        return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      },
    });
    return { ...site, context };
  }
}

let world: Frozen;
beforeEach(() => {
  world = new Frozen();
  for (const { id } of world.at('cloud')) world.silent.add(id);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const between = { chain: 'relocation:one/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };

const stepsOf = (deadMs: number) =>
  relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1, deadMs },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });

const idAt = (site: string): string => world.at(site)[0]?.id ?? '';

describe('a source that hangs', () => {
  it('is asked once for as long as it has to be silent, though its timer ends before the clock says so', async () => {
    world.add('a1');
    const { confirmLost, watchSource } = stepsOf(20);
    const both = { ...between, from: idAt('cloud'), to: idAt('a1') };
    for (const clock of [performance, Date]) vi.spyOn(clock, 'now').mockReturnValue(clock.now());
    await attemptOf().run(confirmLost, both);
    expect(world.asked).toBe(1);

    const watched = await attemptOf().run(watchSource, { ...both, until: 'silent' as const });
    expect({ asked: world.asked, watched }).toMatchObject({ asked: 2, watched: { silentSince: expect.any(String) } });
  });

  it('is asked for a fourth of that where it is known to have been silent for so long', async () => {
    world.add('a1');
    const deadMs = Math.round(2_000 * busy()); // an attempt has half of that here
    const { confirmLost } = stepsOf(deadMs);
    const silentSince = new Date(Date.now() - deadMs).toISOString();
    const now = { currentAttemptScheduledTimestampMs: Date.now(), scheduledTimestampMs: Date.now() };
    await attemptOf(now).run(confirmLost, { ...between, from: idAt('cloud'), to: idAt('a1'), silentSince });
    expect(world.asked).toBe(1);
  });
});

describe('a worker whose clock leaps by hours', () => {
  const HOUR_MS = 3_600_000;
  const server = { currentAttemptScheduledTimestampMs: Date.UTC(2031, 0), scheduledTimestampMs: Date.UTC(2031, 0) };

  beforeEach(() => {
    world.add('a1');
    world.refuses = true;
    const now = vi.spyOn(Date, 'now');
    now.mockImplementation(() => Date.UTC(2035, 0) + Math.min(world.asked, 1) * HOUR_MS);
  });

  it('has a source be silent for as long as it has to be all the same, and says since when by the clock of the server', async () => {
    const { watchSource } = stepsOf(Math.round(200 * busy()));
    const order = { ...between, from: idAt('cloud'), to: idAt('a1'), until: 'silent' as const };
    const watched = await attemptOf(server).run(watchSource, order);
    expect(world.asked).toBeGreaterThan(1);
    expect(watched).toMatchObject({ silentSince: expect.stringMatching(/^2031-01-01T00:00:00/) });
  });

  it('and where that was seen by another worker', async () => {
    const { confirmLost } = stepsOf(Math.round(200 * busy()));
    const silentSince = new Date(server.currentAttemptScheduledTimestampMs - 20).toISOString();
    await attemptOf(server).run(confirmLost, { ...between, from: idAt('cloud'), to: idAt('a1'), silentSince });
    expect(world.asked).toBeGreaterThan(1);
  });
});

describe('a target that is started again in the very moment in which it takes over', () => {
  it('began empty, whatever copy it had, and that is told', async () => {
    const target = Object.assign(world.add('a1'), { expected: new Set(['one']), count: 7 });
    for (const { state } of world.at('cloud')) expect(state).toBe('started');
    Object.assign(world.at('cloud')[0] ?? {}, { state: 'stopped' });
    const { takeOver } = stepsOf(20);
    world.on('context.takesOver', () => void Object.assign(target, { expected: new Set(), count: 0 }));
    const order = { ...between, from: idAt('cloud'), to: target.id, epoch: 9, fence: 'stopped' as const };
    await expect(attemptOf().run(takeOver, order)).resolves.toMatchObject({
      writes: 0,
      copy: { writes: 0, changedSecondsAgo: null },
    });
  });
});

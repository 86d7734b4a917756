import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  override async site(name: string): Promise<Site> {
    const site = await super.site(name);
    if (name !== 'cloud') return site;
    const context = (...of: Parameters<Site['context']>): Context => ({
      ...site.context(...of),
      state: async (_at, _users, signal) => {
        this.asked += 1;
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
    await attemptOf().run(confirmLost, { ...between, from: idAt('cloud'), to: idAt('a1'), silentSince });
    expect(world.asked).toBe(1);
  });
});

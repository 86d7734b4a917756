import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { Context, Site } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { fences } from '../../domain/recovery.ts';
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

describe('a clock that is set by hours', () => {
  const hours = 7_200_000;

  it('on a worker that watches makes no moment of silence long enough', async () => {
    const own = new PortWorld();
    own.silent.add(own.at('cloud')[0]?.id ?? '');
    own.add('a1');
    world = own as Frozen;
    const { watchSource } = stepsOf(3_600_000);
    const [now, jumps] = [Date.now.bind(Date), { count: 0 }];
    vi.spyOn(Date, 'now').mockImplementation(() => now() + hours * (jumps.count += 1));
    const watched = attemptOf().run(watchSource, {
      ...between,
      from: idAt('cloud'),
      to: idAt('a1'),
      until: 'silent' as const,
    });
    await expect(watched).rejects.toThrow(/not done in time/);
    expect(own.calls.filter((call) => call === 'context.state').length).toBeGreaterThan(1);
  });

  it('does not have a silence forgotten that another worker has told', async () => {
    world.add('a1');
    const { confirmLost } = stepsOf(Math.round(2_000 * busy()));
    const silentSince = new Date(Date.now() + hours).toISOString();
    await attemptOf().run(confirmLost, { ...between, from: idAt('cloud'), to: idAt('a1'), silentSince });
    expect(world.asked).toBe(1);
  });
});

describe('what is written down of a source', () => {
  const written = ['stopped', 'notInstantiated', 'gone'] as const;
  const words = { stopped: 'stopped', notInstantiated: 'not instantiated', gone: 'gone' } as const;
  const strict = { lostWrites: true } as const;

  /** From a1 to a2, where devices are led by now. */
  function lost(as?: (typeof written)[number]) {
    const own = new PortWorld();
    const source = own.servedAt('a1');
    const target = own.add('a2');
    target.rules = target.rules.map((rule) =>
      rule.kind === 'traffic' ? { ...rule, destinations: [source.endpoint?.host ?? ''], active: true } : rule,
    );
    if (as === 'gone') own.instances.splice(own.instances.indexOf(source), 1);
    else if (as !== undefined) Object.assign(source, { state: as });
    const steps = relocationActivities({
      catalogue: own,
      pace: { ...Pace.parse({}), pollMs: 1, deadMs: 40 },
      digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
      turns: takingTurns(),
    });
    const both = { ...between, source: 'a1', target: 'a2', from: source.id, to: target.id };
    const run = async <A, R>(step: (order: A) => Promise<R>, order: A): Promise<R> =>
      await attemptOf().run<[A], R, typeof step>(step, order);
    return { own, source, steps, both, run };
  }
  const told = (id: string, as: (typeof written)[number]): string =>
    `a1: instance ${id} is written down as ${words[as]}, which proves nothing`;

  it.each([
    { as: 'stopped', weakest: 'ledAway' },
    { as: 'notInstantiated', weakest: 'ledAway' },
    // Of one that is gone nobody knows where devices would look for it
    { as: 'gone', weakest: 'none' },
  ] as const)('as $as is no fence, and takes nothing of it away; accepted is $weakest', async ({ as, weakest }) => {
    const { own, both, steps, run } = lost(as);
    const { from } = both;
    const refused = run(steps.fenceSource, { ...both, accept: strict });
    await expect(refused).rejects.toMatchObject({
      type: 'NotFenced',
      message: expect.stringContaining(told(from, as)),
    });
    const weak = fences.slice(fences.indexOf(weakest));
    const had = weak.map(async (fence) => await run(steps.fenceSource, { ...both, accept: { ...strict, fence } }));
    await expect(Promise.all(had)).resolves.toEqual(weak.map(() => weakest));
    for (const fence of fences.slice(0, fences.indexOf(weakest)))
      await expect(run(steps.fenceSource, { ...both, accept: { ...strict, fence } })).rejects.toThrow(told(from, as));
    expect(own.calls.filter((call) => /remove|instances\.stop/.test(call))).toEqual([]);
  });

  it.each(written)('as %s is borne out by an operation of its orchestrator, whoever asked for it', async (as) => {
    const { own, both, steps, run } = lost(as);
    own.ended.add(both.from);
    await expect(run(steps.fenceSource, { ...both, accept: strict })).resolves.toBe('stopped');
    const returned = { ...both, epoch: 2 ** 41, writes: 7 };
    await expect(run(steps.fenceReturned, returned)).resolves.toEqual({ how: 'gone', stranded: null, left: [] });
  });

  it('is not believed of one that answers: it is not lost, or fenced where it has been replaced', async () => {
    const { own, source, both, steps, run } = lost('stopped');
    own.alive.add(source.id);
    const answers = `a1: instance ${source.id} is written down as stopped, and answers all the same`;
    await expect(run(steps.confirmLost, both)).rejects.toMatchObject({ type: 'NotLost', message: answers });
    await expect(run(steps.fenceSource, { ...both, accept: strict })).rejects.toMatchObject({
      type: 'NotFenced',
      message: expect.stringMatching(/answers again/),
    });
    Object.assign(own.at('a2')[0] ?? {}, { role: 'authority', epoch: 2 ** 41 });
    const fenced = await run(steps.fenceReturned, { ...both, epoch: 2 ** 41, writes: 5 });
    expect({ fenced, role: source.role }).toEqual({ fenced: { how: 'fenced', stranded: 2 }, role: 'relay' });
  });

  it('nor is what speaks at an address that it had: that may be somebody else by now', async () => {
    const { own, source, both, steps, run } = lost('stopped');
    const heir = Object.assign(own.add('a1'), { endpoint: source.endpoint });
    own.instances.splice(own.instances.indexOf(source), 1);
    own.instances.push(source);
    expect(own.at('a1').map(({ id }) => id)).toEqual([heir.id, source.id]);
    await expect(run(steps.confirmLost, both)).resolves.toMatchObject({ users: 0 });
    // It knows nobody, which is not the source's having forgotten
    await expect(run(steps.fenceSource, { ...both, accept: strict })).rejects.toMatchObject({ type: 'NotFenced' });
  });

  it('as gone ends no waiting for it: it may be cut off, and come back', async () => {
    const { both, steps, run } = lost('gone');
    await expect(run(steps.fenceReturned, { ...both, epoch: 2 ** 41, writes: 7 })).rejects.toMatchObject({
      type: 'NotYet',
      message: `${told(both.from, 'gone')}: no operation of its orchestrator is to be found that ended it; it is silent, and waited for`,
    });
  });

  it('once it was ended is not believed either where it goes on answering', async () => {
    const { own, source, both, steps, run } = lost();
    own.silent.add(source.id);
    own.on('a1.instances.end', () => {
      own.silent.delete(source.id);
      own.alive.add(source.id);
    });
    await expect(run(steps.fenceSource, { ...both, accept: strict })).rejects.toMatchObject({
      type: 'NotYet',
      message: `a1: its orchestrator has ended instance ${source.id}, and it answers all the same`,
    });
  });
});

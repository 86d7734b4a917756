import { createHash } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import type { Described } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { attemptOf } from '../support/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { PlayedTarget } from '../support/played-target.ts';
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

const activities = () =>
  relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1, stepMs: 50 },
    // As a key has it: in base32
    digest: (text) =>
      createHash('sha256')
        .update(text)
        .digest('hex')
        .slice(0, 25)
        .replaceAll(/[0189]/g, 'z'),
    turns: takingTurns(),
  });

/** Given again after an `activity reset`: its number is one, and it was first scheduled before. */
const reset = { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: 2 };

const run = async <A, R>(
  step: (order: A) => Promise<R>,
  given: A,
  time: Parameters<typeof attemptOf>[0] = {},
): Promise<R> => await attemptOf(time).run<[A], R, typeof step>(step, given);

/** What the step keeps when this attempt of it fails, and what is heard of it; `heard`: what was heard of those before. */
async function attempted(attempt: number, heard?: unknown, time = {}) {
  const environment = attemptOf({ attempt, heartbeatDetails: heard, ...time });
  let beat: unknown;
  environment.on('heartbeat', (details) => {
    beat = details;
  });
  const failed = await environment.run(activities().checkRelocation, order).then(
    () => undefined,
    (error: unknown) => error as ApplicationFailure,
  );
  const [told] = (failed?.details ?? []) as readonly { readonly kept?: Record<string, unknown> }[];
  return { untouched: told?.kept?.['untouched'] === true, from: told?.kept?.['from'], beat };
}

it.each([
  [300, 300_000],
  [2 ** 31 - 1, 604_800_000],
  [4_294_967_295, 0],
])('a check lets old answers of %i seconds be kept for %i ms', async (ttl, ms) => {
  world.ttl = ttl;
  const { drainMs } = await run(activities().checkRelocation, order);
  expect(drainMs).toBe(ms);
});

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

  it('does not say so where its attempts were reset, whether or not what they had kept was dropped', async () => {
    world.on('context.promised', 'PeerUnavailable');
    const { beat } = await attempted(1);
    const unavailable = Array.from({ length: 3 }, () => 'PeerUnavailable' as const);
    world.on('context.state', ...unavailable);
    expect(await attempted(1, beat)).toMatchObject({ untouched: false });
    const dropped = await attempted(1, undefined, reset);
    expect(dropped).toMatchObject({ untouched: false });
    expect(await attempted(2, dropped.beat, reset)).toMatchObject({ untouched: false });
  });

  it('tells who was asked for the promise: no list may show it when it is to be released', async () => {
    world.on('context.promised', 'PeerUnavailable');
    expect(await attempted(1)).toMatchObject({ from: world.at('cloud')[0]?.id });
  });
});

describe('an instance at the target that does not answer', () => {
  const hung = (name: string | null = null): string => {
    const made = Object.assign(world.add('a1'), { name });
    world.silent.add(made.id);
    return made.id;
  };

  it('is left alone, and the next one that answers is used', async () => {
    const first = hung();
    const second = world.add('a1').id;
    expect(await run(activities().checkRelocation, order)).toMatchObject({ there: { id: second, was: 'started' } });
    const { possible, steering } = await run(activities().planRelocation, order);
    expect(possible).toBe(true);
    expect(steering).toContain(`a1: instance ${first} does not answer, and is left alone`);
  });

  it('stops nobody where it is the only one: another is made, and nothing is done to it', async () => {
    const id = hung();
    const { from, there } = await run(activities().checkRelocation, order);
    expect(there).toBeNull();
    const { to, how } = await run(activities().instantiateTarget, { ...order, from, there });
    expect(how).toBe('created');
    await run(activities().removeTarget, { ...order, there, to, calmAt: 0 });
    expect(world.at('a1')).toMatchObject([{ id, state: 'started', expected: new Set() }]);
  });

  it('is waited for where another relocation of ours has just made it, and not for ever', async () => {
    const id = hung('fabcdefghijklmnopqrstuvwxy');
    const { from, there } = await run(activities().checkRelocation, order);
    world.on(
      'a1.instances.list',
      () => {},
      () => void world.silent.delete(id),
    );
    expect(await run(activities().instantiateTarget, { ...order, from, there })).toEqual({ to: id, how: 'shared' });
    world.silent.add(id);
    const another = { ...order, chain: 'relocation:two/first', from, there };
    expect(await run(activities().instantiateTarget, another)).toMatchObject({ how: 'created' });
  });
});

describe('an id', () => {
  const alike = (change: object = {}) => {
    const [source] = world.at('cloud');
    return { source, there: Object.assign(world.add('a1'), { id: source?.id ?? '' }, change) };
  };

  it('is of the peer that gave it: another one may give it to the instance that is at the target', async () => {
    const { source, there } = alike();
    expect(await run(activities().checkRelocation, order)).toMatchObject({
      from: source?.id,
      there: { id: there.id, was: 'started' },
    });
    expect(await run(activities().planRelocation, order)).toMatchObject({ possible: true, obstacles: [] });
  });

  it('is the same instance where the sites overlap, and is refused', async () => {
    alike({ endpoint: world.at('cloud')[0]?.endpoint });
    await expect(run(activities().checkRelocation, order)).rejects.toMatchObject({
      type: 'TargetRefused',
      message: expect.stringContaining('is the source itself: the sites overlap'),
    });
  });

  it('of the source is that of the instance made at the target: a second attempt takes it all the same, and no other', async () => {
    const { from } = await run(activities().checkRelocation, order);
    const started = await run(activities().instantiateTarget, { ...order, from, there: null });
    Object.assign(world.add('a1'), { name: 'fabcdefghijklmnopqrstuvwxy' });
    Object.assign(world.at('a1')[0] ?? {}, { id: from });
    expect(started.how).toBe('created');
    expect(await run(activities().instantiateTarget, { ...order, from, there: null })).toEqual({
      to: from,
      how: 'created',
    });
  });

  it('that both ends have tells nobody who answers at the source: what is turned is not called observed', async () => {
    const { from } = await run(activities().checkRelocation, order);
    const { to } = await run(activities().instantiateTarget, { ...order, from, there: null });
    const turned = async (at: string) => {
      const { turns } = await run(activities().copyAhead, { ...order, from, to: at, made: [], turns: null });
      return await run(activities().switchPath, { ...order, from, to: at, turns });
    };
    expect(await turned(to)).toMatchObject({ observed: true });
    Object.assign(world.at('a1')[0] ?? {}, { id: from });
    expect(await turned(from)).toMatchObject({ observed: false });
  });
});

describe('an instance at the source that does not answer', () => {
  it('stops nobody beside one that is the authority of these users, and is told', async () => {
    const [authority] = world.at('cloud');
    const hung = world.add('cloud').id;
    world.silent.add(hung);
    expect(await run(activities().checkRelocation, order)).toMatchObject({ from: authority?.id });
    const { possible, steering } = await run(activities().planRelocation, order);
    expect(possible).toBe(true);
    expect(steering).toContain(`cloud: instance ${hung} does not answer; whoever it may serve stays with it`);
  });

  it('stops the move where nobody else says that he is their authority: it may be', async () => {
    world.silent.add(world.at('cloud')[0]?.id ?? '');
    world.add('cloud');
    await expect(run(activities().checkRelocation, order)).rejects.toMatchObject({ type: 'PeerUnavailable' });
    const { possible, obstacles, guarantee, risk } = await run(activities().planRelocation, order);
    expect(possible).toBe(false);
    expect(obstacles).toMatchObject([{ failure: 'PeerUnavailable', where: 'cloud' }]);
    expect([guarantee, risk]).toEqual([null, undefined]); // whatever the configuration declares
  });

  it('holds up the look no longer than itself, however many there are', async () => {
    for (let n = 0; n < 3; n += 1) world.silent.add(world.add('cloud').id);
    let [asking, most] = [0, 0];
    const together = async (): Promise<void> => {
      most = Math.max(most, (asking += 1));
      await new Promise((resume) => setImmediate(resume));
      asking -= 1;
    };
    world.on('context.state', ...Array.from({ length: 4 }, () => together));
    await run(activities().checkRelocation, order);
    expect(most).toBe(4);
  });
});

describe('a plan', () => {
  it('asks side by side what may hang, and names every place that does', async () => {
    world.on('cloud.subscriptions.list', async () => {
      await eventually(() => world.calls.includes('a1.path.look'));
      throw failure('PeerUnavailable', 'services: did not answer within 4000 ms');
    });
    world.on('a1.instances.reach', 'PeerUnavailable').on('a1.path.look', 'PeerUnavailable');
    const { possible, obstacles } = await run(activities().planRelocation, order);
    expect(possible).toBe(false);
    expect(obstacles.map(({ failure: type, where }) => `${type} ${where}`).toSorted()).toEqual([
      'NotSteerable a1',
      'PeerUnavailable a1',
      'PeerUnavailable a1',
      'PeerUnavailable cloud',
    ]);
  });

  const whole: Described = { names: ['Counter.EDGE.test.'], traffic: true, requires: ['RNIS'] };

  it('tells which rules an instance that is still to be made will have, as the descriptor of its package says', async () => {
    world.described = whole;
    const { possible, steering } = await run(activities().planRelocation, order);
    expect(possible).toBe(true);
    expect(steering).toEqual(
      expect.arrayContaining([
        'a1: the DNS rule of its descriptor will lead the name',
        'a1: a traffic rule of its descriptor will lead every device',
      ]),
    );
  });

  it.each<[string, Described, string, string]>([
    ['no rules', { ...whole, names: [], traffic: false }, 'NotSteerable', 'no name or traffic rule at either side'],
    ['a rule for another name', { ...whole, names: ['chess.test'], traffic: false }, 'NotSteerable', 'no name or'],
  ])('says before anything is done that a package with %s cannot be moved', async (_, described, type, detail) => {
    world.described = described;
    const { possible, obstacles, steering } = await run(activities().planRelocation, order);
    expect([possible, obstacles.map((one) => [one.failure, one.where])]).toEqual([false, [[type, 'a1']]]);
    expect(obstacles[0]?.detail).toContain(detail);
    expect(steering.some((told) => told === 'a1: its descriptor has no traffic rule')).toBe(!described.traffic);
    await expect(run(activities().checkRelocation, order)).rejects.toMatchObject({ type });
    expect(world.calls.filter((call) => /distribute|instantiate/.test(call))).toEqual([]);
  });

  it('tells which service that the descriptor asks for is not there by that name, and leaves it to the orchestrator', async () => {
    world.described = { ...whole, requires: ['RNIS', 'LocationService'] };
    world.missingServices = ['LocationService'];
    const { possible, steering } = await run(activities().planRelocation, order);
    expect(possible).toBe(true);
    expect(steering).toContain('a1: the descriptor asks for LocationService, which is not ACTIVE there by that name');
  });

  it('asks nothing of the descriptor where an instance runs there already', async () => {
    world.described = { names: [], traffic: false, requires: ['LocationService'] };
    world.missingServices = ['LocationService'];
    world.servedAt('a2');
    const { possible } = await run(activities().planRelocation, { ...order, source: 'a2', target: 'cloud' });
    expect(possible).toBe(true);
  });

  it('answers within its time though a peer hangs for longer than that', async () => {
    const hanging = await PlayedTarget.open(600_000);
    try {
      hanging.broken = { call: /^GET /, form: () => undefined };
      const { planRelocation } = relocationActivities({
        catalogue: hanging,
        pace: { ...Pace.parse({}), pollMs: 1 },
        digest: (text) => text,
        turns: takingTurns(),
      });
      const { possible, obstacles } = await run(planRelocation, order);
      expect(possible).toBe(false);
      expect(hanging.asked).toBeGreaterThan(0);
      expect(obstacles).toContainEqual({
        failure: 'NotYet',
        where: 'a1',
        detail: 'what was asked there was not answered in the time that this look has',
        remedy: expect.any(String),
      });
    } finally {
      await hanging.close();
    }
  });
});

describe('a platform that lists active rules only', () => {
  async function copied(ruleIds: readonly string[]) {
    const target = Object.assign(await PlayedTarget.open(10_000), { ruleIds });
    try {
      target.listActiveOnly();
      const steps = relocationActivities({
        catalogue: target,
        pace: { ...Pace.parse({}), pollMs: 1 },
        digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
        turns: takingTurns(),
      });
      const { from, there } = await run(steps.checkRelocation, order);
      const { to } = await run(steps.instantiateTarget, { ...order, from, there });
      return await run(steps.copyAhead, { ...order, from, to, made: [], turns: null });
    } finally {
      await target.close();
    }
  }

  it('is said to be so before the path is touched, with what the configuration lacks', async () => {
    await expect(copied([])).rejects.toMatchObject({
      type: 'NotSteerable',
      message: expect.stringMatching(/^a1: no rule of instance i1 .* by the ruleIds of counter .*\(there are none\)$/),
    });
    await expect(copied(['TrafficRule001'])).rejects.toThrow('TrafficRule001: it has none of these');
  });

  it('is asked for the others by their ids', async () => {
    await expect(copied(['name', 'all'])).resolves.toMatchObject({ turns: { here: expect.any(String) } });
  });
});

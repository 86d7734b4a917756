import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Pace } from '../../configuration/peers.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { attemptOf } from '../support/attempt.ts';
import { PlayedMeo } from '../support/played-meo.ts';
import { PortWorld } from '../support/world.ts';

const run = async <A extends unknown[], R>(step: (...args: A) => Promise<R>, ...args: A): Promise<R> =>
  await attemptOf().run<A, R, typeof step>(step, ...args);

/** Its users are handed over already. */
async function handedOver() {
  const world = new PortWorld();
  const activities = relocationActivities({
    catalogue: world,
    pace: { ...Pace.parse({}), pollMs: 1, drainLimitMs: 20, stepMs: 400 },
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, 25),
    turns: takingTurns(),
  });
  const subject = { chain: 'relocation:one/first', application: 'counter', users: '*', source: 'cloud', target: 'a1' };
  const { from, there } = await run(activities.checkRelocation, { ...subject, maxInterruptionMs: null, own: null });
  const { to } = await run(activities.instantiateTarget, { ...subject, from, there });
  const both = { ...subject, from, to };
  const { turns } = await run(activities.copyAhead, { ...both, made: [], turns: null });
  await run(activities.switchPath, { ...both, turns });
  await run(activities.handOver, both);
  return { world, activities, both };
}

it('leaves a subscription that is made while others are deleted, until it has a copy', async () => {
  const { world, activities, both } = await handedOver();
  const [source] = world.at('cloud');
  const [target] = world.at('a1');
  world.on('cloud.subscriptions.remove', () => {
    if (source !== undefined) world.subscribe(source, 99);
  });
  await expect(run(activities.retireSource, both)).rejects.toThrow(/1 subscriptions were made meanwhile/);
  expect(source).toMatchObject({ state: 'started', subscriptions: [{ filter: { ecgi: [99] } }] });
  expect(target?.subscriptions).toHaveLength(3);

  await expect(run(activities.retireSource, both)).resolves.toEqual({ how: 'stopped', left: [] });
  expect(source).toMatchObject({ state: 'stopped', subscriptions: [] });
  expect(target?.subscriptions).toHaveLength(4);
});

it('does nothing to an instance of another application that has been given the id of the source', async () => {
  const { world, activities, both } = await handedOver();
  const [neighbour] = world.at('cloud');
  Object.assign(neighbour ?? {}, { state: 'stopped' });
  world.hidden.add(both.from);
  world.others.add(both.from);
  const told = `cloud: instance ${both.from} is one of another application, and is left alone`;
  await expect(run(activities.retireSource, both)).rejects.toThrow(told);
  await expect(run(activities.stopSource, both)).rejects.toThrow(told);
  await expect(run(activities.startSource, { ...both, calmAt: 0 })).rejects.toThrow(told);
  expect(world.calls.filter((call) => /^cloud\.instances\.(stop|start|remove)/.test(call))).toEqual([]);
  expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
});

it('has its address forgotten at every other site, also by an instance to which another peer gave the id of the target', async () => {
  const { world, activities, both } = await handedOver();
  Object.assign(world.at('cloud')[0] ?? {}, { site: 'a2' });
  Object.assign(world.add('w1'), { id: both.to });
  await run(activities.retireSource, { ...both, source: 'a2' });
  expect(world.calls.filter((call) => call.endsWith('path.forget'))).toEqual(['a1.path.forget', 'w1.path.forget']);
});

it('asks an orchestrator of both ends twice for its instances: before it asks them, and when nobody comes to the source any more', async () => {
  const { world, activities, both } = await handedOver();
  const [source, target] = [world.at('cloud')[0], world.at('a1')[0]];
  const meo = await PlayedMeo.open();
  try {
    const ends = [
      { made: source, host: 'a2' },
      { made: target, host: 'a1' },
    ];
    for (const { made, host } of ends) {
      Object.assign(made ?? {}, { site: host });
      Object.assign(meo.add('', 'STARTED', 'appd-1'), { id: made?.id, host });
    }
    meo.place = (host) => ends.find((end) => end.host === host)?.made?.endpoint?.host ?? null;
    const site = world.site.bind(world);
    world.site = async (name) => {
      const address = meo.place(name);
      const at = (addresses: string) => mec010Instances(meo.server.exchange, { host: name, addresses });
      return { ...(await site(name)), ...(address !== null && { instances: at(`${address}/32`) }) };
    };
    await expect(run(activities.retireSource, { ...both, source: 'a2' })).resolves.toEqual({
      how: 'removed',
      left: [],
    });
    const lists = meo.server.heard.filter(({ path }) => path.endsWith('/app_instances'));
    const byApplication = '(eq,appDId,appd-1)';
    expect(lists.map(({ query }) => query.get('filter'))).toEqual([byApplication, byApplication]);
    expect(meo.instances.map(({ id }) => id)).toEqual([both.to]);
  } finally {
    await meo.server.close();
  }
});

describe('a source that runs, and that no list shows', () => {
  it('is not taken for one without clients, and not taken away unasked: it may serve others', async () => {
    const { world, activities, both } = await handedOver();
    world.hidden.add(both.from);
    world.clientSeen = 0;
    await expect(run(activities.confirmQuiet, both)).rejects.toMatchObject({ type: 'StillInUse' });
    await expect(run(activities.retireSource, both)).rejects.toMatchObject({ type: 'NotYet' });
    expect(world.at('cloud')).toMatchObject([{ state: 'started' }]);
    world.hidden.clear();
    await expect(run(activities.retireSource, both)).resolves.toEqual({ how: 'stopped', left: [] });
  });

  it('is not taken for released from its promise', async () => {
    const { world, activities, both } = await handedOver();
    world.hidden.add(both.from);
    await expect(run(activities.releasePromise, { ...both, to: null })).rejects.toThrow(
      `cloud: instance ${both.from} is started, and no list shows it`,
    );
  });
});

/** Its subscriptions lead to nobody: the target has the like. */
describe('a source that is dead when it is to be retired', () => {
  const subscriptions = (world: PortWorld): number =>
    [...world.instances, ...world.remains].reduce(
      (sum, { id, subscriptions: all }) => sum + (id === 'i1' ? all.length : 0),
      0,
    );

  it.each([
    ['has failed', (world: PortWorld) => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' })],
    [
      'is stopped, and has no address',
      (world: PortWorld) => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'stopped', endpoint: null }),
    ],
    ['is gone', (world: PortWorld) => void world.remains.push(...world.instances.splice(0, 1))],
  ])('leaves no subscription behind, and the target has what it made last: it %s', async (_, dies) => {
    const { world, activities, both } = await handedOver();
    const [source] = world.at('cloud');
    if (source !== undefined) world.subscribe(source, 99);
    dies(world);
    expect(subscriptions(world)).toBe(4);
    const { left } = await run(activities.retireSource, both);
    expect([left, subscriptions(world)]).toEqual([[], 0]);
    const copied = source?.endpoint == null || !world.instances.includes(source) ? 3 : 4;
    expect(world.at('a1')[0]?.subscriptions).toHaveLength(copied);
  });

  it('whose platform does not answer, or refuses, is retired all the same, and what it leaves is told', async () => {
    const { world, activities, both } = await handedOver();
    Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });
    world.on('cloud.subscriptions.remove', ...Array.from({ length: 5_000 }, () => 'PeerUnavailable' as const));
    await expect(run(activities.retireSource, both)).resolves.toEqual({
      how: 'stopped',
      left: [
        {
          type: 'PeerUnavailable',
          message:
            'cloud: subscriptions of instance i1, which runs no more, may be left and tell nobody: cloud.subscriptions.remove was made to fail',
        },
      ],
    });
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('leaves behind what is locked, and nothing else: that is told', async () => {
    const { world, activities, both } = await handedOver();
    world.remains.push(...world.instances.splice(0, 1));
    const [locked] = world.remains[0]?.subscriptions ?? [];
    const sites = world.site.bind(world);
    world.site = async (name) => {
      const site = await sites(name);
      const remove: typeof site.subscriptions.remove = async (id, ...rest) => {
        if (id === locked?.id) throw failure('PeerRejected', `DELETE ${id} answered 423`);
        await site.subscriptions.remove(id, ...rest);
      };
      return { ...site, subscriptions: { ...site.subscriptions, remove } };
    };
    const { left } = await run(activities.retireSource, both);
    expect(world.remains[0]?.subscriptions).toEqual([locked]);
    expect(left).toMatchObject([{ type: 'PeerRejected', message: expect.stringContaining('answered 423') }]);
  });
});

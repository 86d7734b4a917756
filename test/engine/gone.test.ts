import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { approve, retry, status } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { reached } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** What is gone, or known by no name any more, stops only what needs it. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const hour = { insistMs: 3_600_000 };
const refused = Array.from({ length: 99 }, () => 'PeerRejected' as const);

describe('a source that has given its users away and dies', () => {
  const dies = (world: PortWorld) => (): void =>
    void Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed', endpoint: null });

  it('at once is needed for nothing that follows', async () => {
    const world = new PortWorld(3);
    world.on('context.handedOver', dies(world));
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({ outcome: 'relocated', failure: null });
    });
    expect(world.at('a1')).toMatchObject([{ role: 'authority' }]);
    expect(world.calls).toContain('a1.notices.addressChanged');
  });

  it('before its answer is heard is known to have done so by what the target is', async () => {
    const world = new PortWorld(3);
    world.on('context.handedOver', () => {
      dies(world)();
      throw failure('PeerRejected', 'the answer was lost');
    });
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({ outcome: 'relocated', epoch: 2 });
    });
  });
});

it('a promise of a source that cannot be told it is released is not reported as released', async () => {
  const world = new PortWorld(3);
  const [source] = world.at('cloud');
  const endpoint = source?.endpoint;
  const before = world.dump();
  world.on('a1.packages.distribute', () => {
    Object.assign(source ?? {}, { endpoint: null });
    throw failure('PackageInvalid', 'no');
  });
  await engine.over(world, async (start) => {
    const handle = await start({}, { insistMs: 1_500 });
    const parked = await reached(handle, 'parked');
    expect(parked).toMatchObject({ left: [{ undo: 'releasePromise' }] });
    Object.assign(source ?? {}, { endpoint });
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  expect(world.dump()).toStrictEqual(before);
});

it('a promise whose answer is lost is not reported as released while no list shows who gave it', async () => {
  const world = new PortWorld(3);
  const [source] = world.at('cloud');
  const before = world.dump();
  world.on('context.promised', () => {
    world.hidden.add(source?.id ?? '');
    throw failure('PeerUnavailable', 'the answer was lost');
  });
  await engine.over(world, async (start) => {
    const handle = await start({}, { insistMs: 1_500 });
    expect(await reached(handle, 'parked')).toMatchObject({ left: [{ undo: 'releasePromise' }] });
    world.hidden.clear();
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  expect(world.dump()).toStrictEqual(before);
});

describe('what one step of the way back needs', () => {
  /** Held, and meanwhile the configuration loses a name. */
  const without = async (name: string, scenario: (world: PortWorld, handle: WorkflowHandle) => Promise<void>) => {
    const world = new PortWorld(3);
    const site = world.site.bind(world);
    await engine.over(world, async (start) => {
      const handle = await start({ cutOver: { approval: true } }, { insistMs: 1_500 });
      await reached(handle, 'held');
      world.site = async (asked) => {
        if (asked === name) throw failure('UnknownName', `no such site: ${asked}`);
        return await site(asked);
      };
      await handle.executeUpdate(approve);
      await scenario(world, handle);
      world.site = site;
      await handle.executeUpdate(retry).catch(() => undefined); // it may try again by itself first
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(new PortWorld(3).dump());
  };

  it('is not the name of the target, where the source is to be released', async () => {
    await without('a1', async (world, handle) => {
      const parked = await reached(handle, 'parked');
      expect(parked).toMatchObject({ left: [{ undo: 'removeTarget' }, { undo: 'deleteCopies' }] });
      expect(world.at('cloud')).toMatchObject([{ promisedTo: null }]);
    });
  });
});

it('a side of the path that is known is turned back while the other has lost its name', async () => {
  const world = new PortWorld(3);
  const [cloud] = world.at('cloud');
  if (cloud === undefined) throw new Error('there is a source');
  const site = world.site.bind(world);
  const moved = Object.assign(cloud, { site: 'a2', rules: structuredClone(world.add('a1').rules) });
  world.instances.splice(1);
  for (const rule of moved.rules)
    Object.assign(rule, rule.kind === 'dns' ? { address: '10.0.0.1', active: true } : { leadsTo: '10.0.0.1' });
  const before = world.dump();
  world.on('context.handOver', () => {
    world.site = async (asked) => {
      if (asked === 'a1') throw failure('UnknownName', `no such site: ${asked}`);
      return await site(asked);
    };
    throw failure('PeerRejected', 'no');
  });
  await engine.over(world, async (start) => {
    const handle = await start({ source: 'a2' }, { ...hour, insistMs: 3_000 });
    await eventually(() => world.calls.includes('a2.path.turnBack'), 20_000);
    world.site = site;
    await eventually(async () => {
      await handle.executeUpdate(retry).catch(() => undefined);
      return (await handle.query(status)).state === 'ended';
    }, 20_000);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  expect(world.dump()).toStrictEqual(before);
});

describe('what a step has begun has ended when it fails', () => {
  it('subscriptions are not made behind the back of the undo', async () => {
    const world = new PortWorld(12);
    world.add('a1');
    const before = world.dump();
    const slow = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 700));
    world.on('a1.subscriptions.create', ...Array.from({ length: 12 }, () => slow));
    world.on('context.promise', () => {}, ...refused);
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { step: 'copyAhead' },
        leftovers: [],
      });
      const ended = world.calls.length;
      await slow();
      await slow();
      expect(world.calls).toHaveLength(ended);
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

it('a start that is carried out after we gave up is taken back', async () => {
  const world = new PortWorld(3);
  Object.assign(world.add('a1'), { state: 'stopped' });
  world.on('a1.instances.start', 'PeerRejected');
  world.on(
    'a1.instances.stop',
    () => void setTimeout(() => void Object.assign(world.at('a1')[0] ?? {}, { state: 'started' }), 50),
  );
  await engine.over(world, async (start) => {
    await expect((await start()).result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  // Twice, and each time before and after what still goes on is taken back
  expect(world.calls.filter((call) => call === 'a1.instances.stop')).toHaveLength(4);
  expect(world.at('a1')).toMatchObject([{ state: 'stopped' }]);
});

it('an instance that others share does not keep us from removing our own, which came late', async () => {
  const world = new PortWorld(3);
  world.on('a1.path.write', () => {
    const shared = world.at('a1')[0];
    if (shared === undefined) throw new Error('it was started');
    // What we asked for first was carried out late; meanwhile another relocation's was used, and is relied on
    const late = Object.assign(world.add('a1'), { name: shared.name });
    Object.assign(shared, { name: null, role: 'authority' });
    expect(late.id).not.toBe(shared.id);
    throw failure('PeerRejected', 'no');
  });
  await engine.over(world, async (start) => {
    await expect((await start()).result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  expect(world.at('a1')).toMatchObject([{ name: null, role: 'authority' }]);
});

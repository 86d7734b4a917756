import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, approve, recover, retry } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { reached, refusalOf } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** A source that is taken to be dead: the target takes its place when an operator says so, and not before it is safe. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const hour = { insistMs: 3_600_000 };
const held = { cutOver: { approval: true } } as const;
type Start = Parameters<Parameters<Engine['over']>[1]>[0];
type Handle = Awaited<ReturnType<Start>>;

/** Held, and then this happens to the source; parked on its way back. */
async function parked(start: Start, happens: () => void): Promise<Handle> {
  const handle = await start(held, hour);
  await reached(handle, 'held');
  happens();
  await handle.executeUpdate(approve);
  await expect(reached(handle, 'parked')).resolves.toMatchObject({ abandonable: true, recoverable: true });
  return handle;
}

const fails = (world: PortWorld) => (): void => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });
const again = async (handle: Handle): Promise<unknown> => {
  await eventually(async () => (await reached(handle, 'parked')).state === 'parked');
  return await reached(handle, 'parked');
};

describe('a source that is lost', () => {
  it('is replaced by the target, with the copy that it has: recovered', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'recovered',
        failure: null,
        leftovers: [],
        moved: { instance: 'created', subscriptions: 3 },
        recovery: { fence: 'stopped', users: 1, writes: 7 },
        pathObserved: true,
        freezeMs: null,
      });
    });
    expect(world.at('a1')).toMatchObject([{ state: 'started', role: 'authority' }]);
    expect(world.at('a1')[0]?.epoch).toBeGreaterThan(2 ** 40);
    expect(world.at('a1')[0]?.rules).toContainEqual(expect.objectContaining({ id: 'name', active: true }));
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
    expect(world.calls.indexOf('cloud.instances.end')).toBeLessThan(world.calls.indexOf('context.takesOver'));
  });

  it('and was started again knows nobody: it is no second writer, and is retired as ever', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, () => world.restart('cloud'));
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered', recovery: { fence: 'forgot' } });
    });
    expect(world.authority?.site).toBe('a1');
    expect(world.calls).toContain('context.superseded');
  });

  it('and has come back meanwhile keeps its users: nothing is taken over, everything is undone', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      Object.assign(world.at('cloud')[0] ?? {}, { state: 'started' });
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
    expect(world.calls).not.toContain('context.takesOver');
  });

  it('that cannot be stopped is not replaced: the path is turned back, and the operator told why', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      world.on('cloud.instances.end', 'PeerRejected');
      await handle.executeUpdate(recover);
      await eventually(() => world.calls.includes('a1.path.turnBack'));
      await expect(again(handle)).resolves.toMatchObject({ failure: { type: 'PeerRejected' }, recoverable: true });
      expect(world.calls).not.toContain('context.takesOver');
      expect(world.at('a1')[0]?.rules.filter(({ active }) => active)).toEqual([]);
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered' });
    });
  });

  it('is not replaced as long as another instance may serve its users', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      const other = world.add('w1').id;
      world.silent.add(other);
      await handle.executeUpdate(recover);
      await eventually(async () => {
        const status = await reached(handle, 'parked');
        return status.state === 'parked' && status.failure.type === 'OtherUnknown';
      });
      expect(world.calls).not.toContain('a1.path.write');
      world.silent.delete(other);
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered' });
    });
  });

  it('goes forward only once the target may have taken over', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      world.on('context.takesOver', 'PeerRejected');
      await handle.executeUpdate(recover);
      await eventually(async () => {
        const status = await reached(handle, 'parked');
        return status.state === 'parked' && status.left.length === 0;
      });
      await expect(reached(handle, 'parked')).resolves.toMatchObject({ abandonable: false, recoverable: false });
      await expect(refusalOf(handle.executeUpdate(abandon))).resolves.toBe('InDoubt');
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered' });
    });
  });

  it('gives up where somebody else has begun to serve its users meanwhile, when an operator says so', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await parked(start, fails(world));
      const other = world.add('w1');
      world.on('context.superseded', () => void Object.assign(other, { role: 'authority', epoch: 9 }));
      await handle.executeUpdate(recover);
      await eventually(async () => {
        const status = await reached(handle, 'parked');
        return status.state === 'parked' && status.failure.type === 'NotLost';
      });
      await expect(reached(handle, 'parked')).resolves.toMatchObject({
        abandonable: true,
        recoverable: false,
        failure: { message: expect.stringContaining(`w1: instance ${other.id} is the authority`) },
      });
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'abandoned', failure: { type: 'NotLost' } });
      expect(world.instances.filter(({ role }) => role === 'authority')).toEqual([other]);
      expect(world.at('a1')).toHaveLength(1);
    });
  });
});

it('a source that is silent in the hand-over, so that nobody knows whether it decided, is replaced too', async () => {
  const world = new PortWorld(3);
  world.on('context.handOver', () => void world.silent.add(world.at('cloud')[0]?.id ?? ''), 'PeerRejected');
  await engine.over(world, async (start) => {
    const handle = await start({}, { insistMs: 1_500 });
    await expect(reached(handle, 'parked')).resolves.toMatchObject({
      step: 'handOver',
      abandonable: false,
      recoverable: true,
    });
    await handle.executeUpdate(recover);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered', recovery: { fence: 'stopped' } });
  });
  expect(world.authority?.site).toBe('a1');
});

it('one that is parked for another reason has nobody to replace', async () => {
  const world = new PortWorld(3).on('a1.path.write', () => {}, 'PeerRejected');
  world.on('a1.path.turnBack', ...Array.from({ length: 9 }, () => 'PeerRejected' as const));
  await engine.over(world, async (start) => {
    const handle = await start({}, hour);
    await expect(reached(handle, 'parked')).resolves.toMatchObject({ recoverable: false });
    await expect(refusalOf(handle.executeUpdate(recover))).resolves.toBe('NotPossibleNow');
    await handle.executeUpdate(abandon);
  });
});

it('users whom somebody else has taken over while it was held are left to him: nothing is destroyed, and why is told', async () => {
  const world = new PortWorld(3);
  await engine.over(world, async (start) => {
    const handle = await start(held, hour);
    await reached(handle, 'held');
    const other = Object.assign(world.add('w1'), { role: 'authority', epoch: 9 });
    Object.assign(world.at('cloud')[0] ?? {}, { role: 'relay', epoch: 9, promisedTo: null });
    await handle.executeUpdate(approve);
    await expect(reached(handle, 'parked')).resolves.toMatchObject({
      failure: { type: 'NotServing' },
      left: [{ undo: 'releasePromise', type: 'SourceLost' }, { undo: 'removeTarget' }, { undo: 'deleteCopies' }],
    });
    await handle.executeUpdate(recover);
    await expect(again(handle)).resolves.toMatchObject({ failure: { type: 'NotLost' } });
    await handle.executeUpdate(abandon);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack' });
    expect(world.instances.filter(({ role }) => role === 'authority')).toEqual([other]);
  });
  expect(world.calls).not.toContain('a1.instances.remove');
  expect(world.calls).not.toContain('context.takesOver');
});

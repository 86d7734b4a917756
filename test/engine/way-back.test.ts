import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, approve, pause, resume, retry } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { reached, refusalOf } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** What cannot be undone is waited for, and told; nothing is destroyed on which somebody may still rely. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const hour = { insistMs: 3_600_000 };
const refused = Array.from({ length: 99 }, () => 'PeerRejected' as const);

describe('as long as the path may lead to the target', () => {
  const torn = (): PortWorld =>
    new PortWorld(3).on('a1.path.write', () => {}, 'PeerRejected').on('a1.path.turnBack', ...refused);

  it('the target lives, what does not depend on the path is undone, and the run is parked', async () => {
    const world = torn();
    await engine.over(world, async (start) => {
      const handle = await start({}, hour);
      const asked = vi.spyOn(handle, 'query');
      const parked = await reached(handle, 'parked');
      expect(asked.mock.calls.length).toBeLessThan(3); // when it said so, and not after each of its tasks
      expect(parked).toMatchObject({ step: 'switchPath', failure: { type: 'PeerRejected' }, abandonable: true });
      expect(parked).toMatchObject({
        left: [
          { undo: 'removeTarget', type: 'PeerRejected', message: expect.stringContaining('turn the path back') },
          { undo: 'switchBack', type: 'PeerRejected', message: 'a1.path.turnBack was made to fail' },
        ],
      });
      expect(world.at('a1')).toMatchObject([{ state: 'started', subscriptions: [] }]);
      expect(world.at('cloud')).toMatchObject([{ promisedTo: null }]);
      world.on('a1.path.turnBack');
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.at('a1')).toStrictEqual([]);
  });

  it('and that is given up, the result says what is left, at which peer, why, and what to do', async () => {
    const world = torn();
    await engine.over(world, async (start) => {
      const handle = await start({}, hour);
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      const { outcome, failure: why, leftovers, moved } = await handle.result();
      expect({ outcome, type: why?.type, moved: moved.instance }).toStrictEqual({
        outcome: 'rolledBack',
        type: 'PeerRejected',
        moved: 'none',
      });
      expect(leftovers.map(({ undo }) => undo)).toStrictEqual(['removeTarget', 'switchBack']);
      for (const { message, remedy } of leftovers) expect([message, remedy]).not.toContain('');
    });
    expect(world.at('a1')).toHaveLength(1);
  });

  it('and the peer is well again, it is undone without anybody', async () => {
    const world = torn().on('a1.path.turnBack', 'PeerRejected');
    const before = new PortWorld(3).dump();
    await engine.over(world, async (start) => {
      const result = await (await start({}, { insistMs: 500 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('what may have happened is undone', () => {
  it('when step 1 says a definite no after a hold', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    await engine.over(world, async (start) => {
      const handle = await start({ cutOver: { approval: true } });
      await reached(handle, 'held');
      world.missingServices = ['RNIS'];
      await handle.executeUpdate(approve);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'ServiceMissing', step: 'check' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('when the answer to the promise is lost, and the next attempt meets an obstacle', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    world.on('context.promised', () => {
      world.missingServices = ['RNIS'];
      throw failure('PeerUnavailable', 'the answer was lost');
    });
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'ServiceMissing' },
      });
    });
    expect(world.calls.filter((call) => call === 'context.promised')).toHaveLength(1);
    expect(world.dump()).toStrictEqual(before);
  });

  it('and nothing else: a source that no attempt has asked is not asked on the way back', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    world.on('context.state', 'PeerUnavailable', 'PeerUnavailable', 'PeerRejected');
    await engine.over(world, async (start) => {
      await expect((await start({}, hour)).result()).resolves.toMatchObject({
        outcome: 'refused',
        failure: { type: 'PeerRejected', step: 'check' },
        leftovers: [],
      });
    });
    expect(world.calls.filter((call) => call === 'context.state')).toHaveLength(3);
    expect(world.calls.filter((call) => call === 'context.settle')).toEqual([]);
    expect(world.dump()).toStrictEqual(before);
  });

  it('and only that: what the application of a shared target subscribed to by itself stays', async () => {
    const world = new PortWorld(3);
    const shared = world.add('a1');
    await engine.over(world, async (start) => {
      const handle = await start({ cutOver: { approval: true } });
      await reached(handle, 'held');
      world.subscribe(shared, 77);
      world.on('a1.path.write', 'PeerRejected');
      await handle.executeUpdate(approve);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.at('a1')).toMatchObject([{ state: 'started', subscriptions: [{ filter: { ecgi: [77] } }] }]);
  });

  it('also a subscription of which no answer came', async () => {
    const world = new PortWorld(3);
    world.add('a1');
    const before = world.dump();
    world.on('a1.subscriptions.created', () => {}, 'PeerRejected');
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'PeerRejected', step: 'copyAhead' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('what an attempt had made when its answer was lost', () => {
  it('is known to the next one, and undone with what that made', async () => {
    const world = new PortWorld(3);
    world.add('a1');
    const before = world.dump();
    world.on('a1.subscriptions.created', 'PeerUnavailable').on('a1.path.write', 'PeerRejected');
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'PeerRejected', step: 'switchPath' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('a source that has forgotten its users', () => {
  it('is lost: nothing at the target is destroyed, and a retry asks it again', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await start({ cutOver: { approval: true } }, hour);
      await reached(handle, 'held');
      world.restart('cloud');
      await handle.executeUpdate(approve);
      const parked = await reached(handle, 'parked');
      expect(parked).toMatchObject({ failure: { type: 'NotServing' }, left: expect.any(Array) });
      expect(parked).toHaveProperty('left.0', expect.objectContaining({ undo: 'releasePromise', type: 'SourceLost' }));
      expect(world.at('a1')).toMatchObject([{ state: 'started' }]);
      expect(world.at('a1')[0]?.subscriptions).toHaveLength(3);
      Object.assign(world.at('cloud')[0] ?? {}, { role: 'authority' });
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.at('a1')).toStrictEqual([]);
  });

  it('is lost after the hand-over was asked for as well, unless the target is the authority', async () => {
    const world = new PortWorld(3);
    world.on('context.handOver', () => world.restart('cloud'), 'PeerRejected');
    await engine.over(world, async (start) => {
      const handle = await start({}, hour);
      const parked = await reached(handle, 'parked');
      expect(parked).toMatchObject({ failure: { type: 'SourceLost' }, abandonable: true });
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', failure: { type: 'SourceLost' } });
    });
    expect(world.at('a1')).toHaveLength(1);
  });

  it('has no clients: the drain ends', async () => {
    const world = Object.assign(new PortWorld(3), { clientSeen: 0 });
    world.on('a1.notices.addressChanged', () => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' }));
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });
});

it('what nobody knows yet cannot be given up', async () => {
  const world = new PortWorld(3).on('context.handOver', 'PeerRejected').on('context.settle', ...refused);
  await engine.over(world, async (start) => {
    const handle = await start({}, hour);
    await expect(reached(handle, 'parked')).resolves.toMatchObject({ step: 'handOver', abandonable: false });
    await expect(refusalOf(handle.executeUpdate(abandon))).resolves.toBe('InDoubt');
    world.on('context.settle');
    await handle.executeUpdate(retry);
    await expect(handle.result()).resolves.toMatchObject({
      outcome: 'rolledBack',
      failure: { type: 'KeptBySource' },
    });
  });
});

it('a pause that is asked for in the hand-over takes effect once it is known what became of it', async () => {
  const world = new PortWorld(3);
  await engine.over(world, async (start) => {
    let paused: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      paused = resolve;
    });
    world.on('context.handedOver', async () => {
      await asked;
      throw failure('PeerRejected', 'the answer was lost');
    });
    const handle = await start({}, hour);
    await eventually(() => world.calls.includes('context.handedOver'));
    await expect(handle.executeUpdate(pause)).resolves.toMatchObject({ step: 'handOver', pausing: true });
    paused?.();
    await expect(reached(handle, 'paused')).resolves.toMatchObject({ step: 'notify' });
    expect(world.calls).toContain('context.settle');
    await handle.executeUpdate(resume);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
  });
});

describe('a deadline', () => {
  const soon = (): string => new Date(Date.now() + 2_500).toISOString();
  const ended = { outcome: 'rolledBack', failure: { type: 'DeadlinePassed' }, leftovers: [] };

  it('ends a step that hangs', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    world.polls = 1_000_000;
    await engine.over(world, async (start) => {
      const handle = await start({ deadline: soon() }, { ...hour, operationMs: 3_600_000, stepMs: 3_600_000 });
      await expect(handle.result()).resolves.toMatchObject(ended);
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('a pause that was asked for in the middle of a step', () => {
  it('is shown, may be taken back, and ends with the deadline', async () => {
    const world = new PortWorld(3);
    const before = world.dump();
    world.polls = 60;
    await engine.over(world, async (start) => {
      const handle = await start({ deadline: new Date(Date.now() + 6_000).toISOString() }, hour);
      await eventually(() => world.calls.includes('a1.instances.instantiate'));
      await expect(handle.executeUpdate(pause)).resolves.toMatchObject({ state: 'working', pausing: true });
      await expect(handle.executeUpdate(resume)).resolves.toMatchObject({ state: 'working', pausing: false });
      await handle.executeUpdate(pause);
      await expect(reached(handle, 'paused')).resolves.toMatchObject({ step: 'copyAhead' });
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'DeadlinePassed' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

it('a move that the application wants confirmed is held until it is approved', async () => {
  const world = Object.assign(new PortWorld(3), { mobility: 'confirmation' as const });
  await engine.over(world, async (start) => {
    const handle = await start();
    await reached(handle, 'held');
    await handle.executeUpdate(approve);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
  });
});

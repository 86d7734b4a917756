import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import type { FailureType } from '../../domain/failures.ts';
import { abandon } from '../../workflows/messages.ts';
import { Engine } from '../support/engine.ts';
import { reached } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** Before the hand-over a failure leaves rules, subscriptions, instances and promises as they were. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

async function expectRolledBack(world: PortWorld, step: string, type: FailureType): Promise<void> {
  const before = world.dump();
  await engine.over(world, async (start) => {
    const result = await (await start()).result();
    expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type, step }, leftovers: [] });
  });
  expect(world.dump()).toStrictEqual(before);
}

describe('a relocation is rolled back', () => {
  it.each([
    ['package', 'a1.packages.distribute', 'PackageInvalid'],
    ['instance', 'a1.instances.instantiate', 'TargetRefused'],
    ['instance', 'a1.instances.instantiated', 'LcmOperationFailed'],
    ['instance', 'context.standBy', 'PeerRejected'],
    ['copyAhead', 'a1.subscriptions.create', 'SubscriptionRefused'],
    ['switchPath', 'a1.path.write', 'PeerRejected'],
  ] as const)('in step %s, when %s fails, with %s', async (step, call, type) => {
    await expectRolledBack(new PortWorld(3).on(call, type), step, type);
  });

  it('when a rule was changed and the other was refused', async () => {
    await expectRolledBack(
      new PortWorld(3).on('a1.path.write', () => {}, 'PeerRejected'),
      'switchPath',
      'PeerRejected',
    );
  });

  it('when a peer stays silent for longer than the step is given', async () => {
    const world = new PortWorld(3).on(
      'a1.packages.find',
      () => {}, // at the check
      ...Array.from({ length: 99 }, () => 'PeerUnavailable' as const),
    );
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start({}, { stepMs: 600, operationMs: 600 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'PeerUnavailable' }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('when the source keeps its users: an answer to the hand-over was lost before it decided', async () => {
    const world = new PortWorld(3).on('context.handOver', 'PeerRejected');
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start()).result();
      expect(result).toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'KeptBySource', step: 'handOver' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('and says what it could not undo', async () => {
    const world = new PortWorld(3).on('a1.path.write', 'PeerRejected').on('a1.instances.remove', 'PeerRejected');
    await engine.over(world, async (start) => {
      const handle = await start({}, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        leftovers: [{ undo: 'removeTarget', type: 'PeerRejected' }],
      });
    });
    expect(world.at('a1')).toHaveLength(1);
  });
});

describe('a relocation goes forward', () => {
  it('when the answer to the hand-over was lost after the source had decided', async () => {
    const world = new PortWorld(3).on('context.handedOver', 'PeerRejected');
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({ outcome: 'relocated', epoch: 2 });
    });
    expect(world.authority?.site).toBe('a1');
  });

  it('when a peer was silent for a moment at each step', async () => {
    const world = new PortWorld(3);
    for (const call of [
      'a1.packages.distribute',
      'a1.instances.instantiated',
      'a1.subscriptions.create',
      'a1.path.write',
      'context.handOver',
      'a1.notices.addressChanged',
      'cloud.instances.stop',
    ])
      world.on(call, 'PeerUnavailable');
    await engine.over(world, async (start) => {
      await expect((await start()).result()).resolves.toMatchObject({
        outcome: 'relocated',
        moved: { subscriptions: 3 },
      });
    });
    expect(world.at('a1')).toHaveLength(1);
    expect(world.at('a1')[0]?.subscriptions).toHaveLength(3);
  });
});

describe('a relocation is refused, and nothing is changed,', () => {
  it.each([
    ['NotServing', { source: 'a2', target: 'a1' }, () => new PortWorld()],
    ['ServiceMissing', {}, () => Object.assign(new PortWorld(), { missingServices: ['RNIS'] })],
    ['NotSteerable', {}, () => Object.assign(new PortWorld(), { steerable: false })],
    ['MobilityNotAllowed', {}, () => Object.assign(new PortWorld(), { mobility: 'forbidden' as const })],
    ['InterruptionTooLong', { maxInterruptionMs: 1 }, () => new PortWorld()],
    ['TargetRefused', {}, () => new PortWorld().on('a1.instances.reach', 'TargetRefused')],
    [
      'PromisedElsewhere',
      {},
      () => {
        const world = new PortWorld();
        for (const instance of world.instances) instance.promisedTo = 'another';
        return world;
      },
    ],
  ] as const)('with %s', async (type, request, make) => {
    const world = make();
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(request)).result();
      expect(result).toMatchObject({ outcome: 'refused', failure: { type, step: 'check' }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
    expect(world.calls.filter((call) => /promise|create|write|distribute|instantiate$/.test(call))).toStrictEqual([]);
  });

  it('and such a call would have been seen', async () => {
    const world = new PortWorld();
    await engine.over(world, async (start) => void (await (await start()).result()));
    expect(
      world.calls.filter((call) => /promise|create|write|distribute|instantiate$/.test(call)).length,
    ).toBeGreaterThan(4);
  });

  it('when the deadline has passed already', async () => {
    const world = new PortWorld();
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start({ deadline: '2020-01-01T00:00:00Z' })).result();
      expect(result).toMatchObject({ outcome: 'refused', failure: { type: 'DeadlinePassed' }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
    expect(world.calls).toStrictEqual([]);
  });
});

it('an instance that we made is left alone when it serves users of somebody else by now', async () => {
  const world = new PortWorld(3);
  world.on(
    'a1.path.write',
    () => {
      Object.assign(world.at('a1')[0] ?? {}, { role: 'authority' }); // another relocation shared it
    },
    'PeerRejected',
  );
  await engine.over(world, async (start) => {
    await expect((await start()).result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
  });
  expect(world.at('a1')).toMatchObject([{ state: 'started', role: 'authority' }]);
});

it('is refused before anything is done where the archive is not what its configuration says', async () => {
  const world = new PortWorld().on('a1.packages.sendable', 'PackageInvalid');
  const before = world.dump();
  await engine.over(world, async (start) => {
    await expect((await start()).result()).resolves.toMatchObject({
      outcome: 'refused',
      failure: { type: 'PackageInvalid', step: 'check' },
    });
  });
  expect(world.dump()).toStrictEqual(before);
});

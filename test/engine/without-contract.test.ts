import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureType } from '../../domain/failures.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, cancel, pause, resume, retry, status } from '../../workflows/messages.ts';
import { busy } from '../support/busy.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OwnWorld } from '../support/own-world.ts';
import { reached } from '../support/run.ts';

/** Applications that keep state and not the contract: by their own transfer, or stopped first. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const own = { accept: 'applicationOwn' } as const;
const none = { accept: 'none' } as const;
/** A step in which nothing is done to the end: it has its say on a busy machine, too. */
const late = (pace: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(pace).map(([name, ms]) => [name, Math.round(ms * busy())]));
const undeclared = (): OwnWorld => Object.assign(new OwnWorld(), { transfer: undefined, devices: null, heard: [] });
const refused = Array.from({ length: 60 }, () => 'PeerRejected' as const);
const orderOf = (world: OwnWorld, ...calls: string[]): string[] => world.calls.filter((call) => calls.includes(call));

describe('an application that moves its context itself', () => {
  it('is told, waited for, and then the path turns; nothing is asked of whoever may still come', async () => {
    const world = new OwnWorld();
    await engine.over(world, async (start) => {
      const result = await (await start(own)).result();
      expect(result).toMatchObject({
        outcome: 'relocated',
        guarantee: 'applicationOwn',
        writerOverlap: 'possible',
        freezeMs: null,
        moved: { users: 2, subscriptions: 3 },
        pathObserved: true,
      });
      const { atLeastMs = 0, atMostMs = 0 } = result.interruption ?? {};
      expect(atLeastMs).toBeGreaterThanOrEqual(0);
      expect(atMostMs).toBeGreaterThanOrEqual(atLeastMs);
      expect(atMostMs).toBeGreaterThan(0);
    });
    expect(world.told).toStrictEqual(['TRIGGERED', 'COMPLETED']);
    const [first, ...turns] = orderOf(world, 'cloud.mobility.told TRIGGERED', 'a1.path.write');
    expect([first, turns.length > 0]).toStrictEqual(['cloud.mobility.told TRIGGERED', true]);
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('is told nothing that it has done already, when an attempt is made again', async () => {
    const world = Object.assign(new OwnWorld(), { looks: 0 }).on('cloud.mobility.told TRIGGERED', 'PeerUnavailable');
    await engine.over(world, async (start) => {
      await expect((await start(own)).result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
    expect(world.told).toStrictEqual(['TRIGGERED', 'COMPLETED']);
  });

  it('is not moved where names alone are led: who keeps its address would go on to whoever relays to nobody', async () => {
    const world = Object.assign(new OwnWorld(), { trafficLed: false });
    const before = world.dump();
    await engine.over(world, async (start) => {
      await expect((await start(own)).result()).resolves.toMatchObject({
        outcome: 'refused',
        failure: { type: 'NotSteerable', message: expect.stringContaining('in cellular devices are led by the name') },
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it.each([
    ['package', 'a1.packages.distribute', 'PackageInvalid'],
    ['instance', 'a1.instances.instantiate', 'TargetRefused'],
    ['copyAhead', 'a1.subscriptions.create', 'SubscriptionRefused'],
    ['handOver', 'cloud.mobility.tell TRIGGERED', 'PeerRejected'],
    ['handOver', 'cloud.mobility.told TRIGGERED', 'PeerRejected'],
  ] as const)('is left as it was, in step %s, when %s fails, with %s', async (step, call, type) => {
    const world = new OwnWorld().on(call, type);
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(own)).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type, step }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('is told FAILED when it does not report that it is done', async () => {
    const world = Object.assign(new OwnWorld(), { looks: 1_000_000 });
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(own, { operationMs: 3_000 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'TransferNotCompleted' }, leftovers: [] });
    });
    expect(world.told).toStrictEqual(['TRIGGERED', 'FAILED', 'FAILED']);
    expect(world.dump()).toStrictEqual(before);
  });

  it('has transferred nothing when its service has forgotten all devices, and is told as soon as they are known', async () => {
    const world = new OwnWorld();
    const before = world.dump();
    const { devices } = world;
    world.on('cloud.mobility.told TRIGGERED', () => void (world.devices = []));
    await engine.over(world, async (start) => {
      const handle = await start(own, { operationMs: 3_000, insistMs: 3_600_000 });
      await reached(handle, 'rollingBack');
      expect(world.frozen).toBe(true);
      world.devices = devices;
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'TransferNotCompleted' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('and has been told nothing needs not be told FAILED: nobody waits for whom nothing can be told', async () => {
    const world = new OwnWorld();
    const before = world.dump();
    world.on('a1.subscriptions.create', () => void (world.heard = []));
    await engine.over(world, async (start) => {
      const result = await (await start(own, { operationMs: 3_000, insistMs: 3_600_000 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'NotYet' }, leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('is told FAILED when it is cancelled in the middle, until it has heard it', async () => {
    const world = Object.assign(new OwnWorld(), { looks: 1_000_000 });
    const before = world.dump();
    world.on('cloud.mobility.tell FAILED', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(own, { operationMs: 3_600_000, insistMs: 3_600_000 });
      await eventually(() => world.told.includes('TRIGGERED'));
      await handle.executeUpdate(cancel);
      await reached(handle, 'parked');
      // The target is kept until the source serves again
      expect(world.at('a1')).toHaveLength(1);
      expect(world.frozen).toBe(true);
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'Cancelled' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('is not cancelled once the path is to be turned: it goes forward, parked and tried again', async () => {
    const world = new OwnWorld().on('a1.path.write', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(own, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await expect(handle.executeUpdate(cancel)).rejects.toMatchObject({ cause: { type: 'CancelTooLate' } });
      await expect(handle.query(status)).resolves.toMatchObject({ step: 'switchPath', abandonable: true, left: [] });
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
    expect(world.told).toStrictEqual(['TRIGGERED', 'COMPLETED']);
  });

  it('may be given up there', async () => {
    const world = new OwnWorld().on('a1.path.write', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(own, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'abandoned',
        failure: { type: 'PeerRejected', step: 'switchPath' },
        leftovers: [
          { undo: 'tellFailed', type: 'PeerRejected', message: expect.stringMatching(/may be served by nobody/) },
        ],
      });
    });
    expect(world.told).toStrictEqual(['TRIGGERED']);
  });

  it('does not pause while its users are interrupted, but after that', async () => {
    const world = Object.assign(new OwnWorld(), { looks: 1_000_000 });
    await engine.over(world, async (start) => {
      const handle = await start(own, { operationMs: 3_600_000 });
      await eventually(() => world.told.includes('TRIGGERED'));
      await handle.executeUpdate(pause);
      world.looks = 0;
      await reached(handle, 'paused');
      await expect(handle.query(status)).resolves.toMatchObject({ step: 'notify', cancellable: false });
      expect(world.calls).toContain('a1.path.write');
      await handle.executeUpdate(resume);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });

  it('has to be accepted', async () => {
    await expectRefused(new OwnWorld(), {}, 'ContractMissing');
  });

  it.each([
    ['is not registered', { devices: null }],
    ['has registered no device', { devices: [] }],
    ['does not hear FAILED', { heard: ['TRIGGERED', 'COMPLETED'] }],
  ])('is not relied upon when it %s', async (_, change) => {
    await expectRefused(Object.assign(new OwnWorld(), change), own, 'ContractMissing');
  });

  it('is not moved when it forbids it', async () => {
    await expectRefused(Object.assign(new OwnWorld(), { mobility: 'forbidden' }), own, 'MobilityNotAllowed');
  });

  it('is not moved to a target that has not registered', async () => {
    const world = Object.assign(new OwnWorld(), { targetRegisters: false });
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(own, { operationMs: 3_000 })).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'TargetNotReady', step: 'instance' } });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('an application that nothing moves', () => {
  it('is stopped, and only then the path turns', async () => {
    const world = undeclared();
    await engine.over(world, async (start) => {
      const result = await (await start(none)).result();
      expect(result).toMatchObject({ outcome: 'relocated', guarantee: 'none', writerOverlap: 'impossible' });
      expect(result.interruption?.atMostMs).toBeGreaterThan(0);
    });
    expect(orderOf(world, 'cloud.instances.stop', 'a1.path.write').slice(0, 2)).toStrictEqual([
      'cloud.instances.stop',
      'a1.path.write',
    ]);
    expect(world.told).toStrictEqual([]);
  });

  it('has the chance to transfer its context, where it hears of it', async () => {
    const world = Object.assign(new OwnWorld(), { transfer: undefined });
    await engine.over(world, async (start) => {
      await expect((await start(none)).result()).resolves.toMatchObject({ outcome: 'relocated', guarantee: 'none' });
    });
    expect(world.told).toStrictEqual(['TRIGGERED']);
    const order = orderOf(world, 'cloud.mobility.told TRIGGERED', 'cloud.instances.stop');
    expect(order.slice(0, 2)).toStrictEqual(['cloud.mobility.told TRIGGERED', 'cloud.instances.stop']);
  });

  it('is stopped all the same when it makes nothing of the chance', async () => {
    const world = Object.assign(new OwnWorld(), { transfer: undefined, looks: 1_000_000 });
    await engine.over(world, async (start) => {
      await expect((await start(none, late({ stepMs: 300 }))).result()).resolves.toMatchObject({
        outcome: 'relocated',
      });
    });
  });

  it('runs again, and is told that it serves, when it could not be stopped', async () => {
    const world = Object.assign(new OwnWorld(), { transfer: undefined }).on('cloud.instances.stop', 'PeerRejected');
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(none)).result();
      expect(result).toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'PeerRejected', step: 'handOver' },
        leftovers: [],
      });
    });
    expect(world.dump()).toStrictEqual(before);
    expect(world.told.at(-1)).toBe('FAILED');
  });

  it('runs again when somebody still answers where it was', async () => {
    const world = undeclared();
    world.on('cloud.instances.stop', () => void (world.occupied = true));
    const before = world.dump();
    await engine.over(world, async (start) => {
      const result = await (await start(none, late({ stepMs: 400, operationMs: 1_000 }))).result();
      expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'NotYet', step: 'handOver' } });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('is started again until that has been done, and the target is kept until then', async () => {
    const world = undeclared().on('cloud.instances.start', 'PeerRejected');
    world.on('cloud.instances.stop', () => void (world.occupied = true));
    const before = world.dump();
    await engine.over(world, async (start) => {
      const handle = await start(none, { ...late({ stepMs: 400, operationMs: 1_000 }), insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await expect(handle.query(status)).resolves.toMatchObject({
        left: expect.arrayContaining([expect.objectContaining({ undo: 'startSource', type: 'PeerRejected' })]),
      });
      expect(world.at('a1')).toHaveLength(1);
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('goes forward once it is stopped: the path is insisted on', async () => {
    const world = undeclared().on('a1.path.write', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(none, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await expect(handle.executeUpdate(cancel)).rejects.toMatchObject({ cause: { type: 'CancelTooLate' } });
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });

  it('may be given up there, and that it stays stopped is told', async () => {
    const world = undeclared().on('a1.path.write', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(none, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'abandoned',
        leftovers: [{ undo: 'startSource', type: 'PeerRejected', message: expect.stringMatching(/stays stopped/) }],
      });
    });
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('is stopped again where its orchestrator starts it while the path is insisted on, and that is told', async () => {
    const world = undeclared().on('a1.path.write', ...refused.slice(0, 1));
    await engine.over(world, async (start) => {
      const handle = await start(none, { insistMs: 3_600_000 });
      await reached(handle, 'parked');
      Object.assign(world.at('cloud')[0] ?? {}, { state: 'started' });
      world.on('a1.path.write', () => expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]));
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated', writerOverlap: 'possible' });
    });
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it.each([{}, own])('has to be accepted: %o does not do', async (request) => {
    await expectRefused(undeclared(), request, 'ContractMissing');
  });

  it('is not stopped under others for one of its users', async () => {
    await expectRefused(undeclared(), { ...none, users: 'ue-1' }, 'ContractMissing');
  });

  it('is protected by no standby: nobody would keep it warm', async () => {
    await expectRefused(undeclared(), { ...none, cutOver: { standby: true } }, 'ContractMissing');
  });

  it('does not promise how long that lasts', async () => {
    await expectRefused(undeclared(), { ...none, maxInterruptionMs: 60_000 }, 'InterruptionTooLong');
  });
});

async function expectRefused(world: OwnWorld, request: object, type: FailureType): Promise<void> {
  const before = world.dump();
  await engine.over(world, async (start) => {
    const result = await (await start(request)).result();
    expect(result).toMatchObject({ outcome: 'refused', failure: { type, step: 'check' }, leftovers: [] });
  });
  expect(world.dump()).toStrictEqual(before);
  expect(world.told).toStrictEqual([]);
}

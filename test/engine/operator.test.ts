import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocationResult } from '../../domain/relocation.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { abandon, approve, cancel, pause, resume, retry, status } from '../../workflows/messages.ts';
import type { relocateApplication } from '../../workflows/relocation/relocate-application.ts';
import { Engine } from '../support/engine.ts';
import { reached, refusalOf } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

/** A call that waits until it is let go. */
function gate(): { arrived: Promise<void>; open: () => void; wait: () => Promise<void> } {
  const [arrive, leave] = [deferred(), deferred()];
  return {
    arrived: arrive.promise,
    open: () => leave.resolve(),
    wait: async () => {
      arrive.resolve();
      await leave.promise;
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** For each step a call in the middle of it. */
const beforeHandOver = [
  ['check', 'a1.instances.reach'],
  ['package', 'a1.packages.distribute'],
  ['instance', 'a1.instances.instantiated'],
  ['copyAhead', 'a1.subscriptions.create'],
  ['switchPath', 'a1.path.write'],
] as const;
const afterwards = [
  ['handOver', 'context.handOver'],
  ['notify', 'a1.notices.addressChanged'],
  ['retire', 'cloud.instances.stop'],
] as const;

/** An operator has two ways to cancel. */
type Relocating = WorkflowHandle<typeof relocateApplication>;
const byApi = async (relocation: Relocating): Promise<unknown> => await relocation.executeUpdate(cancel);
const byTemporalUi = async (relocation: Relocating): Promise<unknown> => await relocation.cancel();

/** Runs a relocation, does something in the middle of a step, and lets it go on. */
async function during(
  call: string,
  meanwhile: (relocation: Relocating) => Promise<unknown>,
): Promise<{ world: PortWorld; before: unknown; result: RelocationResult }> {
  const held = gate();
  const world = new PortWorld().on(call, held.wait);
  const before = world.dump();
  let result: RelocationResult | undefined;
  await engine.over(world, async (start) => {
    const handle = await start();
    await held.arrived;
    await meanwhile(handle);
    held.open();
    result = await handle.result();
  });
  if (result === undefined) throw new Error('it gave no result');
  return { world, before, result };
}

describe.each([
  ['by the API', byApi],
  ['from the Temporal UI', byTemporalUi],
] as const)('a cancellation %s', (_, cancelling) => {
  it.each(beforeHandOver)('in step %s rolls everything back', async (_step, call) => {
    const { world, before, result } = await during(call, cancelling);
    expect(result).toMatchObject({ outcome: 'rolledBack', failure: { type: 'Cancelled' }, leftovers: [] });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('a cancellation after the hand-over has begun', () => {
  it.each(afterwards)('by the API, in step %s, is refused as too late', async (_, call) => {
    const { result } = await during(call, async (relocation) => {
      await expect(refusalOf(byApi(relocation))).resolves.toBe('CancelTooLate');
    });
    expect(result).toMatchObject({ outcome: 'relocated', cancelTooLate: false });
  });

  it.each(afterwards)('from the Temporal UI, in step %s, is recorded and ignored', async (_, call) => {
    const { world, result } = await during(call, byTemporalUi);
    expect(result).toMatchObject({ outcome: 'relocated', cancelTooLate: true });
    expect(world.authority?.site).toBe('a1');
  });
});

describe('a held cut-over', () => {
  it('waits for its approval, and then everything is verified anew', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await start({ cutOver: { approval: true } });
      await reached(handle, 'held');
      expect(world.calls).not.toContain('a1.path.write');
      const [source] = world.at('cloud');
      if (source !== undefined) world.subscribe(source, 99); // gained while it was held
      await handle.executeUpdate(approve);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated', moved: { subscriptions: 4 } });
    });
    expect(world.at('a1')[0]?.subscriptions).toHaveLength(4);
    expect(world.calls.filter((call) => call === 'a1.instances.reach')).toHaveLength(2);
  });

  it('is ended by the deadline', async () => {
    const world = new PortWorld();
    const before = world.dump();
    await engine.over(world, async (start) => {
      const deadline = new Date(Date.now() + 1_500).toISOString();
      const handle = await start({ cutOver: { approval: true }, deadline });
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'DeadlinePassed' },
      });
    });
    expect(world.dump()).toStrictEqual(before);
  });
});

describe('a pause', () => {
  it('takes effect before the next step, and a resume verifies everything anew', async () => {
    const held = gate();
    const world = new PortWorld(3).on('a1.path.write', held.wait);
    await engine.over(world, async (start) => {
      const handle = await start();
      await held.arrived;
      await handle.executeUpdate(pause);
      await expect(refusalOf(handle.executeUpdate(pause))).resolves.toBe('NotPossibleNow');
      held.open();
      await reached(handle, 'paused');
      expect(world.calls).not.toContain('context.handOver');
      await handle.executeUpdate(resume);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
    expect(world.calls.filter((call) => call === 'a1.instances.reach')).toHaveLength(2);
  });

  it.each([
    ['resume', resume],
    ['approve', approve],
    ['retry', retry],
    ['abandon', abandon],
  ] as const)('is not there: %s is refused and leaves no event', async (_, command) => {
    const held = gate();
    const world = new PortWorld().on('a1.packages.distribute', held.wait);
    await engine.over(world, async (start) => {
      const handle = await start();
      await held.arrived;
      const before = (await handle.fetchHistory()).events?.length;
      await expect(refusalOf(handle.executeUpdate(command))).resolves.toBe('NotPossibleNow');
      expect((await handle.fetchHistory()).events).toHaveLength(before ?? 0);
      held.open();
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    });
  });
});

describe('what fails after the hand-over', () => {
  it('is parked, and a retry brings it to its end', async () => {
    const world = new PortWorld().on('cloud.instances.stop', 'PeerRejected');
    await engine.over(world, async (start) => {
      const handle = await start();
      await reached(handle, 'parked');
      await expect(handle.query(status)).resolves.toMatchObject({
        state: 'parked',
        step: 'retire',
        failure: { type: 'PeerRejected' },
      });
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated', leftovers: [] });
    });
  });

  it('may be abandoned, and says that its users have moved and the source was kept', async () => {
    const world = new PortWorld().on('cloud.instances.stop', 'PeerRejected');
    await engine.over(world, async (start) => {
      const handle = await start();
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'relocatedSourceKept',
        failure: { type: 'PeerRejected', step: 'retire' },
      });
    });
    expect(world.authority?.site).toBe('a1');
  });

  it('keeps the source as a relay while clients still come to it', async () => {
    const world = Object.assign(new PortWorld(), { clientSeen: 0 });
    await engine.over(world, async (start) => {
      const handle = await start();
      await reached(handle, 'parked');
      await handle.executeUpdate(abandon);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'relocatedSourceKept',
        failure: { type: 'StillInUse' },
      });
    });
    expect(world.at('cloud')[0]?.state).toBe('started');
  });

  it('waits for the source, which alone knows whether it decided', async () => {
    const silent = Array.from({ length: 200 }, () => 'PeerUnavailable' as const);
    const world = new PortWorld().on('context.handOver', ...silent.slice(0, 60)).on('context.settle', ...silent);
    await engine.over(world, async (start) => {
      const handle = await start({}, { handOverMs: 300, insistMs: 300 });
      await reached(handle, 'parked');
      await expect(handle.query(status)).resolves.toMatchObject({
        step: 'handOver',
        failure: { type: 'PeerUnavailable' },
      });
      world.on('context.settle').on('context.handOver');
      await handle.executeUpdate(retry);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'KeptBySource' },
      });
    });
    expect(world.authority?.site).toBe('cloud');
  });
});

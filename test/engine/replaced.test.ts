import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { temporalCli } from '../../servers/obtain.ts';
import {
  approve,
  cancel,
  fencingStatus,
  pause,
  recover,
  recoverAccepting,
  resume,
  scrap,
} from '../../workflows/messages.ts';
import type { fenceSource } from '../../workflows/relocation/fence-source.ts';
import { busy } from '../support/busy.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { reached, refusalOf } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** A source that is lost while something waits, or while nothing moves; and one that nobody can stop. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const hour = { insistMs: 3_600_000 };
const held = { cutOver: { approval: true } } as const;
const standby = { cutOver: { standby: true } } as const;
const between = { source: 'a1', target: 'a2' } as const;
const always = Array.from({ length: 200 }, () => 'PeerRejected' as const);
const accepting = (fence?: 'ledAway' | 'none') => ({ lostWrites: true, ...(fence && { fence }) }) as const;
const fails = (world: PortWorld): void => void Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });

describe('a source that is lost', () => {
  it('while the cut-over is held is replaced at once', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await start(held, hour);
      await expect(reached(handle, 'held')).resolves.toMatchObject({ recoverable: true, failure: null });
      fails(world);
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'recovered',
        failure: null,
        guarantee: null,
        recovery: { fence: 'stopped', users: 1, writes: 7, fencing: null, mayBeLost: expect.stringMatching(/0\.02 s/) },
      });
    });
    expect(world.authority?.site).toBe('a1');
    expect(world.calls).not.toContain('context.handOver');
    expect(world.calls).not.toContain('a1.path.turnBack');
  });

  it('and lives after all goes on being held, which tells why; then it is moved as ever', async () => {
    const world = new PortWorld(3);
    await engine.over(world, async (start) => {
      const handle = await start(held, hour);
      await reached(handle, 'held');
      await handle.executeUpdate(recover);
      await eventually(async () => {
        const status = await reached(handle, 'held');
        return status.state === 'held' && status.failure?.type === 'NotLost';
      });
      expect(world.calls).not.toContain('a1.path.write');
      await handle.executeUpdate(approve);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated', recovery: null });
    });
  });

  it('while it is paused is replaced too, and does not go on being paused', async () => {
    const world = new PortWorld(3);
    world.on('a1.path.write', async () => await eventually(() => world.calls.includes('let go')));
    await engine.over(world, async (start) => {
      const handle = await start({}, hour);
      await eventually(() => world.calls.includes('a1.path.write'));
      await handle.executeUpdate(pause);
      world.calls.push('let go');
      await expect(reached(handle, 'paused')).resolves.toMatchObject({ recoverable: true });
      fails(world);
      await handle.executeUpdate(recover);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered', recovery: { fence: 'stopped' } });
    });
  });

  it('on the way back of one that was paused and cancelled is replaced, and does not go on being paused', async () => {
    const world = new PortWorld(3);
    world.on('a1.path.write', async () => await eventually(() => world.calls.includes('let go')));
    await engine.over(world, async (start) => {
      const handle = await start({}, { insistMs: 1_500 });
      await eventually(() => world.calls.includes('a1.path.write'));
      await handle.executeUpdate(pause);
      world.calls.push('let go');
      await reached(handle, 'paused');
      world.silent.add(world.at('cloud')[0]?.id ?? '');
      await handle.executeUpdate(cancel);
      await expect(reached(handle, 'parked')).resolves.toMatchObject({ recoverable: true });
      await handle.executeUpdate(recover);
      await expect(reached(handle, 'ended')).resolves.toMatchObject({ result: { outcome: 'recovered' } });
    });
  });

  it('is not left half replaced by a pause, which waits until its users are served again', async () => {
    const world = new PortWorld(3);
    world.on('a1.path.write', async () => await eventually(() => world.calls.includes('let go')));
    await engine.over(world, async (start) => {
      const handle = await start(held, hour);
      await reached(handle, 'held');
      fails(world);
      await handle.executeUpdate(recover);
      await eventually(() => world.calls.includes('a1.path.write'));
      await handle.executeUpdate(pause);
      world.calls.push('let go');
      await expect(reached(handle, 'paused')).resolves.toMatchObject({ step: 'notify', recoverable: false });
      expect(world.authority?.site).toBe('a1');
      await handle.executeUpdate(resume);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'recovered' });
    });
  });

  it('whose standby is watched: its silence is told, and that it speaks again', async () => {
    const world = new PortWorld(3);
    const source = world.at('cloud')[0]?.id ?? '';
    await engine.over(world, async (start) => {
      const handle = await start(standby, hour);
      await expect(reached(handle, 'held')).resolves.toMatchObject({ standby: { silentSince: null } });
      const silence = async (): Promise<unknown> => {
        const status = await reached(handle, 'held');
        return status.state === 'held' ? status.standby : undefined;
      };
      world.silent.add(source);
      await eventually(async () => ((await silence()) as { silentSince: string | null }).silentSince !== null);
      await expect(silence()).resolves.toMatchObject({ copy: { users: 1, writes: 7, changedSecondsAgo: 0.02 } });
      world.silent.delete(source);
      await eventually(async () => ((await silence()) as { silentSince: string | null }).silentSince === null);
      world.silent.add(source);
      await handle.executeUpdate(recover);
      const { totalMs, waitedMs = 0, recovery, ...seen } = await handle.result();
      expect(seen).toMatchObject({ outcome: 'recovered' });
      // From the command on, and without the time for which it was held
      expect(waitedMs).toBeGreaterThan(0);
      expect(recovery?.tookMs).toBeLessThanOrEqual(totalMs - waitedMs);
    });
  });
});

describe('a request that takes the source to be dead', () => {
  const lost: Partial<RelocationRequest> = { sourceLost: { accept: accepting() } };

  it('has the target take its place, empty where it has no copy, and says so', async () => {
    const world = new PortWorld(3);
    fails(world);
    await engine.over(world, async (start) => {
      const handle = await start(lost, hour);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'recovered',
        moved: { instance: 'created', subscriptions: 3 },
        recovery: { fence: 'stopped', mayBeLost: expect.stringMatching(/^everything/) },
      });
    });
    expect(world.authority?.site).toBe('a1');
    expect(world.at('a1')[0]?.rules).toContainEqual(expect.objectContaining({ id: 'name', active: true }));
  });

  it('uses the copy that an earlier relocation has left there', async () => {
    const world = new PortWorld(3);
    const left = world.add('a1');
    left.expected.add('an earlier one');
    fails(world);
    await engine.over(world, async (start) => {
      const handle = await start(lost, hour);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'recovered',
        moved: { instance: 'shared' },
        recovery: { users: 1, writes: 7, mayBeLost: expect.stringMatching(/0\.02 s/) },
      });
    });
    expect(left.role).toBe('authority');
  });

  it.each([
    ['NotLost', (): void => undefined],
    ['OtherUnknown', (world: PortWorld): void => (fails(world), void world.silent.add(world.add('w1').id))],
    ['BetterCopy', (world: PortWorld): void => (fails(world), void world.add('w1').expected.add('an earlier one'))],
  ] as const)('is refused with %s, and nothing was touched', async (type, happens) => {
    const world = new PortWorld(3);
    happens(world);
    const before = world.dump();
    await engine.over(world, async (start) => {
      const handle = await start(lost, hour);
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'refused', failure: { type, step: 'check' } });
    });
    expect(world.dump()).toStrictEqual(before);
  });

  it('passes over whoever else cannot be asked, once that is accepted, and says who was', async () => {
    const world = new PortWorld(3);
    fails(world);
    const other = world.add('w1');
    world.silent.add(other.id);
    await engine.over(world, async (start) => {
      const handle = await start({ sourceLost: { accept: { lostWrites: true, otherUnknown: true } } }, hour);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'recovered',
        recovery: { mayHaveWritten: expect.stringMatching(new RegExp(`nobody but the target[^]*w1.*${other.id}`)) },
      });
    });
    expect(world.authority?.site).toBe('a1');
  });

  it('leaves everything as it was where the source cannot be fenced', async () => {
    const world = new PortWorld(3);
    fails(world);
    world.on('cloud.instances.end', ...always);
    await engine.over(world, async (start) => {
      const handle = await start({ sourceLost: { accept: accepting('ledAway') } }, hour);
      await expect(handle.result()).resolves.toMatchObject({
        outcome: 'rolledBack',
        failure: { type: 'NotFenced' },
        leftovers: [],
      });
    });
    expect(world.at('a1')).toEqual([]);
    expect(world.calls).not.toContain('context.takesOver');
  });
});

describe('a source that nobody can stop', () => {
  const frozen = (): { world: PortWorld; source: ReturnType<PortWorld['servedAt']> } => {
    const world = new PortWorld(3);
    const source = world.servedAt('a1');
    world.on('a1.instances.end', ...always);
    return { world, source };
  };
  const indexed = async (run: WorkflowHandle): Promise<readonly unknown[] | undefined> =>
    (await run.describe()).searchAttributes['FerryOutcome'];
  const fencing = (id: string | null | undefined): WorkflowHandle<typeof fenceSource> =>
    engine.environment.client.workflow.getHandle<typeof fenceSource>(`fence:${id}`);

  it('is replaced where devices are led away from it, once that is accepted; when it comes back it is fenced and counted', async () => {
    const { world, source } = frozen();
    const deadMs = 200;
    await engine.over(world, async (start) => {
      const handle = await start({ ...between, ...standby }, { ...hour, deadMs });
      await reached(handle, 'held');
      world.silent.add(source.id);
      await handle.executeUpdate(recover);
      await expect(reached(handle, 'parked')).resolves.toMatchObject({
        failure: { type: 'PeerRejected' },
        recoverable: true,
      });
      expect(world.at('a2')[0]?.rules.filter(({ active }) => active)).toEqual([]);
      await handle.executeUpdate(recoverAccepting, { args: [accepting('ledAway')] });
      const { outcome, recovery } = await handle.result();
      expect({ outcome, recovery }).toMatchObject({
        outcome: 'recovered',
        recovery: { fence: 'ledAway', mayHaveWritten: expect.stringMatching(/until it is fenced/) },
      });
      const tail = fencing(recovery?.fencing);
      await expect(tail.query(fencingStatus)).resolves.toMatchObject({ state: 'waiting' });
      await expect(indexed(tail)).resolves.toEqual(['unfenced']); // a person knows whether it ever comes back
      expect(source.role).toBe('authority');
      // However long it is silent, it is looked for as often
      await eventually(async () => {
        const [look] = (await tail.describe()).raw.pendingActivities ?? [];
        const { seconds, nanos } = look?.currentRetryInterval ?? {};
        return (look?.attempt ?? 0) > 6 && Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1e6 === deadMs / 2;
      });

      source.count = 9; // two that nobody else has
      world.on('a1.instances.end');
      world.silent.delete(source.id);
      const back = performance.now();
      // Silent until just after it was asked: an orchestrator is given its time, then there is the pause between two looks
      await eventually(async () => (await tail.query(fencingStatus)).state !== 'waiting', 30_000);
      expect(source.role).toBe('relay');
      expect(performance.now() - back).toBeLessThan(deadMs * 1.5 + 1_500 * busy());
      await eventually(async () => (await indexed(tail))?.[0] !== 'unfenced', 30_000);
      await expect(tail.result()).resolves.toEqual({ outcome: 'fenced', stranded: 2, kept: null });
    });
    expect(world.at('a1')).toEqual([]);
    expect(world.instances.filter(({ role }) => role === 'authority').map(({ site }) => site)).toEqual(['a2']);
  });

  it('and from which devices are not led away is replaced only where even that is accepted; gone for good, nobody waits for it', async () => {
    const world = new PortWorld(3).on('cloud.instances.end', ...always);
    await engine.over(world, async (start) => {
      const handle = await start(held, hour); // who is in the other network goes on finding the cloud
      await reached(handle, 'held');
      world.silent.add(world.at('cloud')[0]?.id ?? '');
      await handle.executeUpdate(recoverAccepting, { args: [accepting('ledAway')] });
      await expect(reached(handle, 'parked')).resolves.toMatchObject({ failure: { type: 'NotFenced' } });
      await handle.executeUpdate(recoverAccepting, { args: [accepting('none')] });
      const { recovery } = await handle.result();
      expect(recovery).toMatchObject({ fence: 'none', mayHaveWritten: expect.stringMatching(/^any client/) });
      const tail = fencing(recovery?.fencing);
      await tail.executeUpdate(scrap);
      await expect(tail.result()).resolves.toEqual({ outcome: 'scrapped', stranded: null, kept: null });
      await expect(refusalOf(tail.executeUpdate(scrap))).rejects.toThrow(/completed/);
    });
  });

  it.each([
    ['nothing of it is left', [], undefined],
    [
      'what its platform does not give away is told as left',
      always,
      {
        type: 'PeerRejected',
        message: expect.stringMatching(/^a1: subscriptions of instance .* may be left and tell nobody: /) as string,
      },
    ],
  ])('is stopped after all: nobody waits for it any more, and %s', async (_, faults, left) => {
    const { world, source } = frozen();
    await engine.over(world, async (start) => {
      const handle = await start({ ...between, ...held }, hour);
      await reached(handle, 'held');
      world.silent.add(source.id);
      await handle.executeUpdate(recoverAccepting, { args: [accepting('ledAway')] });
      const { recovery } = await handle.result();
      world.on('a1.subscriptions.list', ...faults).on('a1.instances.end');
      const gone = { outcome: 'gone', stranded: null, kept: null };
      await expect(fencing(recovery?.fencing).result()).resolves.toEqual(left === undefined ? gone : { ...gone, left });
    });
  });
});

import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { approve, cancel, fencingStatus, recover, recoverAccepting, status } from '../../workflows/messages.ts';
import type { fenceSource } from '../../workflows/relocation/fence-source.ts';
import { Dying } from '../support/dying.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OwnWorld } from '../support/own-world.ts';
import { reached } from '../support/run.ts';
import { PortWorld } from '../support/world.ts';

/** The worker is killed at every call of every step of what follows upon a source that is lost, or held. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

/** Nothing is given up because a worker was killed often, and the next attempt is as soon as the server can. */
const patient = { retryMs: 1, stepMs: 120_000, operationMs: 120_000, handOverMs: 60_000, insistMs: 3_600_000 };
/** Of a part of a procedure, at a second and more for each kill. */
const OFTEN_KILLED_MS = 60_000;
const standby = { cutOver: { standby: true } } as const;
const held = { cutOver: { approval: true } } as const;
const accept = { lostWrites: true } as const;
const ways = ['before', 'executed'] as const;

const stepsOf = ({ at }: Dying): string[] => [...new Set(at.map((point) => point.split(' ')[0] ?? ''))];
const authorities = (world: PortWorld): string[] =>
  world.instances.filter(({ role, state }) => role === 'authority' && state === 'started').map(({ site }) => site);

/** Each with a worker of its own. */
const killed: Engine['over'] = async (...scenario) => await engine.apart(async (own) => await own.over(...scenario));

/** All at once: of each second of theirs most is the server's, until it begins the next attempt. */
describe.concurrent.each(ways)('a worker that is killed once at each call (%s)', (when) => {
  it('has the source of a standby replaced all the same, and says what may be lost', async () => {
    const [world, dying] = [new PortWorld(3), new Dying(when)];
    await killed(
      world,
      async (start) => {
        const handle = await start(standby, patient);
        await reached(handle, 'held', OFTEN_KILLED_MS);
        world.silent.add(world.at('cloud')[0]?.id ?? '');
        await eventually(async () => {
          const seen = await handle.query(status);
          return seen.state === 'held' && seen.standby?.silentSince != null;
        }, OFTEN_KILLED_MS);
        await handle.executeUpdate(recover);
        await expect(handle.result()).resolves.toMatchObject({
          outcome: 'recovered',
          failure: null,
          leftovers: [],
          moved: { instance: 'created', subscriptions: 3 },
          recovery: { fence: 'stopped', users: 1, writes: 7, mayBeLost: expect.stringMatching(/0\.02 s/) },
        });
      },
      dying,
    );
    expect(stepsOf(dying)).toEqual(
      expect.arrayContaining([
        'instantiateTarget',
        'copyAhead',
        'watchSource',
        'confirmLost',
        'switchPath',
        'fenceSource',
        'takeOver',
      ]),
    );
    expect(authorities(world)).toEqual(['a1']);
    expect(world.at('a1')).toHaveLength(1);
    expect(world.at('a1')[0]?.subscriptions).toHaveLength(3);
    expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
  });

  it('has a source replaced that nothing protected, by one that begins empty and says so', async () => {
    const [world, dying] = [new PortWorld(3), new Dying(when)];
    world.silent.add(world.at('cloud')[0]?.id ?? '');
    await killed(
      world,
      async (start) => {
        const handle = await start({ sourceLost: { accept } }, patient);
        await expect(handle.result()).resolves.toMatchObject({
          outcome: 'recovered',
          leftovers: [],
          recovery: { fence: 'stopped', mayBeLost: expect.stringMatching(/^everything/) },
        });
      },
      dying,
    );
    expect(stepsOf(dying)).toContain('checkLost');
    expect(authorities(world)).toEqual(['a1']);
    expect(world.at('a1')).toHaveLength(1);
  });

  it('has a source fenced that comes back after it was replaced, and counts what is stranded there', async () => {
    const [world, dying] = [new PortWorld(3), new Dying(when)];
    const source = world.servedAt('a1');
    world.on('a1.instances.end', ...Array.from({ length: 200 }, () => 'PeerRejected' as const));
    await killed(
      world,
      async (start) => {
        const handle = await start({ source: 'a1', target: 'a2', ...held }, patient);
        await reached(handle, 'held', OFTEN_KILLED_MS);
        world.silent.add(source.id);
        await handle.executeUpdate(recoverAccepting, { args: [{ ...accept, fence: 'ledAway' }] });
        const { recovery } = await handle.result();
        expect(recovery).toMatchObject({ fence: 'ledAway', mayBeLost: expect.stringMatching(/0\.02 s/) });
        const fence: WorkflowHandle<typeof fenceSource> = engine.environment.client.workflow.getHandle(
          `fence:${recovery?.fencing}`,
        );
        await expect(fence.query(fencingStatus)).resolves.toMatchObject({ state: 'waiting' });
        source.count = 9; // two that nobody else has
        world.on('a1.instances.end');
        world.silent.delete(source.id);
        await expect(fence.result()).resolves.toEqual({ outcome: 'fenced', stranded: 2, kept: null });
      },
      dying,
    );
    expect(stepsOf(dying)).toEqual(expect.arrayContaining(['fenceReturned', 'confirmQuiet', 'retireSource']));
    expect(authorities(world)).toEqual(['a2']);
    expect(world.at('a1')).toEqual([]);
  });

  it.each([
    { command: approve, outcome: 'relocated', serves: 'a1', made: 1 },
    { command: cancel, outcome: 'rolledBack', serves: 'cloud', made: 0 },
  ])('of what was held has it $outcome when that is said, once', async ({ command, outcome, serves, made }) => {
    const [world, dying] = [new PortWorld(3), new Dying(when)];
    await killed(
      world,
      async (start) => {
        const handle = await start(held, patient);
        await reached(handle, 'held', OFTEN_KILLED_MS);
        await handle.executeUpdate(command);
        await expect(handle.result()).resolves.toMatchObject({ outcome, leftovers: [] });
      },
      dying,
    );
    expect(authorities(world)).toEqual([serves]);
    expect(world.at('a1')).toHaveLength(made);
    expect(world.at(serves)).toMatchObject([{ promisedTo: null, subscriptions: [{}, {}, {}] }]);
  });
});

describe.concurrent.each(ways)(
  'a worker that is killed once at each call (%s), of an application without the contract,',
  (when) => {
    const own = { accept: 'applicationOwn' } as const;
    const none = { accept: 'none' } as const;
    const undeclared = (): OwnWorld => Object.assign(new OwnWorld(), { transfer: undefined, devices: null, heard: [] });

    it('has it transfer its context all the same, and the path turn after that', async () => {
      const [world, dying] = [new OwnWorld(), new Dying(when)];
      await killed(
        world,
        async (start) => {
          const result = await (await start(own, patient)).result();
          expect(result).toMatchObject({ outcome: 'relocated', failure: null, leftovers: [], moved: { users: 2 } });
        },
        dying,
      );
      expect(stepsOf(dying)).toEqual(expect.arrayContaining(['transferContext', 'switchPath', 'retireSource']));
      expect(world.told.at(-1)).toBe('COMPLETED');
      expect(world.at('a1')).toHaveLength(1);
      expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
    });

    it('has it serve again when it is cancelled in the middle of that', async () => {
      const [world, dying] = [Object.assign(new OwnWorld(), { looks: 1_000_000 }), new Dying(when)];
      const before = world.dump();
      await killed(
        world,
        async (start) => {
          const handle = await start(own, patient);
          await eventually(() => world.told.includes('TRIGGERED'), OFTEN_KILLED_MS);
          await handle.executeUpdate(cancel);
          await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
        },
        dying,
      );
      expect(stepsOf(dying)).toEqual(expect.arrayContaining(['tellFailed', 'releasePromise', 'removeTarget']));
      expect(world.dump()).toStrictEqual(before);
    });

    it('has it stopped before the path turns', async () => {
      const [world, dying] = [undeclared(), new Dying(when)];
      world.on('a1.path.write', () => expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]));
      await killed(
        world,
        async (start) => {
          const result = await (await start(none, patient)).result();
          expect(result).toMatchObject({ outcome: 'relocated', leftovers: [], writerOverlap: 'impossible' });
        },
        dying,
      );
      expect(world.at('a1')).toHaveLength(1);
      expect(world.at('cloud')).toMatchObject([{ state: 'stopped' }]);
    });

    it('has it started again when it is cancelled in the middle of that', async () => {
      const [world, dying] = [undeclared(), new Dying(when)];
      const before = world.dump();
      Object.assign(world, { occupied: true }); // it is waited for until it is silent
      await killed(
        world,
        async (start) => {
          const handle = await start(none, patient);
          await eventually(() => world.at('cloud')[0]?.state === 'stopped', OFTEN_KILLED_MS);
          await handle.executeUpdate(cancel);
          await expect(handle.result()).resolves.toMatchObject({ outcome: 'rolledBack', leftovers: [] });
        },
        dying,
      );
      expect(stepsOf(dying)).toEqual(expect.arrayContaining(['stopSource', 'startSource', 'removeTarget']));
      expect(world.dump()).toStrictEqual(before);
    });
  },
);

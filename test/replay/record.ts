import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { Pace } from '../../configuration/peers.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { historyToJSON } from '../../temporal/internals.ts';
import {
  abandon,
  approve,
  cancel,
  pause,
  recover,
  recoverAccepting,
  resume,
  retry,
  scrap,
  status,
} from '../../workflows/messages.ts';
import type { fenceSource } from '../../workflows/relocation/fence-source.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OwnWorld } from '../support/own-world.ts';
import { PortWorld } from '../support/world.ts';

/**
 * Records the histories that later versions have to replay: `npm run record`, once for every release; with names of
 * scenarios these alone. Those of earlier versions stay. `historyToJSON` is the only writer: replay reads nothing else.
 */
interface Scenario {
  readonly world: () => PortWorld;
  readonly request?: Partial<RelocationRequest>;
  readonly pace?: Partial<Pace>;
  readonly meanwhile?: (handle: WorkflowHandle, world: PortWorld) => Promise<void>;
  /** After its end: a run that it has left behind, whose history is one of `fence-source`. */
  readonly fencing?: (handle: WorkflowHandle, world: PortWorld) => Promise<void>;
}

const reaches = async (handle: WorkflowHandle, state: string): Promise<void> =>
  await eventually(async () => (await handle.query(status)).state === state);

const refused = Array.from({ length: 50 }, () => 'PeerRejected' as const);
const silent = Array.from({ length: 50 }, () => 'PeerUnavailable' as const);

const scenarios: Readonly<Record<string, Scenario>> = {
  relocated: { world: () => new PortWorld() },
  refusedNotServing: { world: () => new PortWorld(), request: { source: 'a2' } },
  refusedServiceMissing: { world: () => Object.assign(new PortWorld(), { missingServices: ['RNIS'] }) },
  refusedNotSteerable: { world: () => Object.assign(new PortWorld(), { steerable: false }) },
  refusedMobilityNotAllowed: { world: () => Object.assign(new PortWorld(), { mobility: 'forbidden' as const }) },
  refusedInterruptionTooLong: { world: () => new PortWorld(), request: { maxInterruptionMs: 1 } },
  refusedTargetRefused: { world: () => new PortWorld().on('a1.instances.reach', 'TargetRefused') },
  refusedDeadlinePassed: { world: () => new PortWorld(), request: { deadline: '2020-01-01T00:00:00Z' } },
  rolledBackInCheck: { world: () => new PortWorld().on('context.promise', ...silent), pace: { stepMs: 400 } },
  rolledBackInPackage: { world: () => new PortWorld().on('a1.packages.distribute', 'PackageInvalid') },
  rolledBackInInstance: { world: () => new PortWorld().on('a1.instances.instantiated', 'LcmOperationFailed') },
  rolledBackInCopyAhead: { world: () => new PortWorld().on('a1.subscriptions.create', 'SubscriptionRefused') },
  rolledBackInSwitchPath: { world: () => new PortWorld().on('a1.path.write', 'PeerRejected') },
  undoFailed: {
    world: () => new PortWorld().on('a1.path.write', 'PeerRejected').on('a1.instances.remove', 'PeerRejected'),
  },
  givenUpOnTheWayBack: {
    world: () => new PortWorld().on('a1.path.write', 'PeerRejected').on('a1.path.turnBack', ...refused),
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle) => {
      await reaches(handle, 'parked');
      await handle.executeUpdate(abandon);
    },
  },
  sourceLost: {
    world: () => new PortWorld(),
    request: { cutOver: { approval: true } },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle, world) => {
      await reaches(handle, 'held');
      world.restart('cloud');
      await handle.executeUpdate(approve);
      await reaches(handle, 'parked');
      Object.assign(world.at('cloud')[0] ?? {}, { role: 'authority' });
      await handle.executeUpdate(retry);
    },
  },
  deadlineInAStep: {
    world: () => Object.assign(new PortWorld(), { polls: 1_000_000 }),
    get request() {
      return { deadline: new Date(Date.now() + 4_000).toISOString() };
    },
    pace: { operationMs: 3_600_000, stepMs: 3_600_000 },
  },
  keptBySource: { world: () => new PortWorld().on('context.handOver', 'PeerRejected') },
  answerLost: { world: () => new PortWorld().on('context.handedOver', 'PeerRejected') },
  cancelledWhileHeld: {
    world: () => new PortWorld(),
    request: { cutOver: { approval: true } },
    meanwhile: async (handle) => {
      await reaches(handle, 'held');
      await handle.executeUpdate(cancel);
    },
  },
  cancelledTooLate: {
    world: () => new PortWorld().on('cloud.instances.stop', 'PeerRejected'),
    meanwhile: async (handle) => {
      await reaches(handle, 'parked');
      await handle.cancel();
      await handle.executeUpdate(retry);
    },
  },
  approved: {
    world: () => new PortWorld(),
    request: { cutOver: { approval: true } },
    meanwhile: async (handle) => {
      await reaches(handle, 'held');
      await handle.executeUpdate(approve);
    },
  },
  paused: {
    world: () => {
      const world = new PortWorld();
      return world.on('a1.path.write', async () => await eventually(() => world.calls.includes('let go')));
    },
    meanwhile: async (handle, world) => {
      await eventually(() => world.calls.includes('a1.path.write'));
      await handle.executeUpdate(pause);
      world.calls.push('let go');
      await reaches(handle, 'paused');
      await handle.executeUpdate(resume);
    },
  },
  recoveredWhileHeld: {
    world: () => new PortWorld(),
    request: { cutOver: { approval: true } },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle, world) => {
      await reaches(handle, 'held');
      await handle.executeUpdate(recover); // it lives: it goes on being held
      await eventually(async () => {
        const told = await handle.query(status);
        return told.state === 'held' && told.failure?.type === 'NotLost';
      });
      Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });
      await handle.executeUpdate(recover);
    },
  },
  recoveredStandby: {
    world: () => new PortWorld(),
    request: { cutOver: { standby: true } },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle, world) => {
      await reaches(handle, 'held');
      Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });
      await eventually(async () => {
        const told = await handle.query(status);
        return told.state === 'held' && told.standby?.silentSince != null;
      });
      await handle.executeUpdate(recover);
    },
  },
  recoveredAsAsked: {
    world: () => {
      const world = new PortWorld();
      Object.assign(world.at('cloud')[0] ?? {}, { state: 'failed' });
      return world;
    },
    request: { sourceLost: { accept: { lostWrites: true } } },
  },
  refusedNotLost: { world: () => new PortWorld(), request: { sourceLost: { accept: { lostWrites: true } } } },
  recoveredLedAway: {
    world: () => {
      const world = new PortWorld();
      world.servedAt('a1');
      return world.on('a1.instances.end', ...refused, ...refused);
    },
    request: { source: 'a1', target: 'a2', cutOver: { approval: true } },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle, world) => {
      await reaches(handle, 'held');
      world.silent.add(world.at('a1')[0]?.id ?? '');
      await handle.executeUpdate(recover); // which nobody can stop
      await reaches(handle, 'parked');
      await handle.executeUpdate(recoverAccepting, { args: [{ lostWrites: true, fence: 'ledAway' }] });
    },
    fencing: async (_, world) => {
      world.on('a1.instances.end');
      world.silent.clear();
    },
  },
  recoveredNone: {
    world: () => new PortWorld().on('cloud.instances.end', ...refused, ...refused),
    request: { cutOver: { approval: true } },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle, world) => {
      await reaches(handle, 'held');
      world.silent.add(world.at('cloud')[0]?.id ?? '');
      await handle.executeUpdate(recoverAccepting, { args: [{ lostWrites: true, fence: 'none' }] });
    },
    fencing: async (handle) => void (await handle.executeUpdate(scrap)),
  },
  ownTransfer: { world: () => new OwnWorld(), request: { accept: 'applicationOwn' } },
  ownTransferNotCompleted: {
    world: () => Object.assign(new OwnWorld(), { looks: 1_000_000 }),
    request: { accept: 'applicationOwn' },
  },
  ownTransferPathRefused: {
    world: () => new OwnWorld().on('a1.path.write', 'PeerRejected'),
    request: { accept: 'applicationOwn' },
    pace: { insistMs: 3_600_000 },
    meanwhile: async (handle) => {
      await reaches(handle, 'parked');
      await handle.executeUpdate(retry);
    },
  },
  stoppedFirst: {
    world: () => Object.assign(new OwnWorld(), { transfer: undefined, devices: null, heard: [] }),
    request: { accept: 'none' },
  },
  stoppedFirstRefused: {
    world: () => Object.assign(new OwnWorld(), { transfer: undefined }).on('cloud.instances.stop', 'PeerRejected'),
    request: { accept: 'none' },
  },
  abandoned: {
    world: () => Object.assign(new PortWorld(), { clientSeen: 0 }),
    meanwhile: async (handle) => {
      await reaches(handle, 'parked');
      await handle.executeUpdate(abandon);
    },
  },
};

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function record(workflow: string, name: string, handle: WorkflowHandle, outcome: string): Promise<void> {
  const file = `${workflow}.${name}.${version}.json`;
  const history = historyToJSON(await handle.fetchHistory());
  await writeFile(`${folder}${file}`, history.replaceAll(root, '')); // stacks tell where the checkout is
  process.stdout.write(`${file}: ${outcome}\n`);
}

await mkdir(folder, { recursive: true });
const engine = await Engine.start(await temporalCli());
try {
  const only = process.argv.slice(2);
  for (const [name, { world: make, request, pace, meanwhile, fencing }] of Object.entries(scenarios)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const world = make();
    await engine.over(world, async (start) => {
      const handle = await start(request, pace);
      await meanwhile?.(handle, world);
      const { outcome, recovery } = await handle.result();
      await record('relocate-application', name, handle, outcome);
      if (fencing === undefined) return;
      const left = engine.environment.client.workflow.getHandle<typeof fenceSource>(`fence:${recovery?.fencing}`);
      await fencing(left, world);
      await record('fence-source', name, left, (await left.result()).outcome);
    });
  }
} finally {
  await engine.stop();
}

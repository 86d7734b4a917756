import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { digest } from '../../configuration/digest.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { promote, type Standing, versionOf } from '../../temporal/deployment.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { approve, type RelocationOrder, status } from '../../workflows/messages.ts';
import { quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { PortWorld } from '../support/world.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

const taskQueue = 'versioned';
/** As Temporal numbers them: DRAINING is 1. */
const DRAINED = 2;
const NOT_FOUND = 5;

let cli: string;
let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  cli = await temporalCli();
  temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: cli },
      searchAttributes: Object.values(searchAttributes),
      log: { format: 'pretty', level: 'error' },
      // Minutes, by default
      extraArgs: ['VisibilityGracePeriod', 'RefreshInterval'].flatMap((setting) => [
        '--dynamic-config-value',
        `matching.wv.VersionDrainageStatus${setting}="1s"`,
      ]),
    },
  });
});
afterAll(async () => await temporal.teardown());

/** The worker of one version, until it is stopped. */
async function deploy(buildId: string, world: PortWorld, always = false) {
  const version = versionOf(taskQueue, buildId);
  const workers = await FerryWorkers.create({
    connection: temporal.nativeConnection,
    taskQueue,
    workflowBundle,
    activities: relocationActivities({ catalogue: world, pace: quickPace, digest, turns: takingTurns() }),
    capacity: { slots: { steps: 10, waits: 10 }, maxCachedWorkflows: 100 },
    version,
  });
  const running = workers.run();
  const asked: string[] = [];
  const workflowService = new Proxy(temporal.client.workflowService, {
    get: (service, name) => {
      asked.push(String(name));
      return Reflect.get(service, name) as unknown;
    },
  });
  const client = { workflowService, options: temporal.client.options } as Client;
  return {
    standing: (await promote(client, version, taskQueue, { always })) satisfies Standing,
    asked,
    drainage: async () =>
      (
        await temporal.client.workflowService.describeWorkerDeploymentVersion({
          namespace: 'default',
          deploymentVersion: version,
        })
      ).workerDeploymentVersionInfo?.drainageInfo?.status as number | undefined,
    stop: async () => {
      workers.shutdown();
      await running;
    },
  };
}

async function start(workflowId: string, request: Partial<RelocationOrder['request']>): Promise<WorkflowHandle> {
  const order: RelocationOrder = {
    request: { application: 'counter', users: '*', source: 'cloud', target: 'a1', cutOver: 'immediately', ...request },
    direction: 'cloudToMec',
    pace: quickPace,
  };
  return await temporal.client.workflow.start('relocateApplication', { workflowId, taskQueue, args: [order] });
}
const held = { cutOver: { approval: true } } as const;

const isHeld = async (handle: WorkflowHandle): Promise<void> =>
  await eventually(async () => (await handle.query(status)).state === 'held', 30_000);

/** The server keeps a version in a workflow of its own: between two runs of that there is none for a moment. */
function whileItGoesOnAnew(error: unknown): undefined {
  if ((error as { code?: number }).code !== NOT_FOUND) throw error;
}

/** The versions that have worked at it. */
async function workedAt(handle: WorkflowHandle): Promise<readonly string[]> {
  const { events } = await handle.fetchHistory();
  const builds = events?.flatMap(
    (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? [],
  );
  return [...new Set(builds)];
}

it('a relocation finishes on the version that began it, beside a new one; then the old version is drained', async () => {
  const first = await deploy('1', new PortWorld());
  expect(first.standing).toEqual({ current: true }); // by itself: there was none
  const made = ['setWorkerDeploymentCurrentVersion', 'describeWorkerDeployment'];
  expect(first.asked.slice(-2)).toEqual(made); // nobody else could be given what begins before its queues are told
  const old = await start('relocation:old', held);
  await isHeld(old);

  const waiting = await deploy('2', new PortWorld());
  expect(waiting.standing).toEqual({ current: false, instead: '1' });
  await waiting.stop();
  const second = await deploy('2', new PortWorld(), true);
  expect(second.standing).toEqual({ current: true });
  expect(second.asked.slice(-3)).toEqual([...made, 'describeWorkerDeploymentVersion']); // which waits until they are

  const fresh = await start('relocation:fresh', {});
  await expect(fresh.result()).resolves.toMatchObject({ outcome: 'relocated' });
  expect(await workedAt(fresh)).toEqual(['2']);
  expect((await fresh.fetchHistory()).events).toHaveLength(65); // what it costs without versions (cost.test.ts)
  expect(await first.drainage()).not.toBe(DRAINED);

  await old.executeUpdate(approve);
  await expect(old.result()).resolves.toMatchObject({ outcome: 'relocated' });
  expect(await workedAt(old)).toEqual(['1']);
  await eventually(async () => (await first.drainage().catch(whileItGoesOnAnew)) === DRAINED, 60_000);
  await first.stop();
  await second.stop();
});

it('a relocation whose version is gone waits, and is moved to another by an operator', async () => {
  const world = new PortWorld();
  const leaving = await deploy('3', world, true);
  const left = await start('relocation:left', held);
  await isHeld(left);
  await leaving.stop();

  const coming = await deploy('4', world, true);
  const move = `workflow update-options --address ${temporal.address} --workflow-id relocation:left
    --versioning-override-behavior pinned --versioning-override-deployment-name ${taskQueue}
    --versioning-override-build-id 4`;
  await promisify(execFile)(cli, move.split(/\s+/));
  await left.executeUpdate(approve);
  await expect(left.result()).resolves.toMatchObject({ outcome: 'relocated' });
  expect(await workedAt(left)).toEqual(['3', '4']);
  await coming.stop();
});

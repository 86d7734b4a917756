import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { evacuationActivities } from '../../activities/evacuation/evacuate-host.ts';
import type { Application, Catalogue, Site } from '../../activities/ports.ts';
import { freePort } from '../../cli/ports.ts';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { evacuationOf } from '../../temporal/evacuating.ts';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { runsOver } from '../../worker/runs.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import type { RelocationMemo } from '../../workflows/messages.ts';
import { named } from '../support/api.ts';
import { quickPace } from '../support/engine.ts';
import { course } from './evacuation.workflows.ts';

/**
 * What it takes to empty a site of many, on a real server, with stand-ins for the relocations, while two workers are killed:
 * `npx tsx test/engine/evacuation.measure.ts [how many] [ms of one]`. The site goes on telling of those that were moved.
 */
const [MANY, MEAN_MS] = [Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 6_000)];
const WINDOW = 50;
const taskQueue = 'measured';
const pace = { ...quickPace, stepMs: MEAN_MS, heartbeatMs: 5_000, retryMs: 100 };
const targets = ['a2', 'w1', 'cloud'];
const applications = Array.from({ length: MANY }, (_, n) => `app-${n}`);

if (process.send === undefined) await measure();
else await work(process.argv[4] ?? '', process.argv[5] ?? '');

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-evacuation-'));
  const [port, uiPort] = [await freePort('127.0.0.1', 21_400), await freePort('127.0.0.1', 21_500)];
  const database = join(folder, 'temporal.sqlite');
  const server = await startDevServer({ cli: await temporalCli(), port, uiPort, database, log: join(folder, 'log') });
  const children: ChildProcess[] = [];
  try {
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('evacuation.workflows.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    });
    const bundle = join(folder, 'bundle.js');
    await writeFile(bundle, code);
    const hire = async (): Promise<void> => {
      const given = [String(MANY), String(MEAN_MS), server.address, bundle];
      const child = fork(fileURLToPath(import.meta.url), given, { execArgv: ['--import', 'tsx'] });
      children.push(child);
      await once(child, 'message');
    };
    await Promise.all([hire(), hire()]);
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const begun = performance.now();
    const request = { site: 'a1', among: targets, window: WINDOW, perUser: false };
    const handle = await client.workflow.start('evacuateHost', evacuationOf({ request, pace }, { taskQueue }));
    const result = handle.result();
    const ideal = applications.reduce((sum, each) => sum + course(each, MEAN_MS).ms, 0) / WINDOW;
    for (const at of [0.3, 0.6]) {
      await Promise.race([
        new Promise((resume) => setTimeout(resume, ideal * at - (performance.now() - begun))),
        result,
      ]);
      const [evacuating] = (await handle.describe()).raw.pendingActivities ?? [];
      const pid = Number.parseInt(evacuating?.lastWorkerIdentity ?? '', 10);
      if (children.find((child) => child.pid === pid)?.kill('SIGKILL') !== true) throw new Error('it is over already');
      void hire();
    }
    const { outcome, counts, failures } = (await result) as { outcome: string; counts: object; failures: unknown[] };
    const took = performance.now() - begun;
    const { events } = await handle.fetchHistory();
    await new Promise((resume) => setTimeout(resume, 3_000)); // the index is behind
    const seen = new Map<string, number>();
    let spent = 0;
    for await (const { memo, startTime, closeTime } of client.workflow.list({
      query: "WorkflowType = 'relocateApplication'",
    })) {
      const { application } = (memo as unknown as RelocationMemo).request;
      spent += (closeTime?.getTime() ?? 0) - startTime.getTime();
      seen.set(application, (seen.get(application) ?? 0) + 1);
    }
    const twice = [...seen.values()].filter((times) => times > 1).length;
    const told = { outcome, counts, failuresListed: failures.length, events: events?.length, moved: seen.size, twice };
    // A busy server lets each take longer than it would: the window is measured by what they took
    const ratios = { ofNominal: took / ideal, ofTaken: took / (spent / WINDOW) };
    process.stdout.write(`${JSON.stringify({ ...told, ...ratios, seconds: took / 1_000 })}\n`);
    await connection.close();
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map(async (child) => child.exitCode ?? child.signalCode ?? (await once(child, 'exit'))));
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function work(address: string, bundle: string): Promise<void> {
  process.once('disconnect', () => process.exit());
  const site = { name: 'a1', instances: { list: async () => [{ id: 'i', state: 'started', endpoint: null }] } };
  const catalogue: Pick<Catalogue, 'site' | 'applications'> = {
    site: async () => site as unknown as Site,
    applications: async () => applications.map((name) => ({ name }) as Application),
  };
  const temporal = new Client({ connection: connectionFor({ address }) });
  const runs = runsOver(temporal, { ...named, pace, taskQueue });
  const workers = await FerryWorkers.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue,
    workflowBundle: { codePath: bundle },
    activities: evacuationActivities({ catalogue: catalogue as Catalogue, runs, pace }),
    capacity: { slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 },
  });
  process.once('SIGTERM', () => workers.shutdown());
  const running = workers.run();
  process.send?.('ready');
  await running;
  process.exit();
}

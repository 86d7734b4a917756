import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/ports.ts';
import { startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { msNumberToTs } from '../../temporal/internals.ts';
import { temporalReady } from '../../temporal/readiness.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { eventually, isAlive } from '../cli/eventually.ts';
import { claimNetwork, portsOf } from '../support/network.ts';

/** Of Temporal's commands. */
const CONTINUE_AS_NEW = 10;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-dev-server-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const start = async (at = folder) => {
  const { net } = await claimNetwork();
  const [port, uiPort] = await portsOf(net);
  const metricsPort = await freePort('127.0.0.1', 21_500 + net);
  const [database, log] = [join(at, 'temporal.db'), join(at, 'temporal.log')];
  const more = ['--metrics-port', `${metricsPort}`];
  const server = await startDevServer({ cli: await temporalCli(), port, uiPort, database, log, more });
  return { ...server, metrics: `http://127.0.0.1:${metricsPort}/metrics` };
};

it('knows our search attributes when it is said to be up, again with the database of an earlier start', async () => {
  for (let time = 0; time < 2; time += 1) {
    const server = await start();
    const connection = await Connection.connect({ address: server.address });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(Object.values(searchAttributes).map(({ name }) => name)),
    );
    await connection.close();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  }
}, 60_000);

describe('one that serves', () => {
  let server: Awaited<ReturnType<typeof start>>;
  let kept: string;
  beforeAll(async () => {
    kept = await mkdtemp(join(tmpdir(), 'ferry-dev-server-'));
    server = await start(kept);
  });
  afterAll(async () => {
    await server?.stop();
    await rm(kept, { recursive: true });
  });

  it('makes the search attributes of a namespace that lacks them, when that is the one to be used', async () => {
    const connection = await Connection.connect({ address: server.address });
    await connection.workflowService.registerNamespace({
      namespace: 'other',
      workflowExecutionRetentionPeriod: msNumberToTs(86_400_000),
    });
    await temporalReady({ connectionOptions: { address: server.address }, namespace: 'other' }, 30_000);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'other' });
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(['FerryKey', 'FerryOutcome']));
    await connection.close();
  });

  it('keeps each queue whole: there is one machine to poll it on', async () => {
    const connection = await Connection.connect({ address: server.address });
    const parts = await connection.workflowService.listTaskQueuePartitions({
      namespace: 'default',
      taskQueue: { name: 'ferry' },
    });
    expect(parts.activityTaskQueuePartitions).toHaveLength(1);
    expect(parts.workflowTaskQueuePartitions).toHaveLength(1);
    await connection.close();
  });

  it('puts no timer aside, though many come due in each second', async () => {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const begin = async (_: unknown, nth: number) =>
      await client.workflow.start('nobodysWork', {
        taskQueue: 'nobody',
        workflowId: `timer-${nth}`,
        startDelay: 1_000 + 20 * nth,
      });
    await Promise.all(Array.from({ length: 200 }, begin));
    const due = /^task_requests\{.*operation="TimerActiveTaskWorkflowBackoffTimer".*\} 200$/m;
    const told = async (): Promise<string> => await (await fetch(server.metrics)).text();
    await eventually(async () => due.test(await told()), 30_000);
    expect((await told()).match(/^queue_actions.*reader_stuck.*$/gm)).toBeNull();
    await connection.close();
  });

  it('lets a run that continues as a new one begin at once, as versions of workers do when they are first polled', async () => {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const first = await client.workflow.start('goesOn', { taskQueue: 'ours', workflowId: 'goes-on' });
    const queue = { namespace: 'default', taskQueue: { name: 'ours' } };
    const poll = async () => await connection.workflowService.pollWorkflowTaskQueue(queue);
    const { taskToken } = await connection.withDeadline(Date.now() + 30_000, poll);
    await connection.workflowService.respondWorkflowTaskCompleted({
      namespace: 'default',
      taskToken,
      commands: [
        {
          commandType: CONTINUE_AS_NEW,
          continueAsNewWorkflowExecutionCommandAttributes: { workflowType: { name: 'goesOn' }, ...queue },
        },
      ],
    });
    const next = await client.workflow.getHandle('goes-on').describe();
    expect(next.runId).not.toBe(first.firstExecutionRunId);
    expect(Number(next.executionTime) - Number(next.startTime)).toBeLessThan(50);
    await connection.close();
  });
});

it('is dead soon after the process that started it was killed', async () => {
  const parent = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('starts-a-dev-server.ts', import.meta.url)), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { pid, port } = JSON.parse(line.toString('utf8')) as { pid: number; port: number };
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await eventually(() => !isAlive(pid), 5_000);
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
}, 60_000);

it('is not waited for when it ends at once: the log is named', async () => {
  const plan = { port: 1, uiPort: 2, database: join(folder, 'temporal.db'), log: join(folder, 'temporal.log') };
  await expect(startDevServer({ ...plan, cli: '/bin/false' })).rejects.toThrow(
    /ended at once \(exit status 1\).*temporal\.log/,
  );
});

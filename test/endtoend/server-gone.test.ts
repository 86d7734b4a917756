import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../cli/built.ts';
import { Pace } from '../../configuration/peers.ts';
import { startDevServer, type DevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import type { RelocationOrder } from '../../workflows/messages.ts';
import { busy } from '../support/busy.ts';
import { claimNetwork, type ClaimedNetwork, portsOf } from '../support/network.ts';

/** A worker that is told to end when its Temporal server has died already, with a run in its hands. */
const folder = mkdtempSync(join(tmpdir(), 'ferry-gone-'));
const log = join(folder, 'worker.log');
let claimed: ClaimedNetwork;
let temporal: DevServer;
let worker: ChildProcess;
const mute = createServer();

beforeAll(async () => {
  claimed = await claimNetwork();
  const [port, uiPort] = await portsOf(claimed.net);
  const files = { database: join(folder, 'db'), log: join(folder, 'temporal') };
  const plan = { cli: await temporalCli(), port, uiPort, ...files, volatile: true };
  temporal = await startDevServer(plan);
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const configuration = join(folder, 'ferry.json');
  const example = /```json\n([^]*?)```/.exec(page)?.[1] ?? '';
  // Whoever asks a peer waits for it, and so has something in his hands
  await once(mute.listen({ port: 0, host: `127.${claimed.net}.0.1` }), 'listening');
  const { address, port: at } = mute.address() as AddressInfo;
  const peer = `"http://${address}:${at}", "insecure": true`;
  writeFileSync(configuration, example.replaceAll(/(?<="url": )"[^"]*"/g, peer));
  worker = spawn(process.execPath, program('worker/main.ts'), {
    env: {
      ...process.env,
      FERRY_CONFIG: configuration,
      FERRY_SECRET: 'known to the one worker of this test',
      TEMPORAL_ADDRESS: temporal.address,
    },
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  });
  await new Promise<void>((ready, fail) => {
    worker.stdout?.once('data', () => ready());
    worker.once('exit', () => fail(new Error(readFileSync(log, 'utf8'))));
  });
});
afterAll(async () => {
  worker.kill('SIGKILL');
  await temporal.stop();
  mute.close();
  await claimed.release();
  rmSync(folder, { recursive: true, force: true });
});

it('ends by itself, says why, and takes it for no failure of its own', async () => {
  const connection = await Connection.connect({ address: temporal.address });
  const request = { application: 'game', users: '*', source: 'host-1', target: 'central', cutOver: 'immediately' };
  const order = { request, direction: 'mecToCloud', pace: Pace.parse({}) } as RelocationOrder;
  const asked = once(mute, 'connection');
  await new Client({ connection }).workflow.start('relocateApplication', {
    workflowId: 'relocation:gone',
    taskQueue: 'ferry',
    args: [order],
  });
  await asked;
  await connection.close();
  process.kill(temporal.pid, 'SIGKILL');
  await temporal.exited;
  const exited = new Promise<string>((resolve) =>
    worker.once('exit', (code, signal) => resolve(signal ?? `status ${code}`)),
  );
  const begun = Date.now();
  worker.kill('SIGTERM');
  const how = await exited;
  expect(how).toBe('status 0');
  expect(readFileSync(log, 'utf8')).toContain('ended by force: what it had begun could not be given back in time');
  expect(Date.now() - begun).toBeLessThan(15_000 * busy());
});

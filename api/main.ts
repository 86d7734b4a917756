import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { apiSettings, orExit } from '../configuration/settings.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { temporalReady } from '../temporal/readiness.ts';
import { authority } from './access.ts';
import { app } from './app.ts';
import { federatingOver } from './federating.ts';
import { close, serverOf } from './server.ts';
import { connectionFor } from './temporal.ts';

/** So long "not ready" is said before the socket closes, and so long requests may take to end then. */
const NOTICE_MS = 200;
const END_MS = 2_000;

const { environment, configuration } = orExit(apiSettings);
const log = pino({ name: 'api', level: environment.FERRY_LOG_LEVEL }, pino.destination({ dest: 2, sync: true }));
const { connectionOptions, namespace } = connectionSettings();
const connection = connectionFor(connectionOptions);

const stopping = new AbortController();
let prepared = false;
void prepare();

const temporal = new Client({ connection, namespace });
const federating = await federatingOver({ configuration, environment, temporal, log, stopping: stopping.signal });

const server = serverOf(
  app({
    temporal,
    configuration,
    federating,
    taskQueue: environment.FERRY_TASK_QUEUE,
    temporalUi: environment.FERRY_TEMPORAL_UI,
    condition: { stopping: stopping.signal, prepared: () => prepared },
    log,
    hosts: [...environment.FERRY_HOSTS, authority(environment.FERRY_HOST, environment.FERRY_PORT)],
  }),
);

const stop = (): void => stopping.abort();
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered'))
  process.stdin.once('close', stop).once('end', stop).once('error', stop).resume();

try {
  await once(server.listen(environment.FERRY_PORT, environment.FERRY_HOST), 'listening');
  const { address, family, port } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await sleep(NOTICE_MS);
  await close(server, END_MS);
} catch (error) {
  log.error((error as Error).message);
  process.exitCode = 1;
} finally {
  stopping.abort();
  process.stdin.destroy();
  await federating?.catalogue.destroy();
  await connection.close();
}

/** Until Temporal knows the namespace and our search attributes the API says that it is not ready. */
async function prepare(): Promise<void> {
  while (!stopping.signal.aborted)
    try {
      await temporalReady({ connectionOptions, namespace }, 10_000, stopping.signal);
      prepared = true;
      return;
    } catch (error) {
      if (!stopping.signal.aborted) log.warn((error as Error).message);
    }
}

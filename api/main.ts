import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { authority } from '../configuration/hosts.ts';
import { apiSettings, orExit } from '../configuration/settings.ts';
import { connectionSettings } from '../temporal/connection.ts';
import { close, serverOf } from '../doors/server.ts';
import { temporalReady } from '../temporal/readiness.ts';
import { tracesOf } from '../traces/traces.ts';
import { app } from './app.ts';
import type { Both } from './federating.ts';
import type { Federation } from '../configuration/federation.ts';
import { connectionFor } from '../temporal/lazy-connection.ts';

/** So long "not ready" is said before the sockets close, and so long requests may take to end then. */
const NOTICE_MS = 200;
const END_MS = 2_000;

const { environment, configuration } = orExit(apiSettings);
const log = pino({ name: 'api', level: environment.FERRY_LOG_LEVEL }, pino.destination({ dest: 2, sync: true }));
const traces = await tracesOf('ferry-api', (message) => log.warn(message));
const { connectionOptions, namespace } = connectionSettings();
const connection = connectionFor(connectionOptions);

const stopping = new AbortController();
const stop = (): void => stopping.abort();
process.once('SIGINT', stop).once('SIGTERM', stop);
if (process.argv.includes('--tethered'))
  process.stdin.once('close', stop).once('end', stop).once('error', stop).resume();

let prepared = false;
void prepare();

const temporal = new Client({ connection, namespace, interceptors: { workflow: [...(traces?.starting ?? [])] } });
const { federation } = configuration;
const federating = federation === undefined ? undefined : await federatingWith(federation);

const inner = followed(
  app({
    temporal,
    configuration,
    federating: federating?.inner,
    taskQueue: environment.FERRY_TASK_QUEUE,
    temporalUi: environment.FERRY_TEMPORAL_UI,
    condition: { stopping: stopping.signal, prepared: () => prepared },
    log,
    hosts: [...environment.FERRY_HOSTS, authority(environment.FERRY_HOST, environment.FERRY_PORT)],
  }),
  { trusting: true },
);
const partners = federating === undefined ? undefined : followed(federating.outer, { trusting: false });

try {
  const outerUrl =
    partners === undefined
      ? undefined
      : await listening(partners, environment.FERRY_OUTER_PORT, environment.FERRY_OUTER_HOST);
  const url = await listening(inner, environment.FERRY_PORT, environment.FERRY_HOST);
  process.stdout.write(`${JSON.stringify({ ready: true, url, ...(outerUrl !== undefined && { outer: outerUrl }) })}\n`);
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await sleep(NOTICE_MS);
  await Promise.all([inner, partners].map(async (server) => server && (await close(server, END_MS))));
} catch (error) {
  log.error((error as Error).message);
  process.exitCode = 1;
} finally {
  stopping.abort();
  partners?.close();
  process.stdin.destroy();
  await federating?.catalogue.destroy();
  await connection.close();
  await traces?.close();
}

/** Nothing of it is loaded where nothing is said of a federation. */
async function federatingWith(described: Federation): Promise<Both> {
  const { federatingOver } = await import('./federating.ts');
  return await federatingOver(described, { configuration, environment, temporal, log, stopping: stopping.signal });
}

function followed(served: RequestListener, from: { readonly trusting: boolean }): Server {
  return serverOf(traces === undefined ? served : traces.requests(served, from));
}

async function listening(server: Server, port: number, host: string): Promise<string> {
  await once(server.listen(port, host), 'listening');
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
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

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failure } from '../../activities/failure.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { Exchange } from '../../adapters/http.ts';
import type { Relocation } from '../../api/resources.ts';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { digest } from '../../configuration/digest.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { type Traces, tracesOf } from '../../traces/traces.ts';
import { FerryWorkers } from '../../worker/workers.ts';
import { Served } from '../support/api.ts';
import { busy } from '../support/busy.ts';
import { Collector, type Span } from '../support/collector.ts';
import { Engine, quickPace } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const THEIRS = '00f067aa0ba902b7';
const SECRET = 'a-token-of-a-peer';

/** Of the peer: which trace it was told. */
const heard: string[] = [];
let engine: Engine;
let collector: Collector;
let traces: Traces;
let peer: Server;
let temporal: Client;

beforeAll(async () => {
  collector = await Collector.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
  const opened = await tracesOf('ferry-test', (message) => {
    throw new Error(message);
  });
  if (opened === undefined) throw new Error('no traces');
  traces = opened;
  peer = createServer((req, res) => {
    heard.push(String(req.headers['traceparent']));
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await once(peer.listen(0, '127.0.0.1'), 'listening');
  engine = await Engine.start(await temporalCli());
  const { address, namespace = 'default' } = engine.environment;
  temporal = new Client({
    connection: connectionFor({ address }),
    namespace,
    interceptors: { workflow: [...traces.starting] },
  });
});
afterAll(async () => {
  await temporal.connection.close();
  await engine.stop();
  peer.close();
  peer.closeAllConnections();
  await traces.close();
  collector.stop();
  vi.unstubAllEnvs();
});

/** Every attempt asks a peer, with a token and about a device, before it does what it does. */
function asking<T extends object>(activities: T): T {
  const url = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  const exchange = new Exchange({ name: 'meo', url, timeoutMs: 5_000 * busy() }, pino({ level: 'silent' }), {
    authorization: async () => `Bearer ${SECRET}`,
    refused: () => undefined,
  });
  const wrapped = Object.entries(activities).map(([name, activity]: [string, (input: unknown) => Promise<unknown>]) => [
    name,
    async (input: unknown) => {
      await exchange.ask({ method: 'GET', path: `/${name}?device=10.9.9.1` }, new AbortController().signal);
      return await activity(input);
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

async function workersOver(world: PortWorld, taskQueue: string): Promise<FerryWorkers> {
  const means = { catalogue: world, pace: quickPace, digest, turns: takingTurns() };
  return await FerryWorkers.create({
    connection: engine.environment.nativeConnection,
    namespace: engine.environment.namespace ?? 'default',
    workflowBundle,
    taskQueue,
    activities: asking(relocationActivities(means)),
    capacity: { slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 },
    interceptors: traces.working,
  });
}

const childrenOf = (parent: Span | undefined): Span[] =>
  collector.spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId);

describe('a relocation', () => {
  const world = new PortWorld();
  const hold = gate();
  let relocation: Relocation;

  beforeAll(async () => {
    world.on('a1.packages.find', () => {
      throw failure('PeerUnavailable', 'meo: GET /app_packages about 10.9.9.1 did not answer');
    });
    world.on('a1.notices.addressChanged', async () => await hold.wait());
    const taskQueue = `traced-${randomUUID()}`;
    const api = await Served.start({
      temporal,
      taskQueue,
      pace: quickPace,
      followed: (served) => traces.requests(served, { trusting: true }),
    });
    try {
      const first = await workersOver(world, taskQueue);
      await first.runUntil(
        (async () => {
          const answer = await api.post<Relocation>(
            '/v1/relocations',
            { application: 'counter', source: 'cloud', target: 'a1', users: 'ue-1' },
            { traceparent: `00-${TRACE}-${THEIRS}-01` },
          );
          relocation = answer.body;
          await hold.arrived;
          hold.open();
        })(),
      );
      // Another process, as it were: what it knows of the run it has from the history
      const second = await workersOver(world, taskQueue);
      await second.runUntil(
        eventually(
          async () => (await api.get<Relocation>(`/v1/relocations/${relocation.id}`)).body.endedAt !== null,
          60_000 * busy(),
        ),
      );
    } finally {
      await api.stop();
    }
    await eventually(async () => collector.named('relocateApplication').length > 0, 10_000 * busy());
  });

  it('is one trace, from who asks over the API and the run to its steps and the calls of peers', () => {
    const [request] = collector.named('POST /v1/relocations');
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: THEIRS });
    expect(request?.told).toMatchObject({ 'http.route': '/v1/relocations', 'http.response.status_code': '202' });
    const run = childrenOf(request);
    expect(run).toMatchObject([{ name: 'relocateApplication', traceId: TRACE }]);
    expect(run[0]?.told).toMatchObject({ 'ferry.outcome': 'relocated' });
    const steps = childrenOf(run[0]);
    expect([...new Set(steps.map(({ name }) => name))]).toEqual([
      'checkRelocation',
      'distributePackage',
      'instantiateTarget',
      'copyAhead',
      'switchPath',
      'handOver',
      'notifyEndpoint',
      'confirmQuiet',
      'retireSource',
    ]);
    for (const step of steps) expect(childrenOf(step)).toMatchObject([{ name: 'GET meo', traceId: TRACE }]);
  });

  it('tells its peers of the very call that they are asked by', () => {
    const calls = collector.named('GET meo').map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
    expect(calls.length).toBeGreaterThanOrEqual(9);
    expect(heard.toSorted()).toEqual(calls.toSorted());
  });

  it('has a span for each attempt of a step, with the word for its failure', () => {
    const attempts = collector.spans.filter(({ told }) => told['error.type'] === 'PeerUnavailable');
    expect(attempts).toMatchObject([{ told: { 'ferry.attempt': '1' }, status: { code: 2 } }]);
    const again = collector.named(attempts[0]?.name ?? '');
    expect(again.map(({ told }) => told['ferry.attempt'])).toEqual(['1', '2']);
  });

  it('tells names of ours only: no token, no address, no user, no sentence of a failure', () => {
    for (const secret of [SECRET, '10.9.9.1', 'ue-1', 'did not answer', 'traces.test.ts'])
      expect(collector.text).not.toContain(secret);
  });
});

it('goes on without what a client of another kind sends as a trace', async () => {
  const { client } = engine.environment;
  const taskQueue = `odd-${randomUUID()}`;
  const odd = new Client({
    connection: client.connection,
    namespace: client.options.namespace,
    interceptors: {
      workflow: [
        {
          startWithDetails: async (input, next) =>
            await next({ ...input, headers: { '_tracer-data': { data: Buffer.from('odd') } } }),
        },
      ],
    },
  });
  const workers = await workersOver(new PortWorld(), taskQueue);
  await workers.runUntil(
    (async () => {
      const handle = await odd.workflow.start('relocateApplication', {
        workflowId: `relocation:${randomUUID()}`,
        taskQueue,
        args: [
          {
            request: { application: 'counter', users: '*', source: 'cloud', target: 'a1', cutOver: 'immediately' },
            direction: 'cloudToMec',
            pace: quickPace,
          },
        ],
      });
      await expect(handle.result()).resolves.toMatchObject({ outcome: 'relocated' });
    })(),
  );
});

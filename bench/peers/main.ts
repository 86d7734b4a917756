import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { application } from './application.ts';
import { done, type Heard, ok, refused, type Reply } from './exchange.ts';
import { meo } from './meo.ts';
import { type Behaviour, type Call, LCM_PROXY, MEO, platformAt, SIDES, VANTAGE, type WorldPlan } from './plan.ts';
import { platform, vantage } from './platform.ts';
import { World } from './world.ts';

/**
 * The peers of the benchmark, as one process: what stands in the published files, in memory, each answer after a fixed
 * latency. `--pairs n`: so many pairs of hosts. It listens on one port of every loopback address, which is told in a line
 * of JSON; the address that is asked tells the peers apart. Under /bench it is told how to behave and what it was asked.
 */
const { values } = parseArgs({ options: { pairs: { type: 'string', default: '1' } } });
const pairs = Number(values.pairs);
const world = new World(pairs);
let behaviour: Behaviour = { latencyMs: 0, operationMs: 0, polls: 0, gate: false, failing: 0, oneIn: 0 };

const log: Call[] = [];
let calls = 0;
let port = 0;

const served = new Map<string, (heard: Heard) => Reply>();
const instance = application(world);

function start(): void {
  served.set(
    MEO,
    meo(world, () => behaviour),
  );
  served.set(VANTAGE, vantage(world));
  served.set(LCM_PROXY, () => done);
  for (let pair = 0; pair < pairs; pair += 1)
    for (const side of SIDES) {
      const address = platformAt(side, pair);
      served.set(address, platform(world, side, pair, `http://${address}:${port}`));
    }
}

function answered(heard: Heard): Reply {
  if (behaviour.failing > 0 && heard.method !== 'GET') {
    behaviour = { ...behaviour, failing: behaviour.failing - 1 };
    return refused(503, 'not now');
  }
  return (served.get(heard.at) ?? instance)(heard);
}

/** What the benchmark says to it: no latency, no entry in the log. */
function told({ method, path, query, json }: Heard): Reply {
  if (path === '/bench/log') {
    if (method === 'DELETE') log.length = 0;
    return method === 'GET' ? ok({ calls, entries: log }) : done;
  }
  if (path === '/bench/standing') return ok(world.standing());
  if (path === '/bench/behaviour') behaviour = { ...behaviour, ...(json as Partial<Behaviour>) };
  else if (path === '/bench/world') {
    const { applications, subscriptions, foreign, pair: on } = json as unknown as WorldPlan;
    const first = Number(query.get('first') ?? 0);
    if (foreign !== undefined) for (let pair = 0; pair < world.pairs; pair += 1) world.strangers(pair, foreign);
    for (let n = first; n < first + applications; n += 1) world.found(n, subscriptions, on);
  } else return refused(404, 'nothing here');
  return ok({ behaviour, calls, operations: world.operations.size });
}

async function body(req: IncomingMessage): Promise<Heard['json']> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Heard['json']);
}

function reply(res: ServerResponse, { status, json, headers = {} }: Reply): void {
  const text = json === undefined ? '' : JSON.stringify(json);
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  res.writeHead(status, {
    ...(text !== '' && { 'content-type': type }),
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const from = performance.now();
  const {
    pathname: path,
    searchParams: query,
    hostname: at,
  } = new URL(req.url ?? '/', `http://${req.headers.host ?? ''}`);
  const { method = 'GET' } = req;
  const ifMatch = req.headers['if-match'];
  const heard = { at, method, path, query, json: await body(req), ifMatch };
  if (path.startsWith('/bench/')) return reply(res, told(heard));
  calls += 1;
  const n = calls;
  // Carried out when half of the time is over, as between two ends of a wire
  const { latencyMs } = behaviour;
  const answer = (): void => {
    const its = answered(heard);
    const end = (): void => {
      log.push({ n, at, method, path: req.url ?? '', status: its.status, from, to: performance.now() });
      reply(res, its);
    };
    if (latencyMs === 0) end();
    else setTimeout(end, latencyMs / 2);
  };
  if (latencyMs === 0) answer();
  else setTimeout(answer, latencyMs / 2);
}

const server = createServer((req, res) => {
  serve(req, res).catch((error: Error) => {
    process.stderr.write(`${req.method} ${req.url}: ${error.stack ?? error.message}\n`);
    reply(res, refused(500, error.message));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '0.0.0.0', () => {
  ({ port } = server.address() as AddressInfo);
  start();
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});

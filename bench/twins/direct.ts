import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import { digest } from '../../configuration/digest.ts';
import { readConfiguration } from '../../configuration/peers.ts';
import { sealWith } from '../../configuration/seal.ts';
import { configured } from '../../worker/sites.ts';
import { applicationOf, siteOf } from '../peers/plan.ts';
import { callsOneAfterTheOther } from './activities.ts';

/**
 * A relocation without durability: the very steps of Ferry, by the same adapters and connections, one after the other in
 * plain Node. `--config`: of a Ferry; `--secret`: of its workers; `--pairs`: of hosts. It takes orders at a port that it
 * tells: POST /relocate?n= moves an application, POST /calls asks what the body lists, one after the other.
 */
const { values } = parseArgs({
  options: { config: { type: 'string' }, secret: { type: 'string' }, pairs: { type: 'string', default: '1' } },
});
const configuration = readConfiguration(values.config ?? '');
const log = pino({ level: 'error' }, pino.destination(2));
const { catalogue } = configured(configuration, sealWith(values.secret ?? ''), log);
const steps = relocationActivities({ catalogue, pace: configuration.pace, digest, turns: takingTurns() });
const silent = new DefaultLogger('ERROR');
const LIMIT_MS = 600_000;
let runs = 0;

/** One attempt, as a worker would make it. */
async function attempt<A, R>(step: (order: A) => Promise<R>, order: A): Promise<R> {
  const now = Date.now();
  const info = {
    startToCloseTimeoutMs: LIMIT_MS,
    scheduleToCloseTimeoutMs: LIMIT_MS,
    scheduledTimestampMs: now,
    currentAttemptScheduledTimestampMs: now,
  };
  return await new MockActivityEnvironment(info, { logger: silent }).run(step, order);
}

async function relocate(n: number): Promise<void> {
  runs += 1;
  const pair = n % Number(values.pairs);
  const subject = {
    chain: `direct-${process.pid}/${runs}`,
    application: applicationOf(n),
    users: '*',
    source: siteOf('left', pair),
    target: siteOf('right', pair),
  };
  const checked = await attempt(steps.checkRelocation, {
    ...subject,
    maxInterruptionMs: null,
    own: null,
  });
  const { from, there, seen } = checked;
  await attempt(steps.distributePackage, { ...subject, ...(checked.package && { found: checked.package }) });
  const { to } = await attempt(steps.instantiateTarget, { ...subject, from, there });
  const both = { ...subject, from, to };
  const looked = seen === undefined ? {} : { seen };
  const copied = await attempt(steps.copyAhead, { ...both, made: [], turns: null, ...looked });
  await attempt(steps.switchPath, { ...both, turns: copied.turns });
  await attempt(steps.handOver, both);
  const told = await attempt(steps.notifyEndpoint, { ...both, seen: copied.seen });
  await attempt(steps.confirmQuiet, both);
  await attempt(steps.retireSource, { ...both, seen: told.seen ?? copied.seen });
}

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://direct');
  const work = async (): Promise<void> => {
    if (pathname === '/relocate') return await relocate(Number(searchParams.get('n')));
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    await callsOneAfterTheOther(
      JSON.parse(Buffer.concat(chunks).toString()) as Parameters<typeof callsOneAfterTheOther>[0],
    );
  };
  work().then(
    () => res.writeHead(204).end(),
    (error: Error) => res.writeHead(500).end(error.stack ?? error.message),
  );
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`),
);

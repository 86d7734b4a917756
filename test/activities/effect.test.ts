import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { effectOf } from '../../activities/effect.ts';
import { Exchange } from '../../adapters/http.ts';
import { digest } from '../../configuration/digest.ts';
import { chainOf, relocationId, stepKey } from '../../domain/identity.ts';
import { faultyServer, type FaultyServer } from '../support/faulty-server.ts';

const run = { workflowId: `relocation:${'a'.repeat(25)}`, runId: '019a8a3e-0000-7000-8000-000000000001' };
const lines: Record<string, unknown>[] = [];
const log = pino(
  { level: 'debug', base: null, mixin: effectOf(digest) },
  { write: (line) => void lines.push(JSON.parse(line)) },
);

let peer: FaultyServer;
afterEach(async () => {
  lines.length = 0;
  await peer.close();
});

async function called(key?: string): Promise<void> {
  const exchange = new Exchange({ name: 'peer', url: peer.url, timeoutMs: 2_000 }, log);
  const call = { method: 'PUT', path: '/rules/1', ...(key !== undefined && { key }) } as const;
  await exchange.ask(call, AbortSignal.timeout(5_000));
}

it('an effect tells the relocation, the step, the attempt and the key', async () => {
  peer = await faultyServer(() => ({ status: 204 }));
  const info = { workflowExecution: run, activityType: 'switchPath', attempt: 3 };
  await new MockActivityEnvironment(info).run(async () => {
    await called();
    await called('fkey');
  });
  const effect = {
    audit: true,
    peer: 'peer',
    method: 'PUT',
    path: '/rules/1',
    relocation: relocationId(run.workflowId, run.runId),
    step: 'switchPath',
    attempt: 3,
  };
  const own = stepKey(chainOf({ ...run, firstExecutionRunId: run.runId }), 'switchPath', digest);
  expect(lines).toMatchObject([
    { ...effect, key: own },
    { ...effect, key: 'fkey' },
  ]);
});

it('outside of a step an effect tells what it did, and no more', async () => {
  peer = await faultyServer(() => ({ status: 204 }));
  await called();
  expect(lines).toMatchObject([{ audit: true, peer: 'peer' }]);
  expect(lines[0]).not.toHaveProperty('relocation');
});

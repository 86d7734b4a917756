import { InterceptingCall } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { resultBy } from '../../temporal/end-of-run.ts';
import { namespaceOfSandbox, ownNamespace } from '../../temporal/namespace.ts';
import { temporalReady } from '../../temporal/readiness.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { callsOver } from '../../worker/calls.ts';
import { endEarlierWorlds } from '../../worker/earlier-worlds.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { writtenOf } from '../support/written.ts';

/** A Temporal that others use too. */
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine.stop());

const shared = (): string => engine.environment.namespace ?? 'default';
const place = (namespace: string) => ({ connectionOptions: { address: engine.environment.address }, namespace });
const clientOf = (namespace: string): Client =>
  new Client({ connection: engine.environment.client.connection, namespace });

/** Runs that no worker takes: of two worlds, and of none. */
async function populate({ workflow }: Client): Promise<void> {
  for (const world of ['earlier', 'today', null])
    await workflow.start('relocateApplication', {
      workflowId: `of-${world}`,
      taskQueue: 'nobody',
      typedSearchAttributes: world === null ? [] : [{ key: searchAttributes.world, value: world }],
    });
  await eventually(async () => (await running({ workflow })).length === 3, 30_000);
}

async function running({ workflow }: Pick<Client, 'workflow'>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) ids.push(workflowId);
  return ids.toSorted();
}

it('a worker of another world ends nothing in a namespace that others use', async () => {
  const client = clientOf(shared());
  await populate(client);
  expect(await endEarlierWorlds(client, 'today')).toBe(0);
  expect(await running(client)).toEqual(['of-earlier', 'of-null', 'of-today']);
});

it("in the sandbox's own namespace it ends the runs of earlier worlds, and only those, and only there", async () => {
  const namespace = namespaceOfSandbox(77);
  for (let time = 0; time < 2; time += 1) await ownNamespace(place(namespace), { sandbox: true }); // there, or made
  await temporalReady(place(namespace), 30_000);
  const client = clientOf(namespace);
  await populate(client);
  expect(await endEarlierWorlds(client, 'today')).toBe(1);
  await eventually(async () => (await running(client)).length === 2);
  expect(await running(client)).toEqual(['of-null', 'of-today']);
  expect(await running(clientOf(shared()))).toEqual(['of-earlier', 'of-null', 'of-today']);
});

it('what has ended is known for 30 days in a namespace of ours', async () => {
  await ownNamespace(place(shared()), { sandbox: false });
  const { config } = await engine.environment.client.workflowService.describeNamespace({ namespace: shared() });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3_600);
});

describe('whoever waits for a run that goes on asks of it once or twice, however long a server holds its answer back:', () => {
  const LIMIT_MS = 1_500;
  let asked = 0;
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({
      address: engine.environment.address,
      interceptors: [
        (made, next) => {
          if (made.method_definition.path.endsWith('/GetWorkflowExecutionHistory')) asked += 1;
          return new InterceptingCall(next(made));
        },
      ],
    });
    client = new Client({ connection, namespace: shared() });
  });
  beforeEach(() => {
    asked = 0;
  });
  afterAll(async () => await connection?.close());

  it.each<[string, () => Promise<unknown>]>([
    ['an API', async () => await resultBy(client, client.workflow.getHandle('of-null'), Date.now() + LIMIT_MS)],
    [
      'a worker',
      async () =>
        await callsOver(client)(
          AbortSignal.timeout(LIMIT_MS + 100),
          LIMIT_MS,
          async () => await client.workflow.getHandle('of-null').result(),
        ),
    ],
    ['a test', async () => await writtenOf(client.workflow, { workflowId: 'of-null' })()],
  ])('%s', async (_, wait) => {
    const begun = performance.now();
    await wait().catch(() => undefined);
    expect(performance.now() - begun).toBeGreaterThan(LIMIT_MS - 50);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(4);
  });
});

import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { namespaceOfSandbox, ownNamespace } from '../../temporal/namespace.ts';
import { temporalReady } from '../../temporal/readiness.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { endEarlierWorlds } from '../../worker/earlier-worlds.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

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

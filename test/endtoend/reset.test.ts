import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRelocationId } from '../../domain/identity.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { Stage } from '../support/stage.ts';

/** What docs/operations.md says of Terminate and Reset in the Temporal UI. */
const { net: NETWORK } = await claimNetwork();
let stage: Stage;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  stage = await Stage.set(NETWORK, { pace: { quietMs: 2_000 } });
  connection = await Connection.connect({ address: stage.temporal });
  client = new Client({ connection, namespace: stage.namespace });
});
afterAll(async () => {
  await connection.close();
  await stage.strike();
});

const runOf = (id: string): { workflowId: string; runId: string } => {
  const run = parseRelocationId(id);
  if (run === undefined) throw new Error(`no id of a relocation: ${id}`);
  return run;
};

const terminate = async (id: string): Promise<void> => {
  const { workflowId, runId } = runOf(id);
  await client.workflow.getHandle(workflowId, runId).terminate('by mistake');
  await stage.reaches(id, ['terminated']);
};

/** As the UI does: to the end of the first or the last workflow task. Returns the relocation's new id. */
async function reset(id: string, to: 'first' | 'last'): Promise<string> {
  const { workflowId, runId } = runOf(id);
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes != null);
  const answer = await client.workflowService.resetWorkflowExecution({
    namespace: stage.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'undo it',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(to === 'first' ? 0 : -1)?.eventId ?? null,
  });
  return id.replace(runId, answer.runId ?? '');
}

const why = async (source: string, target: string): Promise<readonly (string | undefined)[]> => {
  const { outcome, failure } = await stage.relocate(source, target);
  return [outcome, failure?.type];
};

it('comes back where it was when it was terminated before the hand-over, and can be rolled back then', async () => {
  const { id } = await stage.begin('cloud', 'a1', { cutOver: { approval: true } });
  await stage.reaches(id, ['held']);
  await terminate(id);
  expect(await why('cloud', 'w1')).toEqual(['refused', 'PromisedElsewhere']);

  const again = await reset(id, 'first');
  await stage.reaches(again, ['held']);
  expect((await stage.post(`/v1/relocations/${again}/cancel`)).status).toBe(200);
  expect(await stage.ends(again)).toMatchObject({ outcome: 'rolledBack', leftovers: [] });

  expect(await why('cloud', 'a1')).toEqual(['relocated', undefined]);
});

it('goes on when it was terminated after the hand-over, but not from before it', async () => {
  const { id } = await stage.begin('a1', 'a2');
  await eventually(async () => (await stage.show(id)).step === 'drain', 30_000);
  await terminate(id);

  const tooFar = await stage.ends(await reset(id, 'first'));
  expect([tooFar.outcome, tooFar.failure?.type]).toEqual(['refused', 'NotServing']);

  const again = await stage.ends(await reset(id, 'last'));
  expect(again).toMatchObject({ outcome: 'relocated', leftovers: [] });
  expect(await why('a2', 'cloud')).toEqual(['relocated', undefined]);
});

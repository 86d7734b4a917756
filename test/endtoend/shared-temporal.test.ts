import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, it } from 'vitest';
import type { Relocation } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork, portsOf } from '../support/network.ts';
import { Up } from '../support/up.ts';

const { net: NET } = await claimNetwork();

it("a sandbox on somebody's Temporal keeps to a namespace of its own, and ends nothing of theirs", async () => {
  const data = mkdtempSync(join(tmpdir(), 'ferry-shared-'));
  const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? ''; // of all files
  const connection = await Connection.connect({ address });
  const [port] = await portsOf(NET);
  const up = new Up(['--net', String(NET), '--port', String(port), '--data', join(data, 'ours')], {
    TEMPORAL_ADDRESS: address,
  });
  const theirs = await new Client({ connection }).workflow.start('relocateApplication', {
    workflowId: 'theirs',
    taskQueue: 'ferry',
    typedSearchAttributes: [{ key: searchAttributes.world, value: 'theirs' }],
  });
  try {
    const { api } = await up.ready();
    const ferry = new FerryClient(api);
    const body = { application: 'counter', source: 'cloud', target: 'a1' };
    const { id } = await ferry.post<Relocation>('/v1/relocations', body);
    await eventually(
      async () => (await ferry.get<Relocation>(`/v1/relocations/${id}`)).outcome === 'relocated',
      90_000,
    );

    expect(await theirs.describe()).toMatchObject({ status: { name: 'RUNNING' }, historyLength: 2 });
    const { workflow } = new Client({ connection, namespace: `ferry-sandbox-${NET}` });
    expect((await workflow.count("WorkflowType = 'relocateApplication'")).count).toBe(1);
  } finally {
    await up.end();
    await theirs.terminate();
    await connection.close();
    rmSync(data, { recursive: true, force: true });
  }
}, 180_000);

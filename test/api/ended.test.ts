import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { Reader } from '../../api/northbound/reader.ts';
import type { Seen } from '../../api/seen.ts';
import type { Told } from '../../api/view.ts';

it('an end is told when Temporal has it: a worker tells of it before, and the next one would be refused', async () => {
  let closed = (): void => undefined;
  const closing = new Promise<void>((resolve) => (closed = resolve));
  const temporal = {
    options: { namespace: 'default' },
    withDeadline: async (_: unknown, work: () => Promise<unknown>) => await work(),
    workflow: { getHandle: () => ({ result: async () => await closing }) },
  } as unknown as Client;
  const request = { application: 'game', users: '*', source: 'cloud', target: 'a1', cutOver: 'immediately' } as const;
  const seen: Seen = {
    id: 'an-id',
    workflowId: 'relocation:it',
    runId: 'run',
    memo: { request, direction: 'cloudToMec', key: '', body: '' },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    ended: undefined,
    outcome: undefined,
    historyLength: 60,
    pending: undefined,
  };
  const told = { state: 'ended', since: '2026-01-01T00:00:09.000Z', result: null } as unknown as Told;
  const order: string[] = [];
  const shown = new Reader(temporal, undefined).show(seen, told).then((relocation) => {
    order.push('told');
    return relocation;
  });
  await new Promise((resolve) => setImmediate(resolve));
  order.push('closed');
  closed();
  await expect(shown).resolves.toMatchObject({ state: 'ended', endedAt: '2026-01-01T00:00:09.000Z' });
  expect(order).toEqual(['closed', 'told']);
});

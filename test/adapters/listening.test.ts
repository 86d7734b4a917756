import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listens } from '../../adapters/listening.ts';

it('who listens is asked by a bare connection, and the step that asks keeps nothing of it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { signal } = new AbortController();
  const there = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await listens(there, signal)).toBe(true);
  } finally {
    server.close();
    await once(server, 'close');
  }
  expect(await listens(there, signal)).toBe(false);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

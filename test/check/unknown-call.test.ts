import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { calls } from '../../adapters/application/calls.ts';
import { Instance } from '../../check/instance.ts';

it.each([
  ['about:blank', null],
  ['Outdated', 'Outdated'],
])('a problem document of type %s is told as %s', async (type, told) => {
  const server = createServer((_req, res) => {
    res.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ type, status: 404 }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const answer = await new Instance('S', url, { token: undefined, tls: undefined }, pino({ level: 'silent' })).ask(
    calls.retire({ relocation: 'r' }),
  );
  expect(answer).toMatchObject({ status: 404, type: told });
  server.close();
  server.closeAllConnections();
});

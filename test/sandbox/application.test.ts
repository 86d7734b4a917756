import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { expect, it } from 'vitest';
import { claimNetwork } from '../support/network.ts';
import { keepsTheContract } from './application.suite.ts';
import { image, until } from './application.world.ts';

const { net: NET } = await claimNetwork();

const { start, pair, prepared, handOver } = keepsTheContract(NET, async (folder) => {
  const file = path.join(folder, 'app.mjs');
  await writeFile(file, await image());
  return [process.execPath, file];
});

it('confirms that it is ready, registers, and subscribes with filters of its own; counts events of users it serves', async () => {
  const told: { path: string; body: Record<string, unknown> }[] = [];
  const platform = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    req.on('end', () => {
      told.push({ path: req.url ?? '', body: JSON.parse(text) as Record<string, unknown> });
      res.writeHead(req.url?.endsWith('confirm_ready') ? 204 : 201).end('{}');
    });
  }).listen(0, `127.${NET}.16.9`);
  await once(platform, 'listening');
  const url = `http://127.${NET}.16.9:${(platform.address() as { port: number }).port}`;
  const instance = await start('first', `127.${NET}.16.1`, { PLATFORM_URL: url });
  await until(() => told.length === 2, 'both registrations');
  expect(told).toEqual([
    { path: '/mec_app_support/v1/applications/first/confirm_ready', body: { indication: 'READY' } },
    {
      path: '/amsi/v1/app_mobility_services',
      body: { serviceConsumerId: { appInstanceId: 'first' }, deviceInformation: [] },
    },
  ]);
  const order = { platform: url, subscriptions: 20, users: { u1: `127.${NET}.100.1` } };
  const founded = await instance.manage<{ subscriptions: number }>('POST', '/provider/found', order);
  expect(founded.body.subscriptions).toBe(20);
  const filters = told.slice(2).map(({ body }) => JSON.stringify(body['filterCriteriaAssocHo']));
  expect(new Set(filters).size).toBe(20);
  expect(told[2]?.body['callbackReference']).toBe(`http://127.${NET}.16.1:7000/notifications/rni/1`);
  for (const value of [`127.${NET}.100.1`, `127.${NET}.100.2`])
    await instance.client('POST', '/notifications/rni/1', { associateId: [{ type: 1, value }] });
  expect((await instance.dump()).notifications).toEqual({ received: 2, forUsersServed: 1 });
  platform.closeAllConnections();
  platform.close();
});

it('ignores events of users that it gave away', async () => {
  const [source, target] = await pair(18);
  await prepared('r', 'u1', source, target);
  await handOver('r', source, target);
  await target.client('GET', '/users/u1');
  for (const at of [source, target])
    await at.client('POST', '/notifications/rni/1', { associateId: [{ type: 1, value: `127.${NET}.100.1` }] });
  expect((await source.dump()).notifications).toEqual({ received: 1, forUsersServed: 0 });
  expect((await target.dump()).notifications).toEqual({ received: 1, forUsersServed: 1 });
});

it('ends gracefully when it is asked to', async () => {
  const [source] = await pair(17);
  source.terminate();
  expect(await source.ended).toBe(0);
  expect(source.said.trim().split('\n')).toHaveLength(2);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { lcmProxyPeer } from '../../sandbox/peers/lcm-proxy.ts';
import { ask } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';

const { net: NET } = await claimNetwork();

const appInfo = {
  appDId: 'counter-1',
  appName: 'counter',
  appProvider: 'Edge Example',
  appSoftVersion: '1.0.0',
  appDVersion: '1.0',
  appDescription: 'counts',
};
const serving = { appInstanceId: 'in-the-cloud', referenceURI: `http://127.${NET}.41.1:7000/` };
const moved = { appInstanceId: 'at-a1', referenceURI: `http://127.${NET}.21.1:7000/` };

interface Context {
  readonly contextId: string;
  readonly appInfo: { readonly userAppInstanceInfo: readonly unknown[] };
}

let proxy: Peer;
let devices: Server;
let callback: string;
let told: { path: string; body: unknown }[];
/** What the devices answer, one after the other; then 204. */
let answers: number[];

beforeEach(async () => {
  proxy = await servePeer(
    { ...lcmProxyPeer(NET), address: `127.${NET}.251.1`, port: 0 },
    { journal: new Journal(), faults: new Faults() },
  );
  told = [];
  answers = [];
  devices = createServer((req, res) => {
    void json(req).then((body) => {
      told.push({ path: req.url ?? '', body });
      return res.writeHead(answers.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => devices.listen(0, `127.${NET}.251.2`, resolve));
  callback = `http://127.${NET}.251.2:${(devices.address() as AddressInfo).port}/callbacks`;
  await ask('PUT', `${proxy.url}/offers/${appInfo.appDId}`, { appInfo, serving });
});
afterEach(async () => {
  await proxy.close();
  devices.closeAllConnections();
  devices.close();
});

const contextOf = (user: string) => ({
  associateDevAppId: user,
  callbackReference: `${callback}/${user}`,
  appInfo: { ...appInfo, userAppInstanceInfo: [{}] },
});
const created = async (user: string) =>
  await ask<Context>('POST', `${proxy.url}/dev_app/v1/app_contexts`, contextOf(user));
const announced = async (contextId: string, to = moved) =>
  await ask('POST', `${proxy.url}/notifications/address_change`, {
    notificationType: 'AddressChangeNotification',
    contextId,
    ...to,
  });

describe('the LCM proxy', () => {
  it('lists the applications that are offered', async () => {
    const list = async (query: string) => (await ask('GET', `${proxy.url}/dev_app/v1/app_list${query}`)).body;
    expect(await list('')).toEqual({ appList: [{ appInfo }] });
    expect(await list('?appName=counter')).toEqual({ appList: [{ appInfo }] });
    expect(await list('?appname=other')).toEqual({ appList: [] });
  });

  it('creates a context with an id of 32 hexadecimal digits and the instance that serves it', async () => {
    const { status, body, headers } = await created('ue-1');
    expect(status).toBe(201);
    expect(body.contextId).toMatch(/^[0-9a-f]{32}$/);
    expect(body.appInfo.userAppInstanceInfo).toEqual([serving]);
    expect(headers.get('location')).toBe(`/dev_app/v1/app_contexts/${body.contextId}`);
  });

  it('answers the same context again when its answer was lost', async () => {
    const first = await created('ue-1');
    expect((await created('ue-1')).body.contextId).toBe(first.body.contextId);
    expect((await created('ue-2')).body.contextId).not.toBe(first.body.contextId);
  });

  it('knows no application that is not offered, and no name of more than 32 characters', async () => {
    const url = `${proxy.url}/dev_app/v1/app_contexts`;
    const other = { ...contextOf('ue-1'), appInfo: { ...appInfo, appName: 'other', userAppInstanceInfo: [{}] } };
    expect((await ask('POST', url, other)).status).toBe(404);
    expect((await ask('POST', url, contextOf('u'.repeat(33)))).status).toBe(400);
  });

  it('tells each device of an instance, with the id of its own context, and remembers', async () => {
    const [one, two] = [await created('ue-1'), await created('ue-2')];
    expect((await announced('in-the-cloud')).status).toBe(204);
    const notice = (contextId: string) => ({ notificationType: 'AddressChangeNotification', contextId, ...moved });
    expect(told.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: '/callbacks/ue-1', body: notice(one.body.contextId) },
      { path: '/callbacks/ue-2', body: notice(two.body.contextId) },
    ]);
    expect((await created('ue-1')).body.appInfo.userAppInstanceInfo).toEqual([moved]);
    expect((await created('ue-3')).body.appInfo.userAppInstanceInfo).toEqual([moved]);
    told = [];
    await announced('in-the-cloud', serving);
    expect(told).toEqual([]); // nobody is served from there any more
  });

  it.each(['contextId', 'associateDevAppId'])('tells one device alone when it is named by its %s', async (by) => {
    const [one] = [await created('ue-1'), await created('ue-2')];
    await announced(by === 'contextId' ? one.body.contextId : 'ue-1');
    expect(told.map(({ path }) => path)).toEqual(['/callbacks/ue-1']);
    expect((await created('ue-2')).body.appInfo.userAppInstanceInfo).toEqual([serving]);
    expect((await created('ue-3')).body.appInfo.userAppInstanceInfo).toEqual([serving]);
  });

  it('tries three times, then drops it', async () => {
    await created('ue-1');
    answers = [500, 503];
    await announced('ue-1');
    expect(told).toHaveLength(3);
    told = [];
    answers = [500, 500, 500];
    expect((await announced('ue-1')).status).toBe(204);
    expect(told).toHaveLength(3);
  });

  it('takes a new callback, and nothing else, for a context that it has', async () => {
    const { body } = await created('ue-1');
    const url = `${proxy.url}/dev_app/v1/app_contexts/${body.contextId}`;
    const context = { ...contextOf('ue-1'), contextId: body.contextId };
    expect((await ask('PUT', url, { ...context, callbackReference: `${callback}/new` })).status).toBe(204);
    await announced('ue-1');
    expect(told.map(({ path }) => path)).toEqual(['/callbacks/new']);
    expect((await ask('PUT', url, { ...context, associateDevAppId: 'ue-2' })).status).toBe(400);
  });

  it('forgets a deleted context', async () => {
    const { body } = await created('ue-1');
    const url = `${proxy.url}/dev_app/v1/app_contexts/${body.contextId}`;
    expect((await ask('DELETE', url)).status).toBe(204);
    expect((await ask('DELETE', url)).status).toBe(404);
    await announced('in-the-cloud');
    expect(told).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { sha256 } from '../../sandbox/packages.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { cloudPeer } from '../../sandbox/peers/cloud.ts';
import { ossPeer } from '../../sandbox/peers/oss.ts';
import { repositoryPeer } from '../../sandbox/peers/repository.ts';
import { ask, eventually } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';
import { descriptor, smallApplication } from '../support/small-application.ts';

const { net: NET } = await claimNetwork();
const around = { journal: new Journal(), faults: new Faults() };
const archive = smallApplication();
const checksum = sha256(archive);
const cloudApi = `http://127.${NET}.4.1:8080/cloud/v1`;

interface Order {
  readonly id: string;
  readonly externalId: string;
  readonly state: string;
  readonly note: readonly { readonly text: string }[];
  readonly orderItem: readonly {
    readonly state: string;
    readonly service: {
      readonly id: string;
      readonly state: string;
      readonly serviceCharacteristic: readonly { readonly name: string; readonly value: unknown }[];
    };
  }[];
}

const peers: Peer[] = [];
const plan = cloudPeer(NET, around.faults);
let orders: string;

beforeAll(async () => {
  const [repository, , oss] = await Promise.all(
    [repositoryPeer(NET), plan, ossPeer(NET, around.faults)].map(async (peer) => {
      const served = await servePeer(peer, around);
      peers.push(served);
      return served;
    }),
  );
  orders = `${oss?.url}/tmf-api/serviceOrdering/v4/serviceOrder`;
  const uri = `${repository?.url}/packages/small.zip`;
  await fetch(uri, { method: 'PUT', body: archive, headers: { 'content-type': 'application/zip' } });
  const { appDId, appSoftVersion } = descriptor;
  const order = { appDId, appSoftVersion, checksum: { algorithm: 'SHA-256', hash: checksum }, uri };
  const { body } = await ask<{ id: string }>('POST', `${cloudApi}/packages`, order);
  await eventually(
    async () => await ask<{ state: string }>('GET', `${cloudApi}/packages/${body.id}`),
    (seen) => seen.body.state === 'ready',
  );
});
afterEach(() => around.faults.clear());
afterAll(async () => {
  await plan.stop();
  await Promise.all(peers.map(async (peer) => await peer.close()));
});

const place = [{ id: 'cloud', role: 'cloud' }];
const add = (key: string, hash = checksum) => ({
  externalId: key,
  category: 'mec-cloud-relocation',
  orderItem: [
    {
      id: '1',
      action: 'add',
      service: {
        name: descriptor.appName,
        serviceType: 'application-instance',
        state: 'active',
        serviceSpecification: { id: descriptor.appDId, name: descriptor.appName, version: descriptor.appSoftVersion },
        place,
        serviceCharacteristic: [{ name: 'packageChecksum', valueType: 'string', value: { value: `sha-256:${hash}` } }],
      },
    },
  ],
});
const change = (key: string, action: string, service: object) => ({
  externalId: key,
  orderItem: [{ id: '1', action, service: { serviceType: 'application-instance', place, ...service } }],
});

const OPEN = ['ACKNOWLEDGED', 'INPROGRESS'];
/** Places it and waits for its end. */
const ordered = async (order: object): Promise<Order> => {
  const { status, body, headers } = await ask<Order>('POST', orders, order);
  expect(status).toBe(201);
  expect(body.state).toBe('ACKNOWLEDGED');
  expect(headers.get('location')).toBe(`/tmf-api/serviceOrdering/v4/serviceOrder/${body.id}`);
  const ended = await eventually(
    async () => await ask<Order>('GET', `${orders}/${body.id}`),
    (seen) => !OPEN.includes(seen.body.state),
  );
  return ended.body;
};
const atCloud = async (name: string) => await ask<{ state: string }>('GET', `${cloudApi}/instances/${name}`);

describe('an order at the OSS', () => {
  it('instantiates the application from the package that the cloud kept', async () => {
    const order = await ordered(add('key-add'));
    expect(order).toMatchObject({
      externalId: 'key-add',
      state: 'COMPLETED',
      orderItem: [{ state: 'COMPLETED', service: { id: 'key-add', state: 'active' } }],
    });
    const [host] = order.orderItem[0]?.service.serviceCharacteristic.filter(({ name }) => name === 'endpoint') ?? [];
    expect(host?.value).toEqual({ value: expect.stringMatching(new RegExp(`^127\\.${NET}\\.41\\.\\d+:7000$`)) });
    expect((await atCloud('key-add')).body.state).toBe('running');
  });

  it('stops an instance and keeps it, and re-starts the stopped one', async () => {
    await ordered(add('key-kept'));
    const stopped = await ordered(change('key-stop', 'modify', { id: 'key-kept', state: 'inactive' }));
    expect(stopped).toMatchObject({ state: 'COMPLETED', orderItem: [{ service: { state: 'inactive' } }] });
    expect((await atCloud('key-kept')).body.state).toBe('stopped');
    const started = await ordered(change('key-start', 'modify', { id: 'key-kept', state: 'active' }));
    expect(started).toMatchObject({
      state: 'COMPLETED',
      orderItem: [{ service: { id: 'key-kept', state: 'active' } }],
    });
    expect((await atCloud('key-kept')).body.state).toBe('running');
  });

  it('deletes an instance, and finds it done when it is already gone', async () => {
    await ordered(add('key-gone'));
    expect((await ordered(change('key-1', 'delete', { id: 'key-gone' }))).state).toBe('COMPLETED');
    expect((await atCloud('key-gone')).status).toBe(404);
    expect((await ordered(change('key-2', 'delete', { id: 'key-gone' }))).state).toBe('COMPLETED');
  });

  it('is REJECTED with the note "package missing" when the cloud has not got this very package', async () => {
    expect(await ordered(add('key-missing', 'f'.repeat(64)))).toMatchObject({
      state: 'REJECTED',
      note: [{ text: 'package missing' }],
      orderItem: [{ state: 'REJECTED' }],
    });
    expect((await atCloud('key-missing')).status).toBe(404);
  });

  it('is REJECTED, and says why, when it names an instance that is not there', async () => {
    const order = await ordered(change('key-nobody', 'modify', { id: 'nobody', state: 'active' }));
    expect(order).toMatchObject({ state: 'REJECTED', note: [{ text: 'no instance nobody' }] });
  });

  it('of nothing tells whether the cloud answers', async () => {
    const dry = change('key-dry', 'noChange', { id: 'cloud', serviceType: 'cloud' });
    expect((await ordered(dry)).state).toBe('COMPLETED');
    around.faults.add({ peer: 'cloud-manager', operation: 'GET /cloud/v1/packages', nth: 1, kind: 'reset' });
    expect(await ordered(dry)).toMatchObject({
      state: 'FAILED',
      note: [{ text: expect.stringMatching(/not answer/) }],
    });
  });

  it('stays INPROGRESS when ordered to, until it is cancelled', async () => {
    around.faults.add({ peer: 'oss', operation: 'POST /tmf-api/*/*/*', nth: 1, times: 1, kind: 'neverFinishes' });
    const { body } = await ask<Order>('POST', orders, add('key-never'));
    const url = `${orders}/${body.id}`;
    await ordered(add('key-later'));
    expect((await ask<Order>('GET', url)).body.state).toBe('INPROGRESS');
    expect(await ask<Order>('PATCH', url, { state: 'CANCELLED' })).toMatchObject({
      status: 200,
      body: { state: 'CANCELLED' },
    });
    expect((await ask('PATCH', url, { state: 'CANCELLED' })).status).toBe(409);
  });

  it('that is cancelled makes nothing later', async () => {
    const operation = 'GET /cloud/v1/packages';
    const fault = around.faults.add({
      peer: 'cloud-manager',
      operation,
      nth: 1,
      times: 1,
      kind: 'hold',
      when: 'before',
    });
    const { body } = await ask<Order>('POST', orders, add('key-cancelled'));
    await eventually(
      () => fault.fired,
      (fired) => fired === 1,
    );
    const cancelling = ask<Order>('PATCH', `${orders}/${body.id}`, { state: 'CANCELLED' });
    await eventually(
      () => around.journal.since(0).some(({ method, path }) => method === 'PATCH' && path.endsWith(body.id)),
      (asked) => asked,
    );
    await ask('GET', orders); // by now the PATCH that came before has been read, and its withdrawal is heard
    fault.release();
    expect((await cancelling).body.state).toBe('CANCELLED');
    await ordered(add('key-after'));
    expect((await ask<Order>('GET', `${orders}/${body.id}`)).body.state).toBe('CANCELLED');
    expect((await atCloud('key-cancelled')).status).toBe(404);
  });

  it('is found in the list by its externalId, which cannot be changed', async () => {
    await ordered(add('key-found'));
    const { body } = await ask<Order[]>('GET', orders);
    const [order] = body.filter(({ externalId }) => externalId === 'key-found');
    expect(order?.state).toBe('COMPLETED');
    expect((await ask('PATCH', `${orders}/${order?.id}`, { externalId: 'other' })).status).toBe(400);
    expect((await ask<Order[]>('GET', `${orders}?offset=${body.length - 1}&limit=5`)).body).toHaveLength(1);
  });

  it('is refused when it is malformed', async () => {
    expect((await ask('POST', orders, { orderItem: [] })).status).toBe(400);
    expect((await ask('POST', orders, change('key', 'explode', {}))).status).toBe(400);
  });
});

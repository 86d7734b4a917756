import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { sha256 } from '../../sandbox/packages.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { cloudPeer } from '../../sandbox/peers/cloud.ts';
import { repositoryPeer } from '../../sandbox/peers/repository.ts';
import { runningInstances } from '../../sandbox/runner.ts';
import { ask, eventually } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';
import { descriptor, smallApplication } from '../support/small-application.ts';

const { net: NET } = await claimNetwork();
const around = { journal: new Journal(), faults: new Faults() };
const archive = smallApplication();
const uri = `http://127.${NET}.1.9:8080/packages/small.zip`;
const order = {
  appDId: descriptor.appDId,
  appSoftVersion: descriptor.appSoftVersion,
  checksum: { algorithm: 'SHA-256', hash: sha256(archive) },
  uri,
};

let repository: Peer;
let cloud: Peer;
let stop: () => Promise<void>;

beforeAll(async () => {
  repository = await servePeer(repositoryPeer(NET), around);
  await fetch(uri, { method: 'PUT', body: archive, headers: { 'content-type': 'application/zip' } });
});
afterAll(async () => await repository.close());

const begin = async () => {
  const plan = cloudPeer(NET, around.faults);
  stop = plan.stop;
  cloud = await servePeer(plan, around);
};
afterEach(async () => {
  around.faults.clear();
  await stop();
  await cloud.close();
});

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly detail: string | null;
  readonly packageId: string;
  readonly endpoint: { readonly host: string; readonly port: number };
}
const at = async <B = Shown>(method: string, path: string, body?: unknown) =>
  await ask<B>(method, `${cloud.url}/cloud/v1${path}`, body);
const reaches = async (path: string, state: string) =>
  (
    await eventually(
      async () => await at('GET', path),
      ({ body }) => body.state === state,
    )
  ).body;
const isGone = async (path: string) =>
  await eventually(
    async () => await at('GET', path),
    ({ status }) => status === 404,
  );
const packageReady = async () => {
  const { body } = await at('POST', '/packages', order);
  await reaches(`/packages/${body.id}`, 'ready');
  return body.id;
};
const instanceRuns = async (name: string) => {
  const packageId = await packageReady();
  await at('PUT', `/instances/${name}`, { packageId });
  return await reaches(`/instances/${name}`, 'running');
};

describe('packages in the cloud', () => {
  it('are fetched from where they are, and validated', async () => {
    await begin();
    const { status, body } = await at('POST', '/packages', order);
    expect([status, body.state]).toEqual([202, 'fetching']);
    await reaches(`/packages/${body.id}`, 'ready');
    expect((await at('GET', `/packages?appDId=${order.appDId}`)).body).toHaveLength(1);
    expect((await at('GET', '/packages?appDId=other')).body).toEqual([]);
  });

  it('are the same when they are offered again, and refused with another content', async () => {
    await begin();
    const id = await packageReady();
    expect(await at('POST', '/packages', order)).toMatchObject({ status: 200, body: { id, state: 'ready' } });
    const other = { ...order, checksum: { algorithm: 'SHA-256', hash: 'f'.repeat(64) } };
    expect((await at('POST', '/packages', other)).status).toBe(409);
  });

  it.each([
    ['with a wrong hash', { checksum: { algorithm: 'SHA-256', hash: '0'.repeat(64) } }, /checksum/],
    ['of another application', { appDId: 'other' }, /appDId of the descriptor/],
    ['of another version', { appSoftVersion: '2.0.0' }, /appSoftVersion of the descriptor/],
    ['that is not at its address', { uri: `${uri}.not` }, /answered 404/],
  ])('%s are refused, and no instance is made of them', async (_, change, why) => {
    await begin();
    const { body } = await at('POST', '/packages', { ...order, ...change });
    expect((await reaches(`/packages/${body.id}`, 'failed')).detail).toMatch(why);
    expect((await at('PUT', '/instances/one', { packageId: body.id })).status).toBe(409);
  });

  it('stay while an instance refers to them, a stopped one too', async () => {
    await begin();
    const { packageId } = await instanceRuns('one');
    await at('POST', '/instances/one/stop');
    await reaches('/instances/one', 'stopped');
    expect((await at('DELETE', `/packages/${packageId}`)).status).toBe(409);
  });
});

describe('instances in the cloud', () => {
  it('are real processes, put by name', async () => {
    await begin();
    const running = await instanceRuns('one');
    expect(running.endpoint).toEqual({ host: `127.${NET}.41.1`, port: 7000 });
    const { body } = await ask<{ pid: number }>('GET', `http://127.${NET}.41.1:7000/`);
    expect(body).toMatchObject({ INSTANCE_ID: 'one' });
    expect(runningInstances()).toEqual([{ name: 'one', pid: body.pid }]);
    expect((await at('PUT', '/instances/one', { packageId: running.packageId })).status).toBe(200);
    expect((await at('PUT', '/instances/one', { packageId: 'other' })).status).toBe(409);
  });

  it('keep name, package and address when they are stopped, and come up there again', async () => {
    await begin();
    const { packageId, endpoint } = await instanceRuns('one');
    expect((await at('POST', '/instances/one/stop', { gracefulTimeout: 1 })).status).toBe(202);
    expect(await reaches('/instances/one', 'stopped')).toMatchObject({ packageId, endpoint });
    expect(runningInstances()).toEqual([]);
    expect((await at('POST', '/instances/one/stop')).status).toBe(200);
    expect((await at('POST', '/instances/one/start')).status).toBe(202);
    expect(await reaches('/instances/one', 'running')).toMatchObject({ packageId, endpoint });
    expect((await at('POST', '/instances/one/start')).status).toBe(200);
    expect(runningInstances()).toHaveLength(1);
  });

  it('are gone when they are deleted, their process too, and their package stays', async () => {
    await begin();
    const { packageId } = await instanceRuns('one');
    expect((await at('DELETE', '/instances/one')).status).toBe(202);
    expect((await at('POST', '/instances/one/start')).status).toBe(409);
    expect(await isGone('/instances/one')).toMatchObject({ status: 404 });
    expect(runningInstances()).toEqual([]);
    expect((await at('GET', `/packages/${packageId}`)).status).toBe(200);
  });

  it('are failed when their process ends by itself, and may be started again', async () => {
    await begin();
    await instanceRuns('one');
    process.kill(runningInstances()[0]?.pid ?? 0, 'SIGKILL');
    expect((await reaches('/instances/one', 'failed')).detail).toMatch(/ended by itself/);
    expect((await at('POST', '/instances/one/start')).status).toBe(202);
    expect(await reaches('/instances/one', 'running')).toMatchObject({ detail: null });
  });

  it('stay starting when ordered to, and can be deleted all the same', async () => {
    await begin();
    const packageId = await packageReady();
    const operation = 'PUT /cloud/v1/instances/*';
    around.faults.add({ peer: 'cloud-manager', operation, nth: 1, times: 1, kind: 'neverFinishes' });
    await at('PUT', '/instances/one', { packageId });
    await at('PUT', '/instances/two', { packageId });
    await reaches('/instances/two', 'running');
    expect((await at('GET', '/instances/one')).body.state).toBe('starting');
    await at('DELETE', '/instances/one');
    expect(await isGone('/instances/one')).toMatchObject({ status: 404 });
  });
});

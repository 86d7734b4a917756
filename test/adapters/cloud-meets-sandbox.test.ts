import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Application, Instances, Packages } from '../../activities/ports.ts';
import { cloudInstances } from '../../adapters/cloud-manager/instances.ts';
import { cloudPackages } from '../../adapters/cloud-manager/packages.ts';
import { Exchange } from '../../adapters/http.ts';
import { cloudOrders } from '../../adapters/tmf641/orders.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { sha256 } from '../../sandbox/packages.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { cloudPeer } from '../../sandbox/peers/cloud.ts';
import { ossPeer } from '../../sandbox/peers/oss.ts';
import { repositoryPeer } from '../../sandbox/peers/repository.ts';
import { counter } from '../support/counter.ts';
import { claimNetwork } from '../support/network.ts';
import { descriptor, smallApplication } from '../support/small-application.ts';
import { quickWait } from '../support/wait.ts';

/** The sandbox shares no code with the adapters: here two readings of the same pages meet. */
const { net: NET } = await claimNetwork();
const around = { journal: new Journal(), faults: new Faults() };
const archive = smallApplication();
const orderPath = '/tmf-api/serviceOrdering/v4/serviceOrder';
const peers: Peer[] = [];
const plan = cloudPeer(NET, around.faults);

let application: Application;
let packages: Packages;
let instances: Instances;
const orders = () => around.journal.since(0).filter((call) => call.method === 'POST' && call.path === orderPath);

beforeAll(async () => {
  const serve = async (peer: Parameters<typeof servePeer>[0]): Promise<Peer> => {
    const served = await servePeer(peer, around);
    peers.push(served);
    return served;
  };
  const repository = await serve(repositoryPeer(NET));
  const oss = await serve(ossPeer(NET, around.faults));
  const manager = await serve(plan);
  const uri = `${repository.url}/packages/small.zip`;
  await fetch(uri, { method: 'PUT', body: archive, headers: { 'content-type': 'application/zip' } });
  const { appDId, appSoftVersion: softVersion } = descriptor;
  application = { ...counter, appDId, softVersion, checksum: sha256(archive), archive: { path: '', uri } };

  const exchange = ({ name, url }: Peer) => new Exchange({ name, url, timeoutMs: 1_500 }, pino({ enabled: false }));
  packages = cloudPackages(exchange(manager), 'cloud');
  instances = cloudInstances(exchange(manager), cloudOrders(exchange(oss), 'cloud'), {
    cloud: 'cloud',
    addresses: `127.${NET}.41.0/24`,
  });
});
afterEach(() => around.faults.clear());
afterAll(async () => {
  await plan.stop();
  await Promise.all(peers.map(async (peer) => await peer.close()));
});

const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const found = async (id: string) => (await instances.list(application, soon())).find((each) => each.id === id);

describe("the adapters at the sandbox's cloud and OSS", () => {
  it('are told that the package is missing, bring it, and find it usable', async () => {
    expect(await packages.find(application, soon())).toBe('absent');
    await expect(instances.instantiate(application, 'f0', quickWait(15_000))).rejects.toThrow('package missing');
    await packages.distribute(application, 'f1', quickWait(15_000));
    expect(await packages.find(application, soon())).toBe('usable');
    await packages.distribute(application, 'f1', quickWait(15_000));
    const other = { ...application, checksum: 'f'.repeat(64) };
    expect(await packages.find(other, soon())).toBe('mismatch');
    await expect(packages.distribute(other, 'f1', quickWait(15_000))).rejects.toMatchObject({
      type: 'PackageMismatch',
    });
  });

  it('find the OSS to reach the cloud', async () => {
    const placed = orders().length;
    await expect(instances.reach(application, { mayOrder: false }, soon())).resolves.toBe('unknown');
    expect(orders()).toHaveLength(placed);
    await expect(instances.reach(application, { mayOrder: true }, soon())).resolves.toBe('reached');
    await expect(instances.reach(application, { mayOrder: false }, soon())).resolves.toBe('reached');
    expect(orders()).toHaveLength(placed + 1);
  });

  it('instantiate, stop, re-start and remove', async () => {
    await packages.distribute(application, 'f1', quickWait(15_000));
    const made = await instances.instantiate(application, 'f2', quickWait(15_000));
    expect(made).toMatchObject({ id: 'f2', name: 'f2', state: 'started', endpoint: { port: 7000 } });
    await instances.stop('f2', 'f3', quickWait(15_000));
    expect(await found('f2')).toMatchObject({ state: 'stopped' });
    expect(await instances.start('f2', 'f4', quickWait(15_000))).toMatchObject({ state: 'started' });
    await instances.remove('f2', 'f5', quickWait(15_000));
    expect(await found('f2')).toBeUndefined();
  });

  it.each(['reset', '504', 'silence'] as const)('make one instance although the answer was lost (%s)', async (as) => {
    await packages.distribute(application, 'f1', quickWait(15_000));
    const key = `flost${as}`;
    const before = orders().length;
    around.faults.add({ peer: 'oss', nth: 1, operation: `POST ${orderPath}`, kind: 'answerLost', as, times: 1 });
    await expect(instances.instantiate(application, key, quickWait(15_000))).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    expect(await instances.instantiate(application, key, quickWait(15_000))).toMatchObject({ id: key });
    expect(orders().length - before).toBe(1);
    await instances.remove(key, `${key}x`, quickWait(15_000));
  });

  it('do not believe an OSS that completes an order without doing it', async () => {
    await packages.distribute(application, 'f1', quickWait(15_000));
    await instances.instantiate(application, 'f6', quickWait(15_000));
    around.faults.add({ peer: 'oss', nth: 1, operation: `POST ${orderPath}`, kind: 'noEffect' });
    await expect(instances.stop('f6', 'f7', quickWait(15_000))).rejects.toMatchObject({ type: 'LcmOperationFailed' });
    around.faults.clear();
    await instances.remove('f6', 'f8', quickWait(15_000));
  });

  it('find out that the cloud cannot use a package', async () => {
    const wrong = { ...application, softVersion: '9.9.9' };
    await expect(packages.distribute(wrong, 'f9', quickWait(15_000))).rejects.toMatchObject({ type: 'PackageInvalid' });
    expect(await packages.find(wrong, soon())).toBe('unusable');
  });
});

import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Configuration, parseConfiguration } from '../../configuration/peers.ts';
import { configurationOfA } from '../../sandbox/operators/a.ts';
import { counterDescriptor } from '../../sandbox/provider.ts';
import { type Configured, configured } from '../../worker/sites.ts';
import { sealWith } from '../../configuration/seal.ts';
import { faultyServer, type FaultyServer } from '../support/faulty-server.ts';
import { playedOss } from '../support/played-oss.ts';

const checksum = 'ab'.repeat(32);
const nowhere = 'http://127.0.0.1:9';

/** As a sandbox of network 77 describes itself, less what these tests do not need. */
function described(urls: Record<string, string> = {}): Configuration {
  const peer = (kind: string, name: string) => ({
    kind,
    url: urls[name] ?? nowhere,
    insecure: true,
    timeoutMs: 2_000,
  });
  const host = (system: string, name: string, net: number) => ({
    kind: 'mecHost',
    system,
    host: name,
    platform: `platform-${name}`,
    addresses: `127.77.${net}.0/24`,
  });
  return parseConfiguration(
    JSON.stringify({
      peers: {
        'meo-cellular': peer('meo', 'meo-cellular'),
        'meo-wifi': peer('meo', 'meo-wifi'),
        'platform-a1': peer('platform', 'platform-a1'),
        'platform-w1': peer('platform', 'platform-w1'),
        oss: peer('oss', 'oss'),
        'lcm-proxy': peer('lcmProxy', 'lcm-proxy'),
        'cloud-manager': peer('cloud', 'cloud-manager'),
        'vantage-cellular': peer('vantage', 'vantage-cellular'),
      },
      networks: { cellular: { vantage: 'vantage-cellular', resolverClampSeconds: 4 }, wifi: {} },
      systems: {
        cellular: { meo: 'meo-cellular', network: 'cellular', lcmProxy: 'lcm-proxy' },
        wifi: { meo: 'meo-wifi', network: 'wifi' },
      },
      sites: {
        a1: host('cellular', 'a1', 21),
        w1: { ...host('wifi', 'w1', 31), country: 'DE' },
        cloud: {
          kind: 'cloud',
          manager: 'cloud-manager',
          oss: 'oss',
          services: 'platform-a1',
          addresses: '127.77.41.0/24',
        },
      },
      applications: {
        counter: {
          provider: 'example',
          appDId: 'counter-d',
          softVersion: '1.0',
          descriptorVersion: '1.0',
          checksum,
          archive: { path: '/nowhere/counter.zip', uri: 'http://127.77.1.9:8080/packages/counter.zip' },
          domainName: 'counter.edge.example',
          port: 7000,
          requires: ['RNIS'],
          management: { port: 7001 },
        },
        plain: {
          provider: 'example',
          appDId: 'plain-d',
          softVersion: '1.0',
          descriptorVersion: '1.0',
          checksum,
          archive: { path: '/nowhere/plain.zip', uri: 'http://127.77.1.9:8080/packages/plain.zip' },
          domainName: 'plain.edge.example',
          port: 7100,
        },
      },
      users: { 'ue-1': { address: '127.77.100.1' } },
    }),
  );
}

const log = pino({ enabled: false });
const seal = sealWith('a secret of at least thirty-two characters');
const all = (urls?: Record<string, string>): Configured => configured(described(urls), seal, log);
const world = (urls?: Record<string, string>): Configured['catalogue'] => all(urls).catalogue;
const soon = (): AbortSignal => AbortSignal.timeout(15_000);

const open: FaultyServer[] = [];
afterEach(async () => void (await Promise.all(open.splice(0).map(async (server) => await server.close()))));
async function playing(...[serve]: Parameters<typeof faultyServer>): Promise<FaultyServer> {
  const server = await faultyServer(serve);
  open.push(server);
  return server;
}

describe('the sites of a configuration', () => {
  it('are MEC hosts, with rules, mobility, devices to be told, and the network in whose path they are', async () => {
    const a1 = await world().site('a1');
    expect(a1).toMatchObject({ name: 'a1', kind: 'mecHost', system: 'cellular' });
    expect(a1.network).toMatchObject({ name: 'cellular', resolverClampSeconds: 4 });
    expect(a1.network?.vantage).toBeDefined();
    expect(a1.path).toBeDefined();
    expect(a1.mobility).toBeDefined();
    expect(a1.notices).toBeDefined();
    expect(a1.instances.whenLeft).toBe('remove');
  });

  it('have no vantage point or notices where none is configured', async () => {
    const w1 = await world().site('w1');
    expect(w1.network).toEqual({ name: 'wifi', vantage: undefined, resolverClampSeconds: 30 });
    expect(w1.notices).toBeUndefined();
  });

  it('are clouds, which keep what is left, have no rules of their own and reach no device', async () => {
    const cloud = await world().site('cloud');
    expect(cloud).toMatchObject({ name: 'cloud', kind: 'cloud', system: 'cloud' });
    expect([cloud.network, cloud.path, cloud.notices]).toEqual([undefined, undefined, undefined]);
    // Where its instances consume services they register as well
    expect(cloud.mobility).toBeDefined();
    expect(cloud.instances.whenLeft).toBe('stop');
  });

  it('ask the peers that they name, and no other', async () => {
    const manager = await playing(() => ({ status: 200, json: [] }));
    const meo = await playing(() => ({ status: 200, json: [] }));
    const here = world({ 'cloud-manager': manager.url, 'meo-wifi': meo.url });
    const counter = await here.application('counter');
    const instances = async (site: string) => (await here.site(site)).instances;
    expect(await (await instances('cloud')).list(counter, soon())).toEqual([]);
    expect([manager.heard.length, meo.heard.length]).toEqual([1, 0]);
    expect(await (await instances('w1')).list(counter, soon())).toEqual([]);
    expect([manager.heard.length, meo.heard.length]).toEqual([1, 1]);
    await expect((await instances('a1')).list(counter, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });

  it('have their subscriptions, in a cloud, at the platform that serves it', async () => {
    const platform = await playing(() => ({ status: 200, json: [{ serName: 'RNIS', state: 'ACTIVE' }] }));
    const { subscriptions } = await world({ 'platform-a1': platform.url }).site('cloud');
    expect(await subscriptions.missing(['RNIS'], soon())).toEqual([]);
    const here = world({ 'platform-a1': platform.url });
    expect((await here.site('cloud')).subscriptions).toBe((await here.site('a1')).subscriptions);
  });

  it.each(['constructor', '__proto__', 'nobody', ''])('are not called %j: UnknownName', async (name) => {
    for (const look of [async () => world().site(name), async () => world().application(name)])
      await expect(look).rejects.toMatchObject({ type: 'UnknownName' });
    expect(await world().device(name)).toBeNull();
  });

  it('know applications and devices by their names', async () => {
    expect(await world().application('counter')).toMatchObject({
      name: 'counter',
      management: { port: 7001 },
      stateful: true,
    });
    expect((await world().application('plain')).management).toBeUndefined();
    expect(await world().device('ue-1')).toBe('127.77.100.1');
  });

  it('promise what the application keeps: the contract, or nothing', async () => {
    const a1 = await world().site('a1');
    expect(a1.context(await world().application('counter')).guarantee).toBe('zeroLoss');
    expect(a1.context(await world().application('plain')).guarantee).toBe('stateless');
  });
});

describe('the configuration of a sandbox', () => {
  it('makes the world that the sandbox is', async () => {
    const archive = Buffer.from('archive');
    const built = {
      descriptor: counterDescriptor(2),
      archive,
      checksum,
      domainName: 'counter.edge.example',
      fileName: 'counter.zip',
    };
    const plan = { net: 77, world: 'w', clampSeconds: 4, ttlSeconds: 2, pace: {} };
    const file = JSON.stringify(configurationOfA(plan, built, '/nowhere/counter.zip'));
    const sandbox = configured(parseConfiguration(file), seal, log).catalogue;
    const sites = await Promise.all(['a1', 'a2', 'w1', 'cloud'].map(async (name) => await sandbox.site(name)));
    expect(sites.map(({ kind, system, network }) => [kind, system, network?.name])).toEqual([
      ['mecHost', 'cellular', 'cellular'],
      ['mecHost', 'cellular', 'cellular'],
      ['mecHost', 'wifi', 'wifi'],
      ['cloud', 'cloud', undefined],
    ]);
    expect(await sandbox.application('counter')).toMatchObject({
      appDId: built.descriptor.appDId,
      management: { port: 7001 },
    });
    expect(await sandbox.device('ue-9')).toBe('127.77.100.9');
  });
});

describe('a survey', () => {
  it('tells of each peer whether it is there, what it can do, and why it cannot', async () => {
    const oss = await playedOss();
    open.push(oss.peer);
    const manager = await playing(() => ({ status: 200, json: [] }));
    const platform = await playing(({ path }) =>
      path.includes('dns_rules') ? { status: 501, json: { title: 'not here' } } : { status: 200, json: [] },
    );
    const seen = await all({
      oss: oss.peer.url,
      'cloud-manager': manager.url,
      'platform-a1': platform.url,
    }).surveying.survey(soon());
    const peer = (name: string) => seen.find((each) => each.name === name);
    expect(seen.map(({ name }) => name)).toEqual(Object.keys(described().peers));
    expect(peer('meo-cellular')).toMatchObject({
      kind: 'meo',
      reachable: false,
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect(peer('platform-a1')?.capabilities).toContainEqual({
      name: 'DNS rules (MEC 011)',
      available: false,
      detail: expect.stringContaining('501'),
    });
    expect(peer('cloud-manager')).toMatchObject({ reachable: true });
    expect(peer('cloud-manager')?.capabilities.every(({ available }) => available)).toBe(true);
    expect(JSON.stringify(seen)).not.toContain('127.0.0.1');
  });

  it('places no order at the OSS, and says so', async () => {
    const oss = await playedOss();
    open.push(oss.peer);
    const manager = await playing(() => ({ status: 200, json: [] }));
    const seen = await all({ oss: oss.peer.url, 'cloud-manager': manager.url }).surveying.survey(soon());
    expect(oss.peer.heard.every(({ method }) => method === 'GET')).toBe(true);
    expect(seen.find(({ name }) => name === 'cloud-manager')?.capabilities).toContainEqual({
      name: 'cloud in reach of oss (TMF 641)',
      available: true,
      detail: 'not asked: it would take an order; a relocation asks it',
    });
  });

  it('tells that the OSS does not reach the cloud although both answer', async () => {
    const oss = await playedOss();
    open.push(oss.peer);
    oss.states = ['REJECTED'];
    oss.notes = ['no route'];
    const manager = await playing(() => ({ status: 200, json: [] }));
    const here = all({ oss: oss.peer.url, 'cloud-manager': manager.url });
    const counter = await here.catalogue.application('counter');
    const { instances } = await here.catalogue.site('cloud');
    await expect(instances.reach(counter, { mayOrder: true }, soon())).rejects.toThrow('no route');
    const seen = await here.surveying.survey(soon());
    expect(oss.orders).toHaveLength(1);
    expect(seen.find(({ name }) => name === 'cloud-manager')?.capabilities).toContainEqual({
      name: 'cloud in reach of oss (TMF 641)',
      available: false,
      detail: 'cloud: the OSS does not reach it: "no route"',
    });
  });
});

describe('a look at the peers', () => {
  it('tells how their calls saw them, and asks those alone that were not called lately', async () => {
    let answers = true;
    const meo = await playing(() => ({ status: answers ? 404 : 503, json: { title: 'not now' } }));
    const platform = await playing(() => ({ status: 200, json: [] }));
    const { catalogue, surveying } = all({ 'meo-cellular': meo.url, 'platform-a1': platform.url });
    const seen = async (name: string) => (await surveying.look(soon())).find((each) => each.name === name);
    const before = await surveying.look(soon());
    expect(before.map(({ name }) => name).toSorted()).toEqual(Object.keys(described().peers).toSorted());
    expect(before.find(({ name }) => name === 'meo-wifi')).toMatchObject({
      servedAt: null,
      failure: expect.stringMatching(/^meo-wifi: GET \/.* did not answer \(ECONNREFUSED\)$/),
    });
    // A refusal is an answer
    expect(await seen('meo-cellular')).toMatchObject({ failedAt: null, failure: null });
    const asked = [meo.heard.length, platform.heard.length];
    expect(asked).toEqual([1, 1]);
    await seen('meo-cellular');
    expect([meo.heard.length, platform.heard.length]).toEqual(asked);
    // A call that is made anyway tells it too
    answers = false;
    const [{ instances }, counter] = await Promise.all([catalogue.site('a1'), catalogue.application('counter')]);
    await expect(instances.list(counter, soon())).rejects.toThrow('503');
    const now = await seen('meo-cellular');
    expect(now).toMatchObject({ since: now?.failedAt, failure: expect.stringContaining('503') });
    expect(meo.heard).toHaveLength((asked[0] ?? 0) + 1);
    expect(platform.heard).toHaveLength(asked[1] ?? 0);
    expect(JSON.stringify(await surveying.look(soon()))).not.toContain('127.0.0.1');
  });

  it('learns nothing from a call for which nobody waited', async () => {
    const platform = await playing(() => undefined);
    const { surveying } = all({ 'platform-a1': platform.url });
    const leave = new AbortController();
    const looked = surveying.look(leave.signal);
    await expect.poll(() => platform.heard.length).toBe(1);
    leave.abort();
    await expect(looked).rejects.toThrow(/abort/i);
    const platformA1 = (await surveying.look(soon())).find(({ name }) => name === 'platform-a1');
    expect(platform.heard).toHaveLength(2); // not taken for seen
    expect(platformA1?.failure).toMatch('did not answer within 2000 ms');
  });
});

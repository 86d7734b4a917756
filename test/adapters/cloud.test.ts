import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instances } from '../../activities/ports.ts';
import { cloudInstances } from '../../adapters/cloud-manager/instances.ts';
import { cloudPackages } from '../../adapters/cloud-manager/packages.ts';
import { cloudOrders } from '../../adapters/tmf641/orders.ts';
import { counter } from '../support/counter.ts';
import { collection, type PlayedOss, playedOss } from '../support/played-oss.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';
import { cancelledWait, quickWait } from '../support/wait.ts';

const key = 'fabcdefghijklmnopqrstuvwxy';
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

let manager: FaultyServer;
let play: (heard: Heard) => Reply;

beforeEach(async () => {
  play = () => ({ status: 500 });
  manager = await faultyServer((heard) => play(heard), { timeoutMs: 2_000 });
});
afterEach(async () => await manager.close());

describe('the packages of a cloud', () => {
  const held = {
    id: 'p1',
    appDId: counter.appDId,
    appSoftVersion: counter.softVersion,
    checksum: { algorithm: 'SHA-256', hash: counter.checksum.toUpperCase() },
    state: 'ready',
    detail: null,
  };
  const packages = () => cloudPackages(manager.exchange, 'cloud');

  it.each([
    ['usable', [held]],
    ['absent', []],
    ['absent', [{ ...held, appSoftVersion: '0.9' }]],
    ['absent', [{ ...held, appDId: 'other' }]],
    ['unusable', [{ ...held, state: 'fetching' }]],
    ['unusable', [{ ...held, state: 'failed' }]],
    ['unusable', [{ ...held, state: 'validating' }]],
    ['mismatch', [{ ...held, checksum: { algorithm: 'SHA-256', hash: 'cd'.repeat(32) } }]],
    ['usable', [{ ...held, checksum: { algorithm: 'SHA-256', hash: `sha256:${counter.checksum}` } }]],
    ['unusable', [{ ...held, checksum: { algorithm: 'SHA-256', hash: 'see manifest' } }]],
  ])('are %s', async (found, listed) => {
    play = () => ({ status: 200, json: listed });
    expect(await packages().find(counter, soon())).toBe(found);
  });

  it.each<readonly [string, unknown]>([
    ['null', null],
    ['entries that are odd', [null, 7, { appDId: 'other', checksum: [] }, held]],
  ])('are found in a list with %s of others', async (_, listed) => {
    play = () => ({ status: 200, json: listed });
    expect(await packages().find(counter, soon())).toBe(listed === null ? 'absent' : 'usable');
  });

  it.each([
    ['no checksum', { checksum: null }],
    ['no version', { appSoftVersion: null }],
    ['no state', { state: null }],
  ])('are found beside an older one of the application of which the manager tells %s', async (_, told) => {
    play = () => ({ status: 200, json: [{ ...held, id: 'older', appSoftVersion: '0.1', ...told }, held] });
    expect(await packages().find(counter, soon())).toBe('usable');
  });

  it.each([{ checksum: null }, { state: null }])(
    'are offered again where the manager tells so little (%j)',
    async (told) => {
      play = () => ({ status: 200, json: [{ ...held, ...told }] });
      expect(await packages().find(counter, soon())).toBe('unusable');
    },
  );

  it('are asked for without a filter where the manager does not know it, and page by page', async () => {
    play = ({ query }) => {
      if (query.has('appDId')) return { status: 400 };
      if (query.has('more')) return { status: 200, json: [held] };
      return { status: 200, json: [], headers: { link: '</cloud/v1/packages?more=1>; rel="next"' } };
    };
    expect(await packages().find(counter, soon())).toBe('usable');
  });

  it('are offered again where the manager tells a checksum that cannot be compared', async () => {
    play = () => ({ status: 200, json: [{ ...held, checksum: { algorithm: 'SHA-512', hash: 'cd'.repeat(64) } }] });
    expect(await packages().find(counter, soon())).toBe('unusable');
  });

  it('may be shown a little later than they were taken', async () => {
    const looks: Reply[] = [{ status: 404 }, { status: 404 }];
    play = ({ method }) =>
      method === 'POST'
        ? { status: 202, json: { ...held, state: 'fetching' } }
        : (looks.shift() ?? { status: 200, json: held });
    await packages().distribute(counter, key, quickWait());
    play = ({ method }) =>
      method === 'POST' ? { status: 202, json: { ...held, state: 'fetching' } } : { status: 404 };
    await expect(packages().distribute(counter, key, quickWait())).rejects.toMatchObject({ type: 'NotYet' });
  });

  it('are fetched by the cloud itself, and waited for', async () => {
    const states = ['fetching', 'validating', 'ready'];
    play = ({ method }) => ({ status: method === 'POST' ? 202 : 200, json: { ...held, state: states.shift() } });
    await packages().distribute(counter, key, quickWait());
    expect(states).toEqual([]);
    expect(manager.heard[0]).toMatchObject({
      method: 'POST',
      path: '/cloud/v1/packages',
      json: {
        appDId: counter.appDId,
        appSoftVersion: counter.softVersion,
        checksum: { algorithm: 'SHA-256', hash: counter.checksum },
        uri: counter.archive.uri,
      },
    });
  });

  it.each<readonly [string, Reply]>([
    ['nothing', { status: 202, headers: { location: '/cloud/v1/packages/p1' } }],
    ['HTML', { status: 201, text: '<html>' }],
    ['less than the package', { status: 201, json: { id: 'p1' } }],
  ])('are found among those that it has where the cloud answers an offer with %s', async (_, reply) => {
    play = ({ method, path }) =>
      method === 'POST' ? reply : { status: 200, json: path.endsWith('p1') ? held : [held] };
    await packages().distribute(counter, key, quickWait());
    play = ({ method }) => (method === 'POST' ? reply : { status: 200, json: [] });
    await expect(packages().distribute(counter, key, quickWait())).rejects.toMatchObject({ type: 'NotYet' });
  });

  it('are a mismatch when the cloud holds another one under the same id and version', async () => {
    play = () => ({ status: 409, json: { title: 'Conflict', detail: 'another checksum' } });
    await expect(packages().distribute(counter, key, quickWait())).rejects.toMatchObject({ type: 'PackageMismatch' });
  });

  it('are invalid when the cloud cannot use what it fetched, and say why', async () => {
    play = ({ method }) => ({
      status: method === 'POST' ? 202 : 200,
      json: { ...held, state: method === 'POST' ? 'fetching' : 'failed', detail: 'wrong hash' },
    });
    await expect(packages().distribute(counter, key, quickWait())).rejects.toMatchObject({
      type: 'PackageInvalid',
      message: 'cloud cannot use the package: wrong hash',
    });
  });

  it('get one more chance when they failed before', async () => {
    let deleted = false;
    play = ({ method }) => {
      if (method === 'DELETE') {
        deleted = true;
        return { status: 204 };
      }
      return { status: deleted ? 202 : 200, json: { ...held, state: deleted ? 'ready' : 'failed' } };
    };
    await packages().distribute(counter, key, quickWait());
    expect(manager.heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /cloud/v1/packages',
      'DELETE /cloud/v1/packages/p1',
      'POST /cloud/v1/packages',
    ]);
  });
});

describe('the instances of a cloud', () => {
  interface Held {
    name: string;
    appDId: string;
    state: string;
    endpoint: { host: string; port: number } | null;
    since: string;
    detail?: string;
  }
  let oss: PlayedOss;
  let running: Map<string, Held>;
  let instances: Instances;
  const holds = (name: string, state: string, host = '127.77.41.1'): void =>
    void running.set(name, {
      name,
      appDId: counter.appDId,
      state,
      endpoint: { host, port: 7000 },
      since: `2030-01-0${running.size + 1}T00:00:00Z`,
    });

  beforeEach(async () => {
    running = new Map();
    oss = await playedOss();
    play = ({ path }) => {
      const name = /^\/cloud\/v1\/instances\/([^?]*)/.exec(path)?.[1];
      if (name === undefined) return { status: 200, json: [...running.values()] };
      const held = running.get(decodeURIComponent(name));
      if (held === undefined) return { status: 404, json: { title: 'Not Found' } };
      const seen = { ...held };
      if (held.state === 'starting') held.state = 'running';
      if (held.state === 'stopping') held.state = 'stopped';
      return { status: 200, json: seen };
    };
    oss.carriesOut = ({ externalId = '', orderItem: [item] }) => {
      const id = (item?.service['id'] as string | undefined) ?? externalId;
      if (item?.action === 'delete') running.delete(id);
      else holds(id, item?.service['state'] === 'active' ? 'starting' : 'stopping');
    };
    const orders = cloudOrders(oss.peer.exchange, 'cloud');
    instances = cloudInstances(manager.exchange, orders, {
      cloud: 'cloud',
      addresses: '127.77.41.0/24',
    });
  });
  afterEach(async () => await oss.peer.close());

  it('are listed oldest first, those of this application only', async () => {
    holds('young', 'running');
    running.set('old', {
      ...running.get('young'),
      since: '2029-01-01T00:00:00Z',
      name: 'old',
      state: 'stopped',
    } as Held);
    running.set('other', { ...running.get('young'), name: 'other', appDId: 'other' } as Held);
    expect(await instances.list(counter, soon())).toEqual([
      { id: 'old', name: 'old', state: 'stopped', endpoint: { host: '127.77.41.1', port: 7000 } },
      { id: 'young', name: 'young', state: 'started', endpoint: { host: '127.77.41.1', port: 7000 } },
    ]);
  });

  it('are made by an order at the OSS, never at the cloud, and returned when they run', async () => {
    expect(await instances.instantiate(counter, key, quickWait())).toMatchObject({ id: key, state: 'started' });
    expect(oss.orders).toHaveLength(1);
    expect(manager.heard.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('are found again by their key, though the OSS has forgotten which orders it carried out', async () => {
    await instances.instantiate(counter, key, quickWait());
    oss.orders.length = 0;
    expect(await instances.instantiate(counter, key, quickWait())).toMatchObject({ id: key, state: 'started' });
    expect(oss.orders).toEqual([]);
  });

  it('are on the wrong host when they are outside the addresses of the site', async () => {
    oss.carriesOut = ({ externalId = '' }) => holds(externalId, 'running', '127.77.42.1');
    await expect(instances.instantiate(counter, key, quickWait())).rejects.toMatchObject({ type: 'WrongHost' });
  });

  it('may run before they are given an address, and are malformed where they never are', async () => {
    let looks = 0;
    const { endpoint } = { endpoint: { host: '127.77.41.1', port: 7000 } };
    const answer = play;
    play = (heard) => {
      const held = running.get(key);
      if (held !== undefined) held.endpoint = (looks += 1) < 4 ? null : endpoint;
      return answer(heard);
    };
    expect(await instances.instantiate(counter, key, quickWait())).toMatchObject({ state: 'started', endpoint });
    play = (heard) => {
      for (const held of running.values()) held.endpoint = null;
      return answer(heard);
    };
    await expect(instances.start(key, 'f1', quickWait())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: `cloud: the running instance ${key} has no endpoint`,
    });
  });

  it('are not believed to have changed because the OSS says so', async () => {
    oss.carriesOut = () => undefined;
    const failed = { type: 'LcmOperationFailed' };
    await expect(instances.instantiate(counter, key, quickWait())).rejects.toMatchObject(failed);
    holds('kept', 'stopped');
    await expect(instances.start('kept', 'f1', quickWait())).rejects.toMatchObject(failed);
    holds('left', 'running');
    await expect(instances.stop('left', 'f2', quickWait())).rejects.toMatchObject(failed);
    await expect(instances.remove('left', 'f3', quickWait())).rejects.toMatchObject(failed);
  });

  it('are as good as stopped when they are gone', async () => {
    holds('left', 'running');
    oss.carriesOut = () => void running.delete('left');
    await instances.stop('left', key, quickWait());
    expect(oss.orders).toHaveLength(1);
  });

  it('say why they failed to start', async () => {
    oss.carriesOut = ({ externalId = '' }) => {
      holds(externalId, 'failed');
      Object.assign(running.get(externalId) ?? {}, { detail: 'it ended by itself' });
    };
    await expect(instances.instantiate(counter, key, quickWait())).rejects.toThrow('it ended by itself');
  });

  it('are re-started when they were kept', async () => {
    holds('kept', 'stopped');
    expect(await instances.start('kept', key, quickWait())).toMatchObject({ id: 'kept', state: 'started' });
    expect(oss.orders[0]?.orderItem[0]).toMatchObject({ action: 'modify', service: { id: 'kept', state: 'active' } });
  });

  it.each(['running', 'starting'])('are left alone when they are to be started and are %s', async (state) => {
    holds('kept', state);
    expect(await instances.start('kept', key, quickWait())).toMatchObject({ state: 'started' });
    expect(oss.orders).toEqual([]);
  });

  it('are stopped and kept', async () => {
    holds('left', 'running');
    await instances.stop('left', key, quickWait());
    expect(running.get('left')?.state).toBe('stopped');
    await instances.stop('left', key, quickWait());
    await instances.stop('never-there', key, quickWait());
    expect(oss.orders).toHaveLength(1);
    expect(instances.whenLeft).toBe('stop');
  });

  it('are not stopped any more once that is withdrawn', async () => {
    holds('left', 'running');
    oss.states = ['INPROGRESS'];
    await expect(instances.stop('left', key, cancelledWait())).rejects.toThrow('cancelled');
    // It runs still: to start it would be to do nothing
    await instances.withdraw('left', key, quickWait());
    expect(oss.orders.map(({ state }) => state)).toEqual(['CANCELLED']);
    expect(running.get('left')?.state).toBe('running');
  });

  it.each([404, 410])('are removed, and that they are not there (%i) is success', async (gone) => {
    holds('made', 'running');
    const there = play;
    play = (heard) => {
      const reply = there(heard);
      return reply.status === 404 ? { ...reply, status: gone } : reply;
    };
    await instances.remove('made', key, quickWait());
    await instances.remove('made', key, quickWait());
    expect(await instances.stateOf(counter, 'made', soon())).toBe('gone');
    expect([...running]).toEqual([]);
    expect(oss.orders).toHaveLength(1);
  });

  it('are found among ten thousand of others, and one that is shown twice is one', async () => {
    const others = Array.from({ length: 10_000 }, (_, n) => ({
      name: `${n}`,
      appDId: 'other',
      detail: 'x'.repeat(500),
    }));
    holds('made', 'running');
    const all = [running.get('made'), ...others, running.get('made')];
    play = () => ({ status: 200, json: all });
    expect(await instances.list(counter, soon())).toMatchObject([{ id: 'made' }]);
  });

  it('may be shown for a while after they are gone: they are waited for, and removed once', async () => {
    holds('made', 'running');
    let shown = 0;
    oss.carriesOut = () => undefined;
    const answer = play;
    play = (heard) => {
      if (oss.orders.length > 0 && (shown += 1) > 30) running.delete('made');
      return answer(heard);
    };
    await instances.remove('made', key, quickWait());
    expect(oss.orders).toHaveLength(1);
  });

  it('are not made any more once they are removed', async () => {
    oss.states = ['INPROGRESS'];
    await expect(instances.instantiate(counter, key, cancelledWait())).rejects.toThrow('cancelled');
    await instances.remove(key, 'fundo', quickWait());
    expect(oss.orders.map(({ state }) => state)).toEqual(['CANCELLED']);
  });

  it.each<readonly [string, Reply]>([
    ['null', { status: 200, json: null }],
    ['nothing', { status: 204 }],
    ['odd entries of others', { status: 200, json: [null, [], { appDId: 'other', state: 'ERROR' }, { name: 7 }] }],
  ])('are none where the list is %s', async (_, listed) => {
    play = () => listed;
    expect(await instances.list(counter, soon())).toEqual([]);
  });

  it('are listed by their numbers, where the manager numbers them', async () => {
    holds('17', 'running');
    Object.assign(running.get('17') ?? {}, { name: 17 });
    expect(await instances.list(counter, soon())).toMatchObject([{ id: '17' }]);
    expect(await instances.stateOf(counter, '17', soon())).toBe('started');
  });

  it('are listed without a filter where the manager does not know it', async () => {
    holds('made', 'running');
    const usual = play;
    play = (heard) => (heard.query.has('appDId') ? { status: 400 } : usual(heard));
    expect(await instances.list(counter, soon())).toMatchObject([{ id: 'made' }]);
  });

  it('are unavailable, and no more than that, when their manager asks to come back on a date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    play = () => ({ status: 503, headers: { 'retry-after': date } });
    await expect(instances.list(counter, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      nonRetryable: false,
    });
  });

  it('are ended by an order that is completed: that one is written down as stopped is no proof, and orders nothing', async () => {
    holds('runs', 'running');
    await expect(instances.end('runs', key, quickWait())).resolves.toBe('operation');
    expect(running.get('runs')?.state).toBe('stopped');
    // By an earlier attempt
    await expect(instances.end('runs', key, quickWait())).resolves.toBe('operation');
    for (const id of ['died', 'i77']) await expect(instances.end(id, key, quickWait())).resolves.toBe('written');
    holds('died', 'stopped');
    await expect(instances.end('died', key, quickWait())).resolves.toBe('written');
    expect(oss.orders).toHaveLength(1);
  });

  describe('of which the manager tells nothing', () => {
    const blind: readonly (readonly [string, Reply])[] = [
      ['something that its API does not know', { status: 200, json: { name: 7 } }],
      ['no JSON', { status: 200, text: '<html>' }],
      ['that it is not implemented', { status: 501 }],
      ['that it is busy', { status: 503 }],
    ];

    it.each(blind)('are removed and stopped by the id that we know, once: it says %s', async (_, answer) => {
      play = () => answer;
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await expect(instances.remove('made', key, quickWait())).rejects.toThrow('peer');
        await expect(instances.stop('left', key, quickWait())).rejects.toThrow('peer');
      }
      expect(oss.orders.map(({ orderItem: [item] }) => [item?.action, item?.service['id']])).toEqual([
        ['delete', 'made'],
        ['modify', 'left'],
      ]);
    });
  });

  it('are removed although the OSS does not list its orders', async () => {
    holds('made', 'running');
    const { peer } = oss;
    const blind = await faultyServer(({ method, path, json }) => {
      if (method === 'GET' && path === collection) return { status: 200, json: { orders: 'many' } };
      running.delete('made');
      return { status: method === 'POST' ? 201 : 200, json: { ...json, id: '1', state: 'COMPLETED' } };
    });
    oss = { ...oss, peer: blind };
    const orders = cloudOrders(blind.exchange, 'cloud');
    const asked = cloudInstances(manager.exchange, orders, { cloud: 'cloud', addresses: '127.77.41.0/24' });
    // Whether one is still to be made under that name is not known: it has to be told
    await expect(asked.remove('made', key, quickWait())).rejects.toMatchObject({ type: 'PeerMalformed' });
    expect([...running]).toEqual([]);
    await peer.close();
  });

  it.each(['hibernating', 'constructor', '', null])(
    'are none to be used in a state %j that nobody published',
    async (state) => {
      holds('odd', '');
      Object.assign(running.get('odd') ?? {}, { state });
      holds('made', 'running');
      Object.assign(running.get('odd') ?? {}, { endpoint: { host: '', port: 0 }, since: 7 });
      expect(await instances.list(counter, soon())).toMatchObject([
        { id: 'odd', state: 'unknown', endpoint: null },
        { id: 'made', state: 'started' },
      ]);
      expect(await instances.stateOf(counter, 'odd', soon())).toBe('unknown');
    },
  );

  it('are malformed where their manager does not even name them', async () => {
    play = () => ({ status: 200, json: [{ appDId: counter.appDId, state: 'running' }] });
    await expect(instances.list(counter, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: GET /cloud/v1/instances answered 200, but name of one of this application does not fit',
    });
  });
});

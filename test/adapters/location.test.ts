import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../adapters/http.ts';
import { mec013Location } from '../../adapters/mec013/location.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { Location, zones } from '../../sandbox/peers/location.ts';
import { eventually } from '../support/eventually.ts';
import { named } from '../support/api.ts';
import { faultyServer, type FaultyServer, type Reply } from '../support/faulty-server.ts';
import { whereaboutsOf } from '../../worker/whereabouts.ts';
import { Configuration } from '../../configuration/peers.ts';

const DEVICE = '10.9.9.1';
const USERS = '/location/v3/subscriptions/users';
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('a location service (MEC 013)', () => {
  let service: Peer;
  let hearer: FaultyServer;
  let location: Location;
  let journal: Journal;
  let faults: Faults;
  let lines: string[];
  const here = () => {
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    return mec013Location(new Exchange({ name: 'location', url: service.url, timeoutMs: 10_000 }, log));
  };
  const listening = (more: object = {}) => ({
    device: DEVICE,
    callback: `${hearer.url}/sightings`,
    correlator: 'f1',
    until: Date.now() + 600_000,
    ...more,
  });
  const kept = () => (location.state() as { subscriptions: { expiryDeadline: { seconds: number } }[] }).subscriptions;

  beforeEach(async () => {
    [journal, faults, lines] = [new Journal(), new Faults(), []];
    location = new Location('http://behind.a.proxy:99');
    const plan = { name: 'location', address: '127.0.0.1', port: 0, routes: location.routes(), state: () => null };
    service = await servePeer(plan, { journal, faults });
    hearer = await faultyServer(() => ({ status: 204 }));
  });
  afterEach(async () => {
    await Promise.all([service.close(), hearer.close()]);
  });

  it('says in which zone a device is, or that it does not see it', async () => {
    await expect(here().zonesOf(DEVICE, soon())).resolves.toEqual([]);
    location.comes(DEVICE, zones.wifi);
    location.comes('10.9.9.2', zones.cellular);
    await expect(here().zonesOf(DEVICE, soon())).resolves.toEqual([zones.wifi]);
  });

  it('tells of a device what it was asked to; asked again it is prolonged, and told once', async () => {
    await here().listen(listening(), soon());
    const until = Date.now() + 1_200_000;
    await here().listen(listening({ until }), soon());
    expect(kept().map(({ expiryDeadline }) => expiryDeadline.seconds)).toEqual([Math.ceil(until / 1_000)]);
    expect(location.comes(DEVICE, zones.wifi)).toBe(1);
    await eventually(() => hearer.heard.length === 1);
    expect(hearer.heard[0]).toMatchObject({
      path: '/sightings',
      json: { userLocationEventNotification: { userLocationEvent: 'ENTERING_AREA_EVENT', zoneId: zones.wifi } },
    });
  });

  it.each([405, 501])('asks for it anew where a service prolongs none (%i)', async (status) => {
    faults.add({ peer: 'location', operation: `PUT ${USERS}/*`, nth: 1, kind: 'status', status });
    await here().listen(listening(), soon());
    const until = Date.now() + 1_200_000;
    await here().listen(listening({ until }), soon());
    expect(kept().map(({ expiryDeadline }) => expiryDeadline.seconds)).toEqual([Math.ceil(until / 1_000)]);
  });

  it('has one of it afterwards where an answer was lost, also where it knows no correlator', async () => {
    const lost = {
      peer: 'location',
      operation: `POST ${USERS}`,
      nth: 1,
      times: 1,
      kind: 'answerLost',
      as: 'reset',
    } as const;
    faults.add(lost);
    await expect(here().listen(listening(), soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await here().listen(listening({ correlator: 'another' }), soon());
    expect(kept()).toHaveLength(1);
    for (const correlator of ['x', 'y']) {
      const { device, callback } = listening();
      const body = { subscriptionType: 'UserLocationEventSubscription', address: `acr:${device}` };
      const more = { ...body, callbackReference: callback, clientCorrelator: correlator };
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
      await fetch(`${service.url}${USERS}`, { ...init, body: JSON.stringify({ userLocationEventSubscription: more }) });
    }
    expect(kept()).toHaveLength(3);
    await here().listen(listening(), soon());
    expect(kept()).toHaveLength(1);
  });

  it("takes back what is ours, and nobody else's; twice is once", async () => {
    await here().listen(listening(), soon());
    await here().listen(listening({ callback: `${hearer.url}/other`, correlator: 'f2' }), soon());
    await here().hush(listening(), soon());
    await here().hush(listening(), soon());
    expect(kept()).toMatchObject([{ callbackReference: `${hearer.url}/other` }]);
  });

  it('is asked without a word of the device in any log, whatever it answers', async () => {
    const words = { title: 'Bad Request', detail: `acr:${DEVICE} is unknown` };
    faults.add({ peer: 'location', operation: `POST ${USERS}`, nth: 1, kind: 'status', status: 400, body: words });
    const refused = await here()
      .listen(listening(), soon())
      .catch((error: Error) => error.message);
    await here().zonesOf(DEVICE, soon());
    expect(lines.length).toBeGreaterThan(2);
    expect([refused, ...lines].join('\n')).not.toContain(DEVICE);
  });
});

describe('a location service with strange entries of others', () => {
  const callback = 'http://ferry/sightings';
  const of = (address: string, zoneId: unknown) => ({ address: `acr:${address}`, zoneId });
  const strangers = [null, 7, 'x', {}, { address: null }, { address: `acr:${DEVICE}` }, of('10.9.9.2', 'moon')];
  const subscription = (id: string) => ({
    href: `http://elsewhere/x/${id}`,
    subscriptionType: 'UserLocationEventSubscription',
  });
  const shown: Record<string, object> = {
    hidden: { status: 403 },
    broken: { status: 500 },
    empty: { status: 200, json: null },
    other: { status: 200, json: { distanceSubscription: { callbackReference: 7 } } },
    ours: { status: 200, json: { userLocationEventSubscription: { callbackReference: callback } } },
  };
  const served = async () =>
    await faultyServer(({ method, path, query, json }) => {
      if (method === 'PUT') return { status: 200, json };
      if (method === 'DELETE') return { status: 204 };
      const last = path.split('/').at(-1) ?? '';
      if (shown[last] !== undefined) return shown[last] as Reply;
      const next = { link: `<${path}?part=2>; rel="next"` };
      const isLast = query.get('part') === '2';
      if (path.endsWith('/queries/users')) {
        const user = isLast ? [of(DEVICE, 'loading bay'), of(DEVICE, zones.wifi), of(DEVICE, 17)] : strangers;
        return { status: 200, json: { userList: { user } }, headers: isLast ? {} : next };
      }
      const listed = isLast
        ? [subscription('ours'), subscription('ours')]
        : ['hidden', 'broken', 'empty', 'other'].map(subscription);
      const list = { notificationSubscriptionList: { subscription: [null, {}, { href: 7 }, ...listed] } };
      return { status: 200, json: list, headers: isLast ? {} : next };
    });

  it('tells of ours what it tells, on whatever part of a list', async () => {
    const odd = await served();
    const here = mec013Location(odd.exchange);
    await expect(here.zonesOf(DEVICE, soon())).resolves.toEqual(['loading bay', zones.wifi, '17']);
    await here.listen({ device: DEVICE, callback, correlator: 'f', until: Date.now() }, soon());
    expect([odd.count('PUT /location/v3/subscriptions/users/ours'), odd.count(/^POST/)]).toEqual([1, 0]);
    await odd.close();
  });

  it('has nothing deleted of them, and is not taken for empty where one of them might be ours', async () => {
    const odd = await served();
    const here = mec013Location(odd.exchange);
    await expect(here.hush({ device: DEVICE, callback }, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    shown['broken'] = { status: 404 };
    await here.hush({ device: DEVICE, callback }, soon());
    expect(odd.heard.flatMap(({ method, path }) => (method === 'DELETE' ? [path] : []))).toEqual([
      '/location/v3/subscriptions/users/ours',
    ]);
    await odd.close();
  });
});

describe('a location service that passes over the filter', () => {
  const callback = 'http://ferry/sightings';
  const PARTS = 120;
  const STRANGERS = 60;
  let odd: FaultyServer;
  afterEach(async () => await odd.close());

  /** Users and subscriptions of others, in so many parts; ours in the last. */
  const played = async (spelt: { readonly address: string; readonly callback: string }, held: Map<string, string>) => {
    odd = await faultyServer(({ method, path, query }) => {
      const part = Number(query.get('part') ?? 1);
      const next = { link: `<${path}?part=${part + 1}>; rel="next"` };
      if (path.endsWith('/queries/users')) {
        const address = part === PARTS ? spelt.address : `acr:10.1.0.${part}`;
        const body = { userList: { user: [{ address, zoneId: 'z' }] } };
        return { status: 200, json: body, headers: part < PARTS ? next : {} };
      }
      const id = path.split('/').at(-1) ?? '';
      if (path === USERS && method === 'GET') {
        const subscription = [...held.keys()].map((each) => ({ href: `http://elsewhere/${each}` }));
        return { status: 200, json: { notificationSubscriptionList: { subscription } } };
      }
      const told = held.get(id);
      if (told === undefined) return { status: 404 };
      return { status: 200, json: { userLocationEventSubscription: { callbackReference: told } } };
    });
    return mec013Location(odd.exchange);
  };
  const strangers = (more: readonly [string, string][] = []) =>
    new Map([...Array.from({ length: STRANGERS }, (_, n) => [`s${n}`, `http://other/${n}`] as const), ...more]);

  it.each([
    ['acr:10.9.9.1', DEVICE],
    ['10.9.9.1', DEVICE],
    ['ACR:10.9.9.1/32', DEVICE],
    ['acr:2001:DB8:0:0::7', '2001:db8::7'],
    ['acr:2001:db8::7/128', '2001:db8::7'],
  ])('is read to its last part, and an address is one, however it is spelt: %s', async (address, device) => {
    const here = await played({ address, callback }, new Map());
    await expect(here.zonesOf(device, soon())).resolves.toEqual(['z']);
    expect(odd.heard.length).toBe(PARTS);
  });

  it('costs what one without strangers does, once each of theirs was read', async () => {
    const here = await played({ address: '', callback }, strangers([['ours', 'HTTP://Ferry:80/sightings']]));
    const cost = async (ask: () => Promise<unknown>): Promise<number> => {
      const before = odd.heard.length;
      await ask();
      return odd.heard.length - before;
    };
    const listening = { device: DEVICE, callback, correlator: 'f', until: Date.now() };
    expect(await cost(async () => await here.listen(listening, soon()))).toBe(1 + STRANGERS + 1 + 1);
    expect(await cost(async () => await here.listen(listening, soon()))).toBe(1 + 1 + 1);
    expect(await cost(async () => await here.hush(listening, soon()))).toBe(1 + 1 + 1);
    expect(odd.heard.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([`${USERS}/ours`]);
  });

  it('is looked through anew for one that got the name of another', async () => {
    const held = strangers();
    const here = await played({ address: '', callback }, held);
    await here.hush({ device: DEVICE, callback }, soon());
    held.clear();
    await here.hush({ device: DEVICE, callback }, soon());
    held.set('s1', callback);
    await here.hush({ device: DEVICE, callback }, soon());
    expect(odd.count(/^DELETE/)).toBe(1);
  });

  it('may say by 204 that it sees nobody', async () => {
    odd = await faultyServer(() => ({ status: 204 }));
    await expect(mec013Location(odd.exchange).zonesOf(DEVICE, soon())).resolves.toEqual([]);
  });
});

describe('several location services', () => {
  it('are each asked and told, whatever another answers; only where none of them sees it one that is away counts', async () => {
    const hearing = { status: 200, json: { notificationSubscriptionList: {} } };
    let user: unknown[] = [{ address: `acr:${DEVICE}`, zoneId: zones.wifi }];
    const away = await faultyServer(() => ({ status: 503 }));
    const there = await faultyServer(({ method, path }) => {
      if (method !== 'GET') return { status: 201, json: {} };
      return path.endsWith('/queries/users') ? { status: 200, json: { userList: { user } } } : hearing;
    });
    const peer = (url: string) => ({ kind: 'location', url, insecure: true });
    const whereabouts = whereaboutsOf(
      {
        ...named,
        peers: Configuration.shape.peers.parse({ away: peer(away.url), there: peer(there.url) }),
        networks: {
          cellular: { resolverClampSeconds: 0, location: { service: 'away', zones: [zones.cellular] } },
          wifi: { resolverClampSeconds: 0, location: { service: 'there', zones: [zones.wifi] } },
        },
        callback: 'http://api.inside',
      },
      pino({ level: 'silent' }),
    );
    const listener = { follower: 'f', user: 'ue-1', among: ['a1', 'w1'] };
    await expect(whereabouts.networkOf('ue-1', listener.among, soon())).resolves.toBe('wifi');
    await expect(whereabouts.listen(listener, 60, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(there.count('POST /location/v3/subscriptions/users')).toBe(1);
    user = [];
    await expect(whereabouts.networkOf('ue-1', listener.among, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    await Promise.all([away.close(), there.close()]);
  });

  it('may tell of two networks at once, in any order: it is the same one at each look', async () => {
    let user: object[] = [];
    const there = await faultyServer(() => ({ status: 200, json: { userList: { user } } }));
    const at = (zone: string) => ({ resolverClampSeconds: 0, location: { service: 'there', zones: [zone] } });
    const whereabouts = whereaboutsOf(
      {
        ...named,
        peers: Configuration.shape.peers.parse({ there: { kind: 'location', url: there.url, insecure: true } }),
        networks: { cellular: at(zones.cellular), wifi: at(zones.wifi) },
        callback: 'http://api.inside',
      },
      pino({ level: 'silent' }),
    );
    const both = [zones.cellular, 'moon', zones.wifi].map((zoneId) => ({ address: `acr:${DEVICE}`, zoneId }));
    for (user of [both, both.toReversed()]) {
      await expect(whereabouts.networkOf('ue-1', ['a1', 'w1'], soon())).resolves.toBe('cellular');
      await expect(whereabouts.networkOf('ue-1', ['w1', 'a1'], soon())).resolves.toBe('wifi');
    }
    await there.close();
  });
});

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
        const user = isLast ? [of(DEVICE, 'loading bay'), of(DEVICE, zones.wifi), of(DEVICE, zones.wifi)] : strangers;
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
    await expect(here.zonesOf(DEVICE, soon())).resolves.toEqual(['loading bay', zones.wifi, zones.wifi]);
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
});

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../adapters/http.ts';
import { mec013Location } from '../../adapters/mec013/location.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { Location, zones } from '../../sandbox/peers/location.ts';
import { eventually } from '../support/eventually.ts';
import { faultyServer, type FaultyServer } from '../support/faulty-server.ts';

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
    await expect(here().zoneOf(DEVICE, soon())).resolves.toBeNull();
    location.comes(DEVICE, zones.wifi);
    location.comes('10.9.9.2', zones.cellular);
    await expect(here().zoneOf(DEVICE, soon())).resolves.toBe(zones.wifi);
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
    await here().zoneOf(DEVICE, soon());
    expect(lines.length).toBeGreaterThan(2);
    expect([refused, ...lines].join('\n')).not.toContain(DEVICE);
  });
});

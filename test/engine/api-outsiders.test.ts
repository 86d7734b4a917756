import { afterAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Served as Place } from '../../api/outsiders/clouds-table.ts';
import type { RelocationList } from '../../api/resources.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type {
  AppContext,
  ApplicationLocationAvailability,
  LocationConstraints,
} from '../../protocols/mec016/contexts.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, type PeerPlan, servePeer } from '../../sandbox/peer.ts';
import { lcmProxyPeer } from '../../sandbox/peers/lcm-proxy.ts';
import { ossPeer } from '../../sandbox/peers/oss.ts';
import { named, type Served } from '../support/api.ts';
import { ask } from '../support/asking.ts';
import { eventually } from '../support/eventually.ts';
import { claimNetwork } from '../support/network.ts';
import { openapiAbsent, published, whySkipped } from '../support/openapi.ts';
import { gate, over, PATH, servedByTheEngine } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

/** What the sandbox's LCM proxy and OSS relay of devices and of a cloud: the peers ask, over real sockets. */
const { net } = await claimNetwork();
const zone = (id: string, lat: number, lon: number) => ({ id, lat, lon, details: '' });
const site = (name: string) => named.sites[name] as Extract<Configuration['sites'][string], { kind: 'mecHost' }>;
const sites = {
  a1: { ...site('a1'), country: 'DE', zone: zone('north', 52.541, 13.369) },
  a2: { ...site('a2'), country: 'DE', zone: { ...zone('harbour', 52.531, 13.317), latencyMs: 3 } },
  w1: { ...site('w1'), country: 'PL', zone: zone('airport', 52.56, 13.9) },
};

/** Its sites are where the API's configuration says; w1 cannot be asked. */
class Zoned extends PortWorld {
  constructor() {
    super();
    this.on('w1.instances.list', ...Array.from({ length: 40 }, () => 'PeerUnavailable' as const));
  }

  override async site(name: string) {
    return { ...(await super.site(name)), zone: Object.entries(sites).find(([one]) => one === name)?.[1].zone };
  }
}

const served: Peer[] = [];
const peerOf = async (plan: PeerPlan): Promise<Peer> => {
  const around = { journal: new Journal(), faults: new Faults() };
  const peer = await servePeer({ ...plan, address: `127.${net}.250.1`, port: 0 }, around);
  served.push(peer);
  return peer;
};
afterAll(async () => void (await Promise.all(served.map(async (peer) => await peer.close()))));

const appInfo = {
  appDId: 'appd-1',
  appName: 'counter',
  appProvider: 'acme',
  appSoftVersion: '1.0',
  appDVersion: '1.0',
};
const app = { ...appInfo, userAppInstanceInfo: [{}] };

async function outside(
  world: PortWorld,
  scenario: (at: { proxy: string; oss: string; api: Served; begun: () => Promise<string[][]> }) => Promise<void>,
) {
  await over(
    world,
    async (api) => {
      const [proxy, oss] = [
        await peerOf(lcmProxyPeer(net, api.url)),
        await peerOf(ossPeer(net, new Faults(), api.url)),
      ];
      const serving = { appInstanceId: 'in-the-cloud', referenceURI: 'http://127.0.0.1:7000/' };
      await ask('PUT', `${proxy.url}/offers/appd-1`, { appInfo, serving });
      await scenario({ proxy: `${proxy.url}/dev_app/v1`, oss: `${oss.url}/mx1/v1`, api, begun: await begunAt(api) });
    },
    undefined,
    { served: { sites } },
  );
}

const available = async (proxy: string, associateDevAppId = 'ue-1') =>
  await ask<
    ApplicationLocationAvailability & { appInfo: { availableLocations: { appLocation: LocationConstraints }[] } }
  >('POST', `${proxy}/obtain_app_loc_availability`, { associateDevAppId, appInfo });

async function contextAt(proxy: string, user = 'ue-1') {
  const context = { associateDevAppId: user, appInfo: app };
  const { contextId } = (await ask<z.infer<typeof AppContext>>('POST', `${proxy}/app_contexts`, context)).body;
  return async (appLocation: LocationConstraints) =>
    await ask<{ detail: string }>('PUT', `${proxy}/app_contexts/${contextId}`, {
      ...context,
      contextId,
      appInfo: { ...app, userAppInstanceInfo: [{ appLocation }] },
    });
}

/** Those that this scenario has begun, the first one first. */
async function begunAt(api: Served): Promise<() => Promise<string[][]>> {
  const listed = async () => (await api.get<RelocationList>(PATH)).body.relocations;
  const before = new Set((await listed()).map(({ id }) => id));
  return async () =>
    (await listed())
      .filter(({ id }) => !before.has(id))
      .map(({ request: { users, source, target } }) => [users, source, target])
      .toReversed();
}

const secrets = /\b(?:a1|a2|w1|p1|meo|cellular)\b|PeerUnavailable|obstacle|10\.\d+\.\d+/;

describe('a device, through its LCM proxy (MEC 016)', () => {
  it('is told in which places its application could be, and is served in the one that it asks for', async () => {
    const held = gate();
    const world = new Zoned().on('a2.packages.distribute', held.wait);
    await outside(world, async ({ proxy, api, begun }) => {
      const { status, body } = await available(proxy);
      expect(status).toBe(200);
      expect(body).toMatchObject({ associateDevAppId: 'ue-1', appInfo });
      const locations = body.appInfo.availableLocations.map(({ appLocation }) => appLocation);
      expect(locations).toHaveLength(2); // not where the site cannot be asked
      expect(JSON.stringify(body)).not.toMatch(secrets);

      const put = await contextAt(proxy);
      expect((await put(locations[0] ?? {})).status).toBe(204);
      await held.arrived;
      expect((await put(locations[0] ?? {})).status).toBe(204); // its answer was lost: it is on the way there
      expect((await put(locations[1] ?? {})).status).toBe(403); // not two ways at once
      await eventually(async () => (await begun()).length === 1);
      expect(await begun()).toEqual([['ue-1', 'cloud', 'a2']]);
      held.open();
      await eventually(() => world.at('a2').some(({ role }) => role === 'authority'));
      expect((await put(locations[0] ?? {})).status).toBe(204); // it is there
      await eventually(
        async () => (await api.get<RelocationList>(`${PATH}?state=running`)).body.relocations.length === 0,
      );
      expect(await begun()).toHaveLength(1);
    });
  });

  it('is refused for a place, an application or a user that there is not, and told of no site', async () => {
    await outside(new Zoned(), async ({ proxy, begun }) => {
      const put = await contextAt(proxy);
      const strangers = await contextAt(proxy, 'ue-9');
      const answers = [
        await put({ countryCode: 'PL' }),
        await put({ countryCode: 'FR' }),
        await put({ civicAddressElement: [{ caType: 3, caValue: 'Berlin' }] }),
        await put({
          countryCode: 'PL',
          area: {
            coordinates: [
              [
                [13, 52],
                [14, 52],
                [14, 53],
                [13, 53],
              ],
            ],
          },
        }),
        await put({
          countryCode: 'DE',
          area: {
            coordinates: [
              [
                [0, 0],
                [1, 0],
                [1, 1],
              ],
            ],
          },
        }),
        await strangers({ countryCode: 'DE' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 404]);
      const [full, nowhere] = answers.map(({ body }) => body.detail);
      expect(full).not.toBe(nowhere);
      expect((await available(proxy, 'ue-9')).status).toBe(404);
      const other = { associateDevAppId: 'ue-1', appInfo: { ...appInfo, appProvider: 'somebody' } };
      expect((await ask('POST', `${proxy}/obtain_app_loc_availability`, other)).status).toBe(404);
      expect((await put({ area: { coordinates: [] } })).status).toBe(400);
      for (const { body } of answers) expect(JSON.stringify(body)).not.toMatch(secrets);
      expect(await begun()).toEqual([]);
    });
  });

  describe.skipIf(openapiAbsent)(`by the published schemas${whySkipped}`, () => {
    it('is answered', async () => {
      await outside(new Zoned(), async ({ proxy }) => {
        const { body } = await available(proxy);
        const validate = published('etsi-mec/mec016_UEAppInterface_v2.2.1.yaml', 'ApplicationLocationAvailability');
        expect([validate(body), validate.errors]).toEqual([true, null]);
        expect(body.appInfo.availableLocations).toHaveLength(2);
        expect(validate({ ...body, associateDevAppId: 7 })).toBe(false);
      });
    });
  });
});

describe('a cloud, through the OSS (Mx1)', () => {
  const shown = { authorization: 'Bearer the-cloud' };
  const place = '/applications/counter/users/*/place';

  it('is told which places fit, has its application brought to one, and takes it back', async () => {
    const world = new Zoned();
    await outside(world, async ({ oss, api, begun }) => {
      const cloud = async <T = Place>(method: string, path: string, body?: object) =>
        await ask<T>(method, `${oss}${path}`, body, shown);
      const asked = { application: 'counter', near: { lat: 52.53, lon: 13.31 }, kpi: { latencyMs: 5 } };
      const found = await cloud<{ places: object[] }>('POST', '/placements', asked);
      expect(found.status).toBe(200);
      expect(found.body.places).toMatchObject([
        { zone: 'harbour', possible: true, guarantee: 'zeroLoss', kpi: 'met', distanceKm: 0 },
        { zone: 'north', possible: true, kpi: 'unknown' },
        { zone: 'airport', possible: false },
      ]);
      expect(JSON.stringify(found.body)).not.toMatch(secrets);

      expect((await cloud('GET', place)).body).toEqual({ zone: null, cloud: true, move: null });
      expect(await cloud('PUT', place, { zone: 'north' })).toMatchObject({
        status: 202,
        body: { cloud: true, move: { zone: 'north', state: 'underWay' } },
      });
      await eventually(async () => (await cloud('GET', place)).body.zone === 'north');
      await eventually(
        async () => (await api.get<RelocationList>(`${PATH}?state=running`)).body.relocations.length === 0,
      );
      expect(await cloud('PUT', place, { zone: 'north' })).toMatchObject({ status: 200, body: { zone: 'north' } });
      expect((await cloud('PUT', place, { cloud: true })).status).toBe(202);
      await eventually(async () => (await cloud('GET', place)).body.cloud);
      expect(await begun()).toEqual([
        ['*', 'cloud', 'a1'],
        ['*', 'a1', 'cloud'],
      ]);
    });
  });

  it('is let in by the OSS alone, and asks for places that there are', async () => {
    await outside(new Zoned(), async ({ oss, api, begun }) => {
      expect((await ask('GET', `${oss}${place}`)).status).toBe(401);
      const put = async (body: object, path = place) => await ask('PUT', `${oss}${path}`, body, shown);
      const answers = [
        await put({ zone: 'airport' }),
        await put({ zone: 'nowhere' }),
        await put({ zone: 'north' }, '/applications/other/users/*/place'),
        await put({ zone: 'north', cloud: true }),
        await api.ask('/mx1/v1/clouds/a1/applications/counter/users/*/place', { method: 'GET' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([409, 404, 404, 400, 404]);
      // Whoever is served by one cloud is not moved by another
      const other = '/mx1/v1/clouds/cloud2/applications/counter/users/*/place';
      const headers = { 'content-type': 'application/json' };
      const stolen = await api.ask(other, { method: 'PUT', headers, body: JSON.stringify({ zone: 'north' }) });
      expect(stolen.status).toBe(403);
      for (const { body } of answers)
        expect(JSON.stringify({ ...(body as object), instance: '' })).not.toMatch(secrets);
      expect(await begun()).toEqual([]);
    });
  });
});

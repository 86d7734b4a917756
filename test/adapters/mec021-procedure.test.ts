import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { MobileDevice, MobilityTold } from '../../activities/ports.ts';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { faultyServer, type FaultyServer } from '../support/faulty-server.ts';
import { openapiAbsent, published, whySkipped } from '../support/openapi.ts';

const log = pino({ level: 'silent' });
const soon = (): AbortSignal => AbortSignal.timeout(10_000);
const servers: FaultyServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const device = (address: string): MobileDevice => ({
  address,
  associate: { type: 'UE_IPv4_ADDRESS', value: address },
  level: 'free',
  transferred: false,
});
const target = { instance: 't', endpoint: { host: '10.2.0.9', port: 7_000 } };
const ALL = ['INTERHOST_MOVEOUT_TRIGGERED', 'INTERHOST_MOVEOUT_COMPLETED', 'INTERHOST_MOVEOUT_FAILED'];

interface Filter {
  readonly appInstanceId?: string;
  readonly mobilityStatus?: readonly unknown[];
  readonly associateId?: readonly object[];
}

/** An application, and the service where it has one subscription with this filter; `stale`: one before it that nobody hears any more. */
async function played(filter: Filter, { elsewhere = false, status = 204, stale = false } = {}) {
  const application = await faultyServer(({ path }) => ({ status: path === '/stale' ? 404 : status }));
  const { hostname, port } = new URL(application.url);
  const callbackReference = `http://${elsewhere ? '192.0.2.1' : hostname}:${port}/mobility?tenant=7`;
  const subscription = {
    subscriptionType: 'MobilityProcedureSubscription',
    callbackReference,
    filterCriteria: { appInstanceId: 's', ...filter },
    _links: { self: { href: '/amsi/v1/subscriptions/1' } },
  };
  const service = await faultyServer(({ path }) => {
    const listed = [...(stale ? ['0'] : []), '1'].map((id) => ({ href: `/amsi/v1/subscriptions/${id}` }));
    if (path.endsWith('/subscriptions')) return { status: 200, json: { _links: { subscription: listed } } };
    const old = { ...subscription, callbackReference: `http://${hostname}:${port}/stale` };
    return { status: 200, json: path.endsWith('/0') ? old : subscription };
  });
  servers.push(application, service);
  const owner = { instance: 's', endpoint: { host: hostname, port: 7_000 } };
  const mobility = mec021Mobility(service.exchange, log);
  return {
    application,
    hears: async () => await mobility.hears(owner, soon()),
    tell: async (told: MobilityTold, devices: readonly MobileDevice[]) =>
      await mobility.tell(owner, { status: told, devices, target: told === 'FAILED' ? null : target }, soon()),
  };
}

describe('an application is told of its mobility procedure (MEC 021, 7.4.2)', () => {
  it('where it subscribed, with the target and in the words of its subscription', async () => {
    const { application, tell } = await played({ mobilityStatus: ALL });
    expect(await tell('TRIGGERED', [device('10.9.9.1')])).toBe(1);
    expect(application.heard).toMatchObject([
      {
        method: 'POST',
        path: '/mobility',
        json: {
          notificationType: 'MobilityProcedureNotification',
          associateId: [{ type: 'UE_IPv4_ADDRESS', value: '10.9.9.1' }],
          mobilityStatus: 'INTERHOST_MOVEOUT_TRIGGERED',
          targetAppInfo: { appInstanceId: 't', commInterface: { ipAddresses: [target.endpoint] } },
          _links: { subscription: { href: '/amsi/v1/subscriptions/1' } },
        },
      },
    ]);
  });

  it('by numbers where it subscribed by numbers (V2.2.1)', async () => {
    const { application, tell, hears } = await played({ mobilityStatus: [1, 2, 3] });
    expect(await hears()).toEqual(['TRIGGERED', 'COMPLETED', 'FAILED']);
    await tell('FAILED', [device('10.9.9.1')]);
    expect(application.heard).toMatchObject([{ json: { mobilityStatus: 3 } }]);
  });

  it('of many devices in several messages', async () => {
    const { application, tell } = await played({ mobilityStatus: ALL });
    const devices = Array.from({ length: 450 }, (_, n) => device(`10.9.${Math.floor(n / 250)}.${n % 250}`));
    expect(await tell('TRIGGERED', devices)).toBe(1);
    const told = application.heard.map(({ json }) => (json as { associateId: object[] }).associateId.length);
    expect(told).toEqual([200, 200, 50]);
  });

  it.each<[string, Filter, object]>([
    ['of another instance', { appInstanceId: 'x', mobilityStatus: ALL }, {}],
    ['whose callback leads elsewhere', { mobilityStatus: ALL }, { elsewhere: true }],
    ['that wants TRIGGERED only, as by default', {}, {}],
    ['of other devices', { mobilityStatus: ALL, associateId: [{ type: 'UE_IPv4_ADDRESS', value: '10.1.1.1' }] }, {}],
  ])('not by a subscription %s', async (_, filter, how) => {
    const { application, tell } = await played(filter, how);
    expect(await tell('FAILED', [device('10.9.9.1')])).toBe(0);
    expect(application.heard).toEqual([]);
  });

  it.each([
    [503, 'PeerUnavailable'],
    [404, 'PeerRejected'],
  ])('and did not hear it where its callback answers %i', async (status, type) => {
    const { tell } = await played({ mobilityStatus: ALL }, { status });
    await expect(tell('FAILED', [device('10.9.9.1')])).rejects.toMatchObject({ type });
  });

  it('at each of its callbacks, whatever one of them answers: who is not told that it serves stays frozen', async () => {
    const { application, tell } = await played({ mobilityStatus: ALL }, { stale: true });
    const many = Array.from({ length: 201 }, (_, n) => device(`10.9.0.${n}`));
    await expect(tell('FAILED', many)).rejects.toMatchObject({ type: 'PeerRejected' });
    expect(application.heard.filter(({ path }) => path === '/mobility')).toHaveLength(2);
  });

  it('where it is looked for among a hundred of others, each of which is read once', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `${n}`);
    const service = await faultyServer(({ path }) => {
      const href = (id: string) => ({ href: `/amsi/v1/subscriptions/${id}` });
      if (path.endsWith('/subscriptions')) return { status: 200, json: { _links: { subscription: ids.map(href) } } };
      const id = Number(path.split('/').at(-1));
      const appInstanceId = id === 7 ? 's' : `other-${id}`;
      const callbackReference = `http://${owner.endpoint.host}:7000/mobility`;
      const filterCriteria = { appInstanceId, mobilityStatus: ALL };
      return {
        status: 200,
        json: { subscriptionType: 'MobilityProcedureSubscription', callbackReference, filterCriteria },
      };
    });
    servers.push(service);
    const owner = { instance: 's', endpoint: { host: '10.1.1.7', port: 7_000 } };
    const mobility = mec021Mobility(service.exchange, log);
    const reads = (): number => service.count(/^GET .*\/subscriptions\/\d+$/);
    expect(await mobility.hears(owner, soon())).toHaveLength(3);
    const first = reads();
    expect(await mobility.hears(owner, soon())).toHaveLength(3);
    expect([first % 100, reads() - first, first / 100]).toEqual([0, first / 100, first / 100]);
    ids.splice(0, 100, '8');
    expect(await mobility.hears({ ...owner, instance: 'other-8' }, soon())).toHaveLength(3);
  });

  it.skipIf(openapiAbsent)(`in the form that is published${whySkipped}`, async () => {
    const { application, tell } = await played({ mobilityStatus: ALL });
    for (const told of ['TRIGGERED', 'COMPLETED', 'FAILED'] as const) await tell(told, [device('10.9.9.1')]);
    const validate = published('etsi-mec-2.x/advantedge_mec021_ams.yaml', 'MobilityProcedureNotification');
    const complaints = application.heard.flatMap(({ json }) => {
      validate(json);
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    });
    expect(complaints).toEqual([]);
  });
});

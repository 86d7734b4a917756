import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, eventually } from '../support/asking.ts';
import { type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { descriptor } from '../support/small-application.ts';

const { net: NET } = await claimNetwork();

let system: MecSystem;
let id: string;
let address: string;
const [w1, w2] = [`http://127.${NET}.3.11:8080`, `http://127.${NET}.3.12:8080`];

beforeEach(async () => {
  system = await mecSystem({
    name: 'wifi',
    meo: `127.${NET}.3.1`,
    hosts: [
      { id: 'w1', address: `127.${NET}.3.11`, instances: `127.${NET}.31`, etag: 'version' },
      { id: 'w2', address: `127.${NET}.3.12`, instances: `127.${NET}.32`, etag: 'content' },
    ],
  });
});
afterEach(async () => await system.close());

interface DnsRule {
  readonly dnsRuleId: string;
  readonly domainName: string;
  readonly ipAddress: string;
  readonly state: string;
}
const dnsRule = (host = w1) => `${host}/mec_app_support/v1/applications/${id}/dns_rules/name`;
const read = async (url = dnsRule()) => {
  const { body, headers } = await ask<DnsRule>('GET', url);
  return { rule: body, etag: headers.get('etag') ?? '' };
};
const put = async (url: string, body: unknown, etag?: string) => {
  const headers = { 'content-type': 'application/json', connection: 'close', ...(etag && { 'if-match': etag }) };
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) });
  return { status: answer.status, etag: answer.headers.get('etag'), body: (await answer.json()) as DnsRule };
};
const begin = async (host: string) => {
  await system.onboard();
  ({ id, address } = await system.started(host));
};

describe('rules of a platform', () => {
  it('come from the descriptor with the address of the instance, INACTIVE, and vanish with it', async () => {
    await begin('w1');
    const rules = `${w1}/mec_app_support/v1/applications/${id}`;
    expect((await ask('GET', `${rules}/dns_rules`)).body).toEqual([
      expect.objectContaining({ dnsRuleId: 'name', ipAddress: address, ttl: 2, state: 'INACTIVE' }),
    ]);
    expect((await ask('GET', `${rules}/traffic_rules/users`)).body).toEqual({
      trafficRuleId: 'users',
      filterType: 'FLOW',
      priority: 5,
      trafficFilter: [{ srcAddress: [], dstAddress: [] }],
      action: 'FORWARD_DECAPSULATED',
      dstInterface: { interfaceType: 'IP', dstIpAddress: address },
      state: 'INACTIVE',
    });
    await system.reaches(await system.terminate(id), 'COMPLETED');
    expect((await ask('GET', `${rules}/dns_rules`)).status).toBe(404);
  });

  it('are swapped by their ETag: the loser of a race gets 412 and changes nothing', async () => {
    await begin('w1');
    const { rule, etag } = await read();
    const won = await put(dnsRule(), { ...rule, state: 'ACTIVE' }, etag);
    expect([won.status, won.body.state]).toEqual([200, 'ACTIVE']);
    expect((await put(dnsRule(), { ...rule, ipAddress: '127.9.9.9' }, etag)).status).toBe(412);
    expect(await read()).toEqual({ rule: { ...rule, state: 'ACTIVE' }, etag: won.etag });
    expect((await put(dnsRule(), rule, won.etag ?? '')).status).toBe(200);
  });

  it('have an ETag that never comes back, or one that comes back with the content', async () => {
    await system.onboard();
    for (const [host, url, comesBack] of [
      ['w1', w1, false],
      ['w2', w2, true],
    ] as const) {
      ({ id } = await system.started(host, host));
      const before = await read(dnsRule(url));
      await put(dnsRule(url), { ...before.rule, state: 'ACTIVE' });
      await put(dnsRule(url), before.rule);
      const after = await read(dnsRule(url));
      expect(after.rule).toEqual(before.rule);
      expect(after.etag === before.etag).toBe(comesBack);
    }
  });

  it('are refused with 400 when ids, names or shapes do not fit, with 404 when there is none', async () => {
    await begin('w1');
    const { rule } = await read();
    expect((await put(dnsRule(), { ...rule, dnsRuleId: 'other' })).status).toBe(400);
    expect((await put(dnsRule(), { ...rule, domainName: 'other.example' })).status).toBe(400);
    expect((await put(dnsRule(), { ...rule, ipAddress: 'somewhere' })).status).toBe(400);
    expect((await put(`${dnsRule()}s`, rule)).status).toBe(404);
  });

  it('are told to the access network before the answer: the ACTIVE ones that can match', async () => {
    await begin('w1');
    const traffic = (rule: string) => `${w1}/mec_app_support/v1/applications/${id}/traffic_rules/${rule}`;
    const activate = async (rule: string, trafficFilter: object[]) => {
      const { body } = await ask<object>('GET', traffic(rule));
      await put(traffic(rule), { ...body, trafficFilter, state: 'ACTIVE' });
      return system.told.at(-1);
    };
    const { rule } = await read();
    await put(dnsRule(), { ...rule, state: 'ACTIVE' });
    const dns = [{ name: descriptor.appDNSRule?.[0]?.['domainName'], address, ttl: 2 }];
    expect(system.told.at(-1)).toEqual({ dns, traffic: [] });
    expect(await activate('all', [{ dstAddress: [] }])).toEqual({ dns, traffic: [] });
    expect(await activate('users', [{ srcAddress: [], dstAddress: [`127.${NET}.41.1`] }])).toEqual({
      dns,
      traffic: [],
    });
    const told = { action: 'FORWARD_DECAPSULATED', leadsTo: address, destinations: [`127.${NET}.41.1`] };
    const all = { id: `platform-w1/${id}/all`, priority: 10, sources: [], ...told };
    const users = { id: `platform-w1/${id}/users`, priority: 5, sources: [`127.${NET}.100.1`], ...told };
    expect(await activate('all', [{ dstAddress: [`127.${NET}.41.1`] }])).toEqual({ dns, traffic: [all] });
    const filter = { srcAddress: [`127.${NET}.100.1`], dstAddress: [`127.${NET}.41.1`] };
    expect(await activate('users', [filter])).toEqual({ dns, traffic: [all, users] });

    await system.reaches(await system.terminate(id), 'COMPLETED');
    expect(system.told.at(-1)).toEqual({ dns: [], traffic: [] });
  });

  it('are not stored when a PUT has no effect', async () => {
    await begin('w1');
    const before = await read();
    const tellings = system.told.length;
    const fault = system.fault(
      'PUT /mec_app_support/v1/applications/*/dns_rules/*',
      { kind: 'noEffect', times: 1 },
      'platform-w1',
    );
    const answer = await put(dnsRule(), { ...before.rule, state: 'ACTIVE' }, before.etag);
    expect([answer.status, answer.body.state, fault.fired]).toEqual([200, 'ACTIVE', 1]);
    expect(await read()).toEqual(before);
    expect(system.told).toHaveLength(tellings);
  });

  it('are stored and readable, yet the network knows nothing, when they are not pushed', async () => {
    await begin('w1');
    const before = await read();
    system.fault(
      'PUT /mec_app_support/v1/applications/*/dns_rules/*',
      { kind: 'noEffect', pushed: false, times: 1 },
      'platform-w1',
    );
    await put(dnsRule(), { ...before.rule, state: 'ACTIVE' }, before.etag);
    expect((await read()).rule.state).toBe('ACTIVE');
    expect(system.told.at(-1)?.dns).toEqual([]);
    await put(dnsRule(), { ...before.rule, state: 'ACTIVE' });
    expect(system.told.at(-1)?.dns).toHaveLength(1);
  });

  it('are changed when the answer to a PUT was lost', async () => {
    await begin('w1');
    const { rule, etag } = await read();
    const operation = 'PUT /mec_app_support/v1/applications/*/dns_rules/*';
    system.fault(operation, { kind: 'answerLost', as: '504', times: 1 }, 'platform-w1');
    expect((await put(dnsRule(), { ...rule, state: 'ACTIVE' }, etag)).status).toBe(504);
    expect((await read()).rule.state).toBe('ACTIVE');
    expect(system.told.at(-1)?.dns).toHaveLength(1);
  });
});

describe('readiness and services of a platform', () => {
  it('takes confirm_ready of an instance that is there, and answers 404 for another', async () => {
    await begin('w1');
    const ready = (instance: string) => `${w1}/mec_app_support/v1/applications/${instance}/confirm_ready`;
    expect((await ask('POST', ready(id), { indication: 'READY' })).status).toBe(204);
    expect(system.state()).toContainEqual(['platform-w1', expect.objectContaining({ instances: { [id]: 'ready' } })]);
    expect((await ask('POST', ready('nobody'), { indication: 'READY' })).status).toBe(404);
    const services = `${w1}/mec_service_mgmt/v1/applications/nobody/services`;
    expect((await ask('GET', services)).status).toBe(404);
  });

  it('offers RNIS, which can become INACTIVE', async () => {
    const find = async (query: string) =>
      (await ask<{ state: string }[]>('GET', `${w1}/mec_service_mgmt/v1/services${query}`)).body;
    expect(await find('?ser_name=RNIS')).toMatchObject([{ serName: 'RNIS', serInstanceId: 'rnis', state: 'ACTIVE' }]);
    expect(await find('?ser_name=AMS')).toEqual([]);
    const [service] = await find('');
    await put(`${w1}/mec_service_mgmt/v1/applications/rnis/services/rnis`, { ...service, state: 'INACTIVE' });
    expect(await find('?ser_name=AMS&ser_name=RNIS')).toMatchObject([{ state: 'INACTIVE' }]);
  });

  it('offers services of instances, and forgets them with the instance', async () => {
    await begin('w1');
    const services = `${w1}/mec_service_mgmt/v1/applications/${id}/services`;
    const created = await ask('POST', services, { serName: 'mine', version: '1', state: 'ACTIVE', serializer: 'JSON' });
    expect(created.status).toBe(201);
    expect((await ask('GET', created.headers.get('location') ?? '')).body).toMatchObject({ serName: 'mine' });
    await system.reaches(await system.terminate(id), 'COMPLETED');
    expect((await ask('GET', created.headers.get('location') ?? '')).status).toBe(404);
  });
});

describe('subscriptions of a platform', () => {
  let listener: Server;
  let callback: string;
  const heard: { path: string; body: Record<string, unknown> }[] = [];

  beforeEach(async () => {
    heard.length = 0;
    listener = createServer((req, res) => {
      req.setEncoding('utf8').on('data', (chunk: string) => {
        heard.push({ path: req.url ?? '', body: JSON.parse(chunk) as Record<string, unknown> });
        res.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, `127.${NET}.3.98`, resolve));
    callback = `http://127.${NET}.3.98:${(listener.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    listener.close();
    listener.closeAllConnections();
  });

  const cells = `${w1}/rni/v2/subscriptions`;
  const subscribe = async (path: string, filterCriteriaAssocHo: object) => {
    const body = {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `${callback}${path}`,
      filterCriteriaAssocHo,
    };
    const { status, headers } = await ask('POST', cells, body);
    expect(status).toBe(201);
    return headers.get('location') ?? '';
  };
  const ecgi = (cellId: string) => ({ plmn: { mcc: '001', mnc: '01' }, cellId });
  const change = { device: `127.${NET}.100.1`, from: '00000a1', to: '00000a2' };

  it('give their defaults when they are read, href and type only when they are listed', async () => {
    const one = await subscribe('/one', { appInstanceId: 'app' });
    expect((await ask('GET', one)).body).toEqual({
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `${callback}/one`,
      filterCriteriaAssocHo: { appInstanceId: 'app', hoStatus: [3] },
      _links: { self: { href: one } },
    });
    expect((await ask('GET', `${cells}?subscription_type=cell_change`)).body).toEqual({
      _links: { self: { href: cells }, subscription: [{ href: one, subscriptionType: 'CellChangeSubscription' }] },
    });
    expect((await ask('GET', `${cells}?subscription_type=rab_est`)).status).toBe(400);
  });

  it('are changed and removed', async () => {
    const one = await subscribe('/one', {});
    const { body } = await ask<{ callbackReference: string }>('GET', one);
    expect((await put(one, { ...body, callbackReference: `${callback}/two` })).status).toBe(200);
    expect((await ask('GET', one)).body).toMatchObject({ callbackReference: `${callback}/two` });
    expect((await ask('DELETE', one)).status).toBe(204);
    expect((await ask('GET', one)).status).toBe(404);
  });

  it('really notify of a cell change, those whose filter asks for it', async () => {
    const one = await subscribe('/one', {});
    await subscribe('/other-device', { associateId: [{ type: 1, value: `127.${NET}.100.2` }] });
    await subscribe('/this-device', { associateId: [{ type: 1, value: `127.${NET}.100.1` }] });
    await subscribe('/this-cell', { ecgi: [ecgi('00000a2')] });
    await subscribe('/other-cell', { ecgi: [ecgi('00000b7')] });
    await subscribe('/other-status', { hoStatus: [1] });
    expect(system.platforms[0]?.radio.cellChanged(change)).toBe(3);
    await eventually(
      () => heard.map(({ path }) => path).toSorted(),
      (paths) => paths.length === 3,
    );
    expect(heard.map(({ path }) => path).toSorted()).toEqual(['/one', '/this-cell', '/this-device']);
    expect(heard.find(({ path }) => path === '/one')?.body).toMatchObject({
      notificationType: 'CellChangeNotification',
      associateId: [{ type: 1, value: `127.${NET}.100.1` }],
      srcEcgi: ecgi('00000a1'),
      trgEcgi: [ecgi('00000a2')],
      hoStatus: 3,
      _links: { subscription: { href: one } },
    });
  });

  it('end at their deadline, and with the instance that owns them', async () => {
    await begin('w1');
    const owned = await subscribe('/owned', { appInstanceId: id });
    const { body } = await ask<object>('GET', owned);
    const expired = await subscribe('/expired', {});
    await put(expired, { ...body, expiryDeadline: { seconds: 1_000, nanoSeconds: 0 } });
    expect((await ask('GET', expired)).status).toBe(404);
    await system.reaches(await system.terminate(id), 'COMPLETED');
    expect((await ask('GET', owned)).status).toBe(404);
  });

  it('tell of mobility what they were asked for, TRIGGERED by default', async () => {
    const amsi = `${w1}/amsi/v1/subscriptions`;
    const procedure = (path: string, filterCriteria: object) => ({
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: `${callback}${path}`,
      filterCriteria,
    });
    await ask('POST', amsi, procedure('/default', {}));
    await ask(
      'POST',
      amsi,
      procedure('/all', { mobilityStatus: ['INTERHOST_MOVEOUT_TRIGGERED', 'INTERHOST_MOVEOUT_COMPLETED'] }),
    );
    const mobility = system.platforms[0]?.mobility;
    const target = { appInstanceId: 'target', host: `127.${NET}.21.1`, port: 7000 };
    expect(mobility?.moved({ device: change.device, status: 'INTERHOST_MOVEOUT_TRIGGERED', target })).toBe(2);
    expect(mobility?.moved({ device: change.device, status: 'INTERHOST_MOVEOUT_COMPLETED' })).toBe(1);
    await eventually(
      () => heard.length,
      (count) => count === 3,
    );
    expect(heard.filter(({ path }) => path === '/default').map(({ body }) => body)).toEqual([
      expect.objectContaining({
        notificationType: 'MobilityProcedureNotification',
        mobilityStatus: 'INTERHOST_MOVEOUT_TRIGGERED',
        targetAppInfo: {
          appInstanceId: 'target',
          commInterface: { ipAddresses: [{ host: `127.${NET}.21.1`, port: 7000 }] },
        },
      }),
    ]);
  });
});

describe('mobility registrations of a platform', () => {
  const services = `${w1}/amsi/v1/app_mobility_services`;

  it('are found by their instance, replaced by PUT, and ended by deregister_task', async () => {
    const device = { associateId: { type: 'UE_IPv4_ADDRESS', value: `127.${NET}.100.1` } };
    const registration = { serviceConsumerId: { appInstanceId: 'app' }, deviceInformation: [device] };
    const one = (await ask('POST', services, registration)).headers.get('location') ?? '';
    await ask('POST', services, { serviceConsumerId: { appInstanceId: 'other' } });
    const filter = '?filter=(eq,serviceConsumerId/appInstanceId,app)';
    expect((await ask('GET', `${services}${filter}`)).body).toMatchObject([
      { ...registration, deviceInformation: [{ ...device, contextTransferState: 'NOT_TRANSFERRED' }] },
    ]);
    expect((await put(one, { ...registration, deviceInformation: [] }, '"v7"')).status).toBe(412);
    await put(one, { ...registration, deviceInformation: [] }, '"v1"');
    expect((await ask('GET', one)).body).toMatchObject({ deviceInformation: [] });
    expect((await ask('POST', `${one}/deregister_task`)).status).toBe(204);
    expect((await ask('GET', one)).status).toBe(404);
  });
});

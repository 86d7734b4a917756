import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mec011Capabilities } from '../../adapters/mec011/capabilities.ts';
import { missingServices } from '../../adapters/mec011/services.ts';
import { mec011Steering } from '../../adapters/mec011/steering.ts';
import type { DnsRule, TrafficRule, Versioned } from '../../domain/rule.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const rulesOf = '/mec_app_support/v1/applications/i1';

const dnsRule = {
  dnsRuleId: 'name',
  domainName: 'counter.edge.example',
  ipAddressType: 'IP_V4',
  ipAddress: '10.2.1.7',
  ttl: 5,
  state: 'INACTIVE',
  vendorSpecific: { kept: true },
};
const trafficRule = {
  trafficRuleId: 'all',
  filterType: 'FLOW',
  priority: 7,
  trafficFilter: [{ srcAddress: ['127.10.100.1'], dstAddress: ['10.4.1.1'], dSCP: 4 }],
  action: 'FORWARD_DECAPSULATED',
  dstInterface: { interfaceType: 'IP', dstIpAddress: '10.2.1.7', srcMacAddress: '00:00:5e:00:53:01' },
  state: 'ACTIVE',
};

let peer: FaultyServer;
/** By path; the ETag is the number of times that it was written. */
let rules: Map<string, { body: Record<string, unknown>; version: number }>;
let etags: boolean;
let noEffect: boolean;
let before: (heard: Heard) => Reply | undefined;

beforeEach(async () => {
  rules = new Map([
    [`${rulesOf}/dns_rules/name`, { body: dnsRule, version: 1 }],
    [`${rulesOf}/traffic_rules/all`, { body: trafficRule, version: 1 }],
  ]);
  etags = true;
  noEffect = false;
  before = () => undefined;
  peer = await faultyServer((heard) => before(heard) ?? serve(heard));
});
afterEach(async () => await peer.close());

function serve({ method, path, headers, json }: Heard): Reply {
  const listed = [...rules].filter(([at]) => at.startsWith(`${path}/`));
  if (/\/(dns|traffic)_rules$/.test(path))
    return path.startsWith(rulesOf)
      ? { status: 200, json: listed.map(([, { body }]) => body) }
      : { status: 404, json: { detail: 'no such application instance' } };
  const rule = rules.get(path);
  if (rule === undefined) return { status: 404, json: { detail: 'no such rule' } };
  if (method === 'PUT') {
    if (headers['if-match'] !== undefined && headers['if-match'] !== `"${rule.version}"`)
      return { status: 412, json: { detail: 'changed meanwhile' } };
    if (!noEffect) rules.set(path, { body: json, version: rule.version + 1 });
  }
  const now = rules.get(path) ?? rule;
  return { status: 200, json: now.body, headers: etags ? { etag: `"${now.version}"` } : {} };
}

const steering = () => mec011Steering(peer.exchange);
async function read() {
  const [dns, traffic] = await steering().read('i1', soon());
  return { dns: dns as Versioned<DnsRule>, traffic: traffic as Versioned<TrafficRule> };
}

describe('reading the rules of an instance', () => {
  it('gives each with its own ETag, in our words', async () => {
    expect(await steering().read('i1', soon())).toEqual([
      {
        rule: { kind: 'dns', id: 'name', name: 'counter.edge.example', address: '10.2.1.7', ttl: 5, active: false },
        version: '"1"',
      },
      {
        rule: {
          kind: 'traffic',
          id: 'all',
          sources: ['127.10.100.1'],
          destinations: ['10.4.1.1'],
          leadsTo: '10.2.1.7',
          active: true,
        },
        version: '"1"',
      },
    ]);
  });

  it('takes a destination in an array, and leaves out rules that do not lead anywhere', async () => {
    rules.set(`${rulesOf}/traffic_rules/all`, {
      body: { ...trafficRule, dstInterface: [trafficRule.dstInterface] },
      version: 1,
    });
    rules.set(`${rulesOf}/traffic_rules/drop`, {
      body: { ...trafficRule, trafficRuleId: 'drop', action: 'DROP' },
      version: 1,
    });
    const told = await steering().read('i1', soon());
    expect(told.map(({ rule }) => rule.id)).toEqual(['name', 'all']);
    expect(told[1]?.rule).toMatchObject({ leadsTo: '10.2.1.7' });
  });

  it('gives none for an instance that is gone, nor where the platform has no rules', async () => {
    expect(await steering().read('i2', soon())).toEqual([]);
    before = () => ({ status: 501 });
    expect(await steering().read('i1', soon())).toEqual([]);
  });
});

describe('writing a rule', () => {
  it('swaps what was read, and keeps every member that is not ours', async () => {
    const { dns, traffic } = await read();
    const toTarget = { ...traffic.rule, sources: [], destinations: ['10.4.1.1', '10.3.1.1'], leadsTo: '10.3.9.9' };
    expect(await steering().write('i1', { ...dns.rule, address: '10.3.9.9', active: true }, dns, soon())).toBe(
      'written',
    );
    expect(await steering().write('i1', toTarget, traffic, soon())).toBe('written');
    expect([...rules.values()].map(({ body }) => body)).toEqual([
      { ...dnsRule, ipAddress: '10.3.9.9', state: 'ACTIVE' },
      {
        ...trafficRule,
        trafficFilter: [{ dstAddress: ['10.4.1.1', '10.3.1.1'], dSCP: 4 }],
        dstInterface: { ...trafficRule.dstInterface, dstIpAddress: '10.3.9.9' },
      },
    ]);
    expect(peer.heard.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['if-match'])).toEqual([
      '"1"',
      '"1"',
    ]);
  });

  it('is lost when somebody else wrote since, before or during the swap', async () => {
    const { dns } = await read();
    const to = { ...dns.rule, active: true };
    const other = (): void => void rules.set(`${rulesOf}/dns_rules/name`, { body: { ...dnsRule, ttl: 9 }, version: 2 });
    before = ({ method }) => {
      if (method === 'PUT') other();
      return undefined;
    };
    expect(await steering().write('i1', to, dns, soon())).toBe('lost');
    expect(peer.count(/^PUT/)).toBe(1);
    expect(await steering().write('i1', to, dns, soon())).toBe('lost');
    expect(peer.count(/^PUT/)).toBe(1);
    expect(rules.get(`${rulesOf}/dns_rules/name`)?.body).toMatchObject({ state: 'INACTIVE', ttl: 9 });
  });

  it('is lost when the value came back but the rule was written in between, and then is not even tried', async () => {
    const { dns } = await read();
    rules.set(`${rulesOf}/dns_rules/name`, { body: dnsRule, version: 3 });
    expect(await steering().write('i1', { ...dns.rule, active: true }, dns, soon())).toBe('lost');
    expect(peer.count(/^PUT/)).toBe(0);
  });

  it('is lost when the rule is gone', async () => {
    const { dns } = await read();
    rules.clear();
    expect(await steering().write('i1', { ...dns.rule, active: true }, dns, soon())).toBe('lost');
  });

  it('compares the content where the platform has no ETags', async () => {
    etags = false;
    const { dns } = await read();
    expect(dns.version).toBeNull();
    rules.set(`${rulesOf}/dns_rules/name`, { body: { ...dnsRule, ttl: 9 }, version: 1 });
    expect(await steering().write('i1', { ...dns.rule, active: true }, dns, soon())).toBe('lost');
    const again = await read();
    expect(await steering().write('i1', { ...again.dns.rule, active: true }, again.dns, soon())).toBe('written');
    expect(peer.heard.at(-1)?.headers).not.toHaveProperty('if-match');
  });

  it('does not take a success for granted that answers another rule', async () => {
    noEffect = true;
    const { dns } = await read();
    await expect(steering().write('i1', { ...dns.rule, active: true }, dns, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
    });
  });

  it.each(['reset', 'silence', 504] as const)(
    'can be told by reading again when its answer was lost (%s)',
    async (as) => {
      const { dns } = await read();
      const to = { ...dns.rule, active: true };
      peer.loseAnswer(/^PUT/, as);
      await expect(steering().write('i1', to, dns, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
      expect((await read()).dns.rule).toEqual(to);
      expect(await steering().write('i1', to, dns, soon())).toBe('lost');
    },
  );
});

describe('services', () => {
  beforeEach(() => {
    before = ({ path, query }) =>
      path === '/mec_service_mgmt/v1/services'
        ? {
            status: 200,
            json: [
              { serName: 'RNIS', state: 'INACTIVE' },
              { serName: 'RNIS', state: 'ACTIVE' },
              { serName: 'AMS', state: 'SUSPENDED' },
            ].filter(({ serName }) => query.getAll('ser_name').includes(serName)),
          }
        : undefined;
  });

  it('are missing unless an instance of theirs is ACTIVE', async () => {
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS', 'LOC'], soon())).toEqual(['AMS', 'LOC']);
  });

  it('are those of this very platform: one of another that may be consumed from here does not count', async () => {
    before = () => ({
      status: 200,
      json: [
        { serName: 'RNIS', state: 'ACTIVE', isLocal: false },
        { serName: 'AMS', state: 'ACTIVE', isLocal: true },
        { serName: 'LOC', state: 'ACTIVE' },
      ],
    });
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS', 'LOC'], soon())).toEqual(['RNIS']);
  });

  it.each([400, 403, 414])('are asked for without a query where the platform refuses it (%i)', async (status) => {
    before = ({ query }) =>
      query.size > 0 ? { status } : { status: 200, json: [{ serName: 'RNIS', state: 'ACTIVE' }, { odd: true }, null] };
    expect(await missingServices(peer.exchange, ['RNIS', 'AMS'], soon())).toEqual(['AMS']);
  });

  it.each([
    ['null', { status: 200, json: null }],
    ['nothing', { status: 204 }],
    ['that there is no such list', { status: 501 }],
    ['that it knows no such path', { status: 404 }],
  ])('are all missing where the platform answers %s', async (_, reply) => {
    before = () => reply;
    expect(await missingServices(peer.exchange, ['RNIS'], soon())).toEqual(['RNIS']);
  });

  it('are not asked for when none is required', async () => {
    expect(await missingServices(peer.exchange, [], soon())).toEqual([]);
    expect(peer.heard).toEqual([]);
  });
});

describe('the capabilities of a platform', () => {
  const told = async () => {
    const capabilities = await mec011Capabilities(peer.exchange, soon());
    return capabilities.map(({ available }) => available);
  };

  it('include rules where it only does not know the instance', async () => {
    before = ({ path }) => (path.endsWith('/services') ? { status: 200, json: [] } : undefined);
    expect(await told()).toEqual([true, true, true]);
  });

  it.each([403, 404, 409])('include rules where it tells in a problem document why not (%i)', async (status) => {
    before = ({ path }) =>
      path.endsWith('/services') ? { status: 200, json: [] } : { status, json: { detail: 'not instantiated' } };
    expect(await told()).toEqual([true, true, true]);
  });

  it('do not include rules where it answers 501, or knows no such path', async () => {
    before = ({ path }) => (path.includes('dns_rules') ? { status: 501 } : { status: 404, text: 'Cannot GET' });
    expect(await told()).toEqual([false, false, false]);
  });

  it('are not known while it does not answer', async () => {
    before = () => ({ status: 503 });
    await expect(told()).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });
});

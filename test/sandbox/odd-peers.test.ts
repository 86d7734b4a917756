import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../sandbox/packages.ts';
import { ask } from '../support/asking.ts';
import { type AppInstance, type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { smallApplication } from '../support/small-application.ts';

/** Quirks that only the peers themselves can act out, and entries of others. */

const NET = `127.${(await claimNetwork()).net}`;
let system: MecSystem;
const platform = `http://${NET}.2.11:8080`;
const MEO = 'meo-cellular';
const PLATFORM = 'platform-a1';

beforeEach(async () => {
  system = await mecSystem({
    name: 'cellular',
    meo: `${NET}.2.1`,
    hosts: [{ id: 'a1', address: `${NET}.2.11`, instances: `${NET}.21`, etag: 'version' }],
  });
});
afterEach(async () => await system.close());

interface Links {
  readonly _links: { readonly subscription: readonly { readonly href: string }[] };
}
/** What a service's list of subscriptions links to. */
const linked = async (service: string): Promise<readonly { href: unknown }[]> => {
  const { _links: links } = (await ask<Links>('GET', `${platform}/${service}/subscriptions`)).body;
  return links.subscription;
};
const started = async (): Promise<string> => {
  await system.onboard();
  return (await system.started('a1')).id;
};
const rulesOf = async <R>(id: string, kind: 'dns' | 'traffic') =>
  await ask<R[]>('GET', `${platform}/mec_app_support/v1/applications/${id}/${kind}_rules`);

describe('an odd platform', () => {
  it('notReadyYet: refuses with 403 until the instance is ready, and twice more', async () => {
    const id = await started();
    system.quirk('notReadyYet', PLATFORM);
    const look = async () => (await rulesOf(id, 'dns')).status;
    const statuses = [await look(), await look(), await look()];
    await ask('POST', `${platform}/mec_app_support/v1/applications/${id}/confirm_ready`, { indication: 'READY' });
    expect([...statuses, await look()]).toEqual([403, 403, 403, 200]);
  });

  it('notReadyYet: refuses twice though it is ready', async () => {
    const id = await started();
    await ask('POST', `${platform}/mec_app_support/v1/applications/${id}/confirm_ready`, { indication: 'READY' });
    system.quirk('notReadyYet', PLATFORM);
    const look = async () => (await rulesOf(id, 'dns')).status;
    expect([await look(), await look(), await look()]).toEqual([403, 403, 200]);
  });

  it('otherRules: an instance has rules that are none of its name and address, and that can be changed', async () => {
    const id = await started();
    expect((await rulesOf(id, 'dns')).body).toHaveLength(1);
    system.quirk('otherRules', PLATFORM);
    const { body: dns } = await rulesOf<{ domainName: string; ipAddressType: string }>(id, 'dns');
    expect(dns.map(({ domainName, ipAddressType }) => `${domainName} ${ipAddressType}`)).toEqual([
      'counter.edge.example IP_V4',
      'metrics.edge.example IP_V4',
      'counter.edge.example IP_V6',
    ]);
    const { body: traffic } = await rulesOf<{ trafficRuleId: string; action: string; dstInterface?: object }>(
      id,
      'traffic',
    );
    expect(traffic.slice(2).map(({ action, dstInterface }) => [action, dstInterface !== undefined])).toEqual([
      ['DROP', false],
      ['PASSTHROUGH', true],
    ]);
    const firewall = `${platform}/mec_app_support/v1/applications/${id}/traffic_rules/firewall`;
    expect((await ask('PUT', firewall, { ...traffic[2], priority: 1 })).status).toBe(200);
    system.quirks.remove();
    expect((await ask('GET', firewall)).body).toMatchObject({ priority: 1 });
  });

  it('capitalNames: takes its own spelling back, and the network is told the name as it is asked for', async () => {
    const id = await started();
    system.quirk('capitalNames', PLATFORM);
    const [rule] = (await rulesOf<{ domainName: string }>(id, 'dns')).body;
    expect(rule?.domainName).toBe('Counter.Edge.Example.');
    const url = `${platform}/mec_app_support/v1/applications/${id}/dns_rules/name`;
    expect((await ask('PUT', url, { ...rule, state: 'ACTIVE' })).status).toBe(200);
    expect(system.told.at(-1)?.dns).toMatchObject([{ name: 'counter.edge.example' }]);
    expect((await ask('PUT', url, { ...rule, domainName: 'Other.Example.' })).status).toBe(400);
  });

  it('farCallbacks: who is subscribed is told at other hosts, ports and by https too', async () => {
    const subscriptions = `${platform}/rni/v2/subscriptions`;
    await ask('POST', subscriptions, {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: 'http://127.39.21.9:7000/cells',
      filterCriteriaAssocHo: { appInstanceId: 'app' },
    });
    system.quirk('farCallbacks', PLATFORM);
    const all = await Promise.all(
      (await linked('rni/v2')).map(
        async ({ href }) =>
          (await ask<{ callbackReference: string; filterCriteriaAssocHo: object }>('GET', String(href))).body,
      ),
    );
    expect(all.every(({ filterCriteriaAssocHo }) => 'appInstanceId' in filterCriteriaAssocHo)).toBe(true);
    expect(all.map(({ callbackReference }) => new URL(callbackReference).origin)).toEqual([
      'http://127.39.21.9:7000',
      'http://127.39.21.9:7001',
      'http://events.edge.example:7000',
      'https://events.edge.example:9443',
    ]);
  });
});

describe('an odd MEO', () => {
  it('sha512: tells the checksum that it computed itself', async () => {
    const url = await system.onboard();
    system.quirk('sha512', MEO);
    const hash = digestOf({ algorithm: 'SHA-512' }, smallApplication());
    expect((await ask('GET', url)).body).toMatchObject({ checksum: { algorithm: 'SHA-512', hash } });
  });

  it('noEndpoints: does not tell where an instance is', async () => {
    const id = await started();
    system.quirk('noEndpoints', MEO);
    expect(await system.instance(id)).not.toHaveProperty('communicationInterface');
    expect((await ask<object[]>('GET', `${system.lcm}/app_instances`)).body[0]).not.toHaveProperty(
      'communicationInterface',
    );
  });

  it('takes packages with SHA-512', async () => {
    const { body } = await ask<{ id: string }>('POST', `${system.meo}/app_pkgm/v1/app_packages`, {
      appPkgName: 'counter',
      appPkgVersion: '1.0.0',
      checksum: { algorithm: 'SHA-512', hash: digestOf({ algorithm: 'SHA-512' }, smallApplication()) },
      appPkgPath: 'http://repository.example/counter.zip',
    });
    const url = await system.onboarded(`${system.meo}/app_pkgm/v1/app_packages/${body.id}`);
    expect((await ask('GET', url)).body).toMatchObject({ checksum: { algorithm: 'SHA-512' } });
  });
});

describe('entries of others', () => {
  const plant = (counts: object, peer = MEO) => system.quirks.foreign.plant({ peer, ...counts });
  const listed = async (path: string) => (await ask<{ id: string }[]>('GET', `${system.meo}${path}`)).body;

  it('are planted by the thousand, listed, found by filter, and read one by one', async () => {
    plant({ instances: 1_000, operations: 5_000, packages: 100 });
    await started();
    expect(await listed('/app_lcm/v1/app_instances')).toHaveLength(1_001);
    expect(await listed('/app_lcm/v1/app_lcm_op_occs')).toHaveLength(5_001);
    expect(await listed('/app_pkgm/v1/app_packages')).toHaveLength(101);
    expect(await listed('/app_lcm/v1/app_instances?filter=(eq,appInstanceName,one)')).toHaveLength(1);
    const [first] = await listed('/app_lcm/v1/app_instances?all_fields');
    const read = await ask<AppInstance>('GET', `${system.lcm}/app_instances/${first?.id}`);
    expect([read.status, read.body]).toEqual([200, first]);
    plant({ operations: 0 });
    expect(await listed('/app_lcm/v1/app_lcm_op_occs')).toHaveLength(1);
  });

  it('cannot be changed by whoever asks', async () => {
    plant({ instances: 1 });
    const one = `${system.lcm}/app_instances/foreign-instances-1`;
    expect((await ask('DELETE', one)).status).toBe(403);
    expect((await ask('POST', `${one}/terminate`, { terminationType: 'FORCEFUL' })).status).toBe(403);
    expect((await ask('DELETE', `${system.lcm}/app_instances/foreign-instances-2`)).status).toBe(404);
  });

  it('are links where lists give links, at each service of a platform', async () => {
    plant({ subscriptions: 40 }, PLATFORM);
    for (const service of ['rni/v2', 'amsi/v1']) {
      const links = await linked(service);
      expect(links).toHaveLength(40);
      expect((await ask('GET', String(links[39]?.href))).body).toMatchObject({
        callbackReference: expect.stringContaining('other-40') as string,
      });
    }
  });

  it('are refused where there is no such list', () => {
    expect(() => plant({ orders: 1 })).toThrow('meo-cellular has no lists of orders');
    expect(() => plant({ instances: 1 }, 'vantage-wifi')).toThrow('no lists of instances');
  });

  it('foreignEntries: of every kind, in forms that nobody expects', async () => {
    system.quirk('foreignEntries', MEO);
    system.quirk('foreignEntries', PLATFORM);
    const operations = JSON.stringify(await listed('/app_lcm/v1/app_lcm_op_occs'));
    for (const odd of ['ROLLED_BACK', 'SCALE', 'null']) expect(operations).toContain(odd);
    expect(await listed('/app_pkgm/v1/app_packages?all_fields')).toContainEqual(
      expect.objectContaining({ onboardingState: 'ERROR' }),
    );
    expect(await listed('/app_lcm/v1/app_instances')).toContainEqual(
      expect.objectContaining({ instantiationState: 'SCALING' }),
    );
    const links = await linked('rni/v2');
    const own = links.filter(({ href }) => String(href).startsWith(platform));
    const statuses = await Promise.all(own.map(async ({ href }) => (await ask('GET', String(href))).status));
    expect(statuses).toEqual([403, 200, 200]);
    expect(own.length).toBeLessThan(links.length);
    expect((await ask<object[]>('GET', `${platform}/mec_service_mgmt/v1/services`)).body).toHaveLength(3);
  });
});

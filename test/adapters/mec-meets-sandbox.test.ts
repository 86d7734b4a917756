import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Application, Instance, Lead } from '../../activities/ports.ts';
import { Exchange } from '../../adapters/http.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../../adapters/mec010-2/packages.ts';
import { mec011Capabilities } from '../../adapters/mec011/capabilities.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { probed } from '../../adapters/survey.ts';
import { radioCapabilities } from '../../adapters/mec-services/capabilities.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import { mec021Capabilities } from '../../adapters/mec021/capabilities.ts';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import { sealWith } from '../../configuration/seal.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { sha256 } from '../../sandbox/packages.ts';
import { ask } from '../support/asking.ts';
import { counter } from '../support/counter.ts';
import { type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { descriptor, smallApplication } from '../support/small-application.ts';
import { quickWait } from '../support/wait.ts';

/** The sandbox shares no code with the adapters: here two readings of the same pages meet. */
const NET = `127.${(await claimNetwork()).net}`;
const hosts = {
  a1: { address: `${NET}.2.11`, etag: 'version' },
  a2: { address: `${NET}.2.12`, etag: 'content' },
} as const;
const folder = mkdtempSync(join(tmpdir(), 'ferry-'));
const path = join(folder, 'small.zip');
const application: Application = {
  ...counter,
  appDId: descriptor.appDId,
  softVersion: descriptor.appSoftVersion,
  descriptorVersion: descriptor.appDVersion,
  checksum: sha256(smallApplication()),
  archive: { path, uri: 'http://repository.example/small.zip' },
};
const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const wait = () => quickWait(20_000);

let system: MecSystem;
let n = 0;
/** Each test has its own step. */
const key = (): string => `fkey${n}`;

beforeAll(async () => {
  writeFileSync(path, smallApplication());
  const host = (id: 'a1' | 'a2', net: number) => ({ id, ...hosts[id], instances: `${NET}.${net}` });
  system = await mecSystem({ name: 'cellular', meo: `${NET}.2.1`, hosts: [host('a1', 21), host('a2', 22)] });
});
afterEach(async () => {
  system.faults.clear();
  for (const { id } of [...(await at('a1').list(application, soon())), ...(await at('a2').list(application, soon()))])
    await at('a1').remove(id, 'fcleanup', wait());
  n += 1;
});
afterAll(async () => {
  await system.close();
  rmSync(folder, { recursive: true });
});

const exchange = (name: string, url: string): Exchange =>
  new Exchange({ name, url, timeoutMs: 700 }, pino({ enabled: false }));
const meo = () => exchange('meo-cellular', system.meo);
const platform = (host: 'a1' | 'a2') => exchange(`platform-${host}`, `http://${hosts[host].address}:8080`);
const packages = () => mec010Packages(meo(), { collection: 'app_packages', content: 'put' });
const at = (host: 'a1' | 'a2') =>
  mec010Instances(meo(), { host, addresses: `${NET}.${host === 'a1' ? 21 : 22}.0/24`, country: 'DE' });
const started = async (host: 'a1' | 'a2'): Promise<Instance> => await at(host).instantiate(application, key(), wait());
const effects = (method: string, last: string): number =>
  system.journal.since(0).filter((call) => call.method === method && call.path.endsWith(last)).length;

/** Like a Temporal activity: again, while the failure says that it may help. */
async function insisting<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (attempt === 4 || (error as { nonRetryable?: boolean }).nonRetryable !== false) throw error;
    }
  }
}

describe('a MEO of the sandbox', () => {
  it('takes a package once, though answers are lost, and has it usable', async () => {
    system.fault('POST /app_pkgm/v1/app_packages', { kind: 'answerLost', as: 'reset', times: 1 });
    system.fault('PUT /app_pkgm/v1/app_packages/*/package_content', { kind: 'answerLost', as: '504', times: 1 });
    expect(await packages().find(application, soon())).toBe('absent');
    await insisting(async () => await packages().distribute(application, key(), wait()));
    expect(await packages().find(application, soon())).toBe('usable');
    expect(await packages().find({ ...application, checksum: 'ab'.repeat(32) }, soon())).toBe('mismatch');
    expect(effects('POST', '/app_packages')).toBe(1);
  });

  it('has one package under a key, in whichever collection it is asked, though it never fetches the bytes', async () => {
    const fetched = mec010Packages(meo(), { collection: 'onboarded_app_packages', content: 'fetch' });
    const raised = { ...application, softVersion: '2.0' };
    for (const limitMs of [500, 500, 500])
      await expect(fetched.distribute(raised, key(), quickWait(limitMs))).rejects.toMatchObject({
        name: expect.stringMatching(/Abort|Timeout/),
      });
    const { body } = await ask<{ userDefinedData?: { ferryKey?: string } }[]>(
      'GET',
      `${system.meo}/app_pkgm/v1/app_packages`,
    );
    expect(body.filter(({ userDefinedData }) => userDefinedData?.ferryKey === key())).toHaveLength(1);
  });

  it('starts an instance on the host that was chosen', async () => {
    const instance = await started('a2');
    expect(instance).toMatchObject({
      name: key(),
      state: 'started',
      endpoint: { host: expect.stringMatching(new RegExp(`^${NET}\\.22\\.`)) },
    });
    expect(await at('a2').list(application, soon())).toEqual([instance]);
    expect(await at('a1').list(application, soon())).toEqual([]);
  });

  it('stops, starts and removes it', async () => {
    const { id } = await started('a1');
    await at('a1').stop(id, key(), wait());
    expect(await at('a1').list(application, soon())).toMatchObject([{ id, state: 'stopped' }]);
    expect(await at('a1').start(id, key(), wait())).toMatchObject({ id, state: 'started' });
    await at('a1').remove(id, key(), wait());
    expect(await at('a1').list(application, soon())).toEqual([]);
  });

  it.each([
    ['POST /app_lcm/v1/app_instances', 'reset'],
    ['POST /app_lcm/v1/app_instances', 'silence'],
    ['POST /app_lcm/v1/app_instances/*/instantiate', '504'],
    ['POST /app_lcm/v1/app_instances/*/instantiate', 'silence'],
  ] as const)('has one instance though the answer to %s is lost (%s)', async (operation, as) => {
    system.fault(operation, { kind: 'answerLost', as, times: 1 });
    const instance = await insisting(async () => await started('a1'));
    expect(await at('a1').list(application, soon())).toEqual([instance]);
  });

  it.each([
    ['POST /app_lcm/v1/app_instances/*/terminate', 'reset'],
    ['DELETE /app_lcm/v1/app_instances/*', '504'],
    ['DELETE /app_lcm/v1/app_instances/*', 'silence'],
  ] as const)('has none left though the answer to %s is lost (%s)', async (operation, as) => {
    const { id } = await started('a1');
    system.fault(operation, { kind: 'answerLost', as, times: 1 });
    await insisting(async () => await at('a1').remove(id, key(), wait()));
    expect(await at('a1').list(application, soon())).toEqual([]);
  });

  it('cures what a retry cures', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'failedTemp', recovers: true, times: 1 });
    expect(await started('a1')).toMatchObject({ state: 'started' });
  });

  it('has an operation closed that a retry does not cure, so that the instance can go', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'failedTemp', recovers: false, times: 1 });
    await expect(started('a1')).rejects.toMatchObject({ type: 'LcmOperationFailed' });
    expect(await at('a1').list(application, soon())).toMatchObject([{ name: key(), state: 'notInstantiated' }]);
    await at('a1').remove(key(), key(), wait());
    expect(await at('a1').list(application, soon())).toEqual([]);
  });

  it('refuses what its host has no room for', async () => {
    await started('a1');
    n += 1;
    await expect(started('a1')).rejects.toMatchObject({ type: 'TargetRefused' });
  });

  it('gives up, on removal, what would never finish', async () => {
    system.fault('POST /app_lcm/v1/app_instances/*/instantiate', { kind: 'neverFinishes', times: 1 });
    await expect(at('a1').instantiate(application, key(), quickWait(500))).rejects.toBeDefined();
    await at('a1').remove(key(), key(), wait());
    expect(await at('a1').list(application, soon())).toEqual([]);
  });
});

describe.each(['a1', 'a2'] as const)('platform %s of the sandbox', (host) => {
  const pathOf = () => mec011Path(platform(host), sealWith('a secret of at least thirty-two characters'));
  const leadTo = async ({ id, endpoint }: Instance): Promise<Lead> => ({
    name: String(descriptor.appDNSRule?.[0]?.['domainName']),
    aliases: [],
    ruleIds: [],
    device: null,
    from: { instance: 'elsewhere', endpoint: { host: `${NET}.41.1`, port: 7000 } },
    to: { instance: id, endpoint: endpoint ?? { host: '', port: 0 } },
    former: [`${NET}.41.1`],
    sameNetwork: false,
  });

  it('lets the path be turned to an instance, and back to what it was', async () => {
    const instance = await started(host);
    const rules = pathOf();
    expect(await rules.holds(instance, soon())).toBe(false);
    const turn = await rules.plan('here', await leadTo(instance), null, soon());
    expect(await rules.turn(turn, wait())).toBe(2);
    expect(await rules.holds(instance, soon())).toBe(true);
    expect(await rules.turn(turn, wait())).toBe(0);
    expect(await rules.turnBack(turn, wait())).toBe(2);
    expect(await rules.holds(instance, soon())).toBe(false);
    expect(await rules.turnBack(turn, wait())).toBe(0);
  });

  it('tells a turn that got through from one that did not, by reading again', async () => {
    const instance = await started(host);
    const rules = pathOf();
    const turn = await rules.plan('here', await leadTo(instance), null, soon());
    const fault = { kind: 'answerLost', as: 'reset', times: 1 } as const;
    system.fault('PUT /mec_app_support/v1/applications/*/dns_rules/*', fault, `platform-${host}`);
    await expect(rules.turn(turn, wait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await rules.turn(turn, wait());
    expect(await rules.turnBack(turn, wait())).toBe(2);
  });

  it('carries a subscription over once, though an answer is lost', async () => {
    const { id, endpoint } = await started(host);
    const owner = { instance: id, endpoint: endpoint ?? { host: '', port: 0 } };
    const subscriptions = mecSubscriptions(platform(host));
    const filterCriteriaAssocHo = { associateId: [{ type: 1, value: `${NET}.100.1` }], hoStatus: [3] };
    const wanted: Subscription = {
      service: 'rni',
      type: 'CellChangeSubscription',
      filter: { filterCriteriaAssocHo },
      body: { filterCriteriaAssocHo: { ...filterCriteriaAssocHo, appInstanceId: 'other' } },
      named: true,
      callback: 'http://127.0.0.9:7000/events/cell',
      expiry: null,
    };
    const from = { instance: 'other', endpoint: { host: '127.0.0.9', port: 7000 } };
    system.fault('POST /rni/v2/subscriptions', { kind: 'answerLost', as: '504', times: 1 }, `platform-${host}`);
    const { held, made } = await subscriptions.create(owner, wanted, from, soon());
    expect(made).toBe(true);
    expect(held).toMatchObject({
      filter: wanted.filter,
      callback: `http://${owner.endpoint.host}:7000/events/cell`,
    });
    expect((await subscriptions.list(owner, soon())).held).toEqual([held]);
    await subscriptions.remove(held.id, soon());
    await subscriptions.remove(held.id, soon());
    expect(await subscriptions.list(owner, soon())).toMatchObject({ held: [], notCarried: [] });
  });

  it('carries over what an instance subscribed to at two services, and nothing of its neighbour', async () => {
    const { id, endpoint } = await started(host);
    const from = { instance: 'elsewhere', endpoint: { host: '127.0.0.9', port: 7000 } };
    const to = { instance: id, endpoint: endpoint ?? { host: '', port: 0 } };
    const base = `http://${hosts[host].address}:8080`;
    const subscribe = async (service: string, body: object) =>
      expect((await ask('POST', `${base}${service}/subscriptions`, body)).status).toBe(201);
    const moved = (appInstanceId: string) => ({
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference: 'http://127.0.0.9:7001/mobility',
      filterCriteria: { appInstanceId },
    });
    await subscribe('/amsi/v1', moved('elsewhere'));
    await subscribe('/amsi/v1', moved('neighbour'));
    await subscribe('/rni/v2', {
      subscriptionType: 'CellChangeSubscription',
      callbackReference: 'http://events.example:7000/cell',
      filterCriteriaAssocHo: { appInstanceId: 'elsewhere' },
    });

    const subscriptions = mecSubscriptions(platform(host));
    const { held, notCarried } = await subscriptions.list(from, soon());
    expect(notCarried).toEqual([]);
    expect(await subscriptions.lacking(held, soon())).toEqual([]);
    for (const each of held)
      await expect(subscriptions.create(to, each, from, soon())).resolves.toMatchObject({ made: true });
    expect((await subscriptions.list(to, soon())).held.map(({ service, callback }) => [service, callback])).toEqual([
      ['rni', 'http://events.example:7000/cell'],
      ['amsi', `http://${to.endpoint.host}:7001/mobility`],
    ]);
    for (const each of [...held, ...(await subscriptions.list(to, soon())).held])
      await subscriptions.remove(each.id, soon());
  });

  it('has every capability, and says that no registration forbids to move', async () => {
    const probes = [...mec011Capabilities, ...radioCapabilities, ...mec021Capabilities];
    for (const capability of await probed(platform(host), probes, soon()))
      expect(capability).toMatchObject({ available: true });
    expect(await mec021Mobility(platform(host), pino({ level: 'silent' })).level('unknown', null, soon())).toBe('free');
    expect(await mecSubscriptions(platform(host)).missing(['no such service'], soon())).toEqual(['no such service']);
  });
});

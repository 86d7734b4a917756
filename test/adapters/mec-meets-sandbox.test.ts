import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Application, Instance } from '../../activities/ports.ts';
import { Exchange } from '../../adapters/http.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../../adapters/mec010-2/packages.ts';
import { mec011Capabilities } from '../../adapters/mec011/capabilities.ts';
import { mec011Steering } from '../../adapters/mec011/steering.ts';
import { mec012Capabilities } from '../../adapters/mec012/capabilities.ts';
import { mec012Subscriptions } from '../../adapters/mec012/subscriptions.ts';
import { mec021Capabilities } from '../../adapters/mec021/capabilities.ts';
import { mec021Mobility } from '../../adapters/mec021/mobility.ts';
import type { DnsRule, TrafficRule, Versioned } from '../../domain/rule.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { sha256 } from '../../sandbox/packages.ts';
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

const isDns = (held: Versioned): held is Versioned<DnsRule> => held.rule.kind === 'dns';
const isUsers = (held: Versioned): held is Versioned<TrafficRule> => held.rule.id === 'users';

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
    await at('a1').remove('unknown', key(), wait());
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
    await at('a1').remove('unknown', key(), wait());
    expect(await at('a1').list(application, soon())).toEqual([]);
  });
});

describe.each(['a1', 'a2'] as const)('platform %s of the sandbox', (host) => {
  it('lets its rules be swapped, and only by whoever read them last', async () => {
    const { id, endpoint } = await started(host);
    const steering = mec011Steering(platform(host));
    const rules = await steering.read(id, soon());
    expect(rules.map(({ rule }) => [rule.kind, rule.id])).toEqual(
      expect.arrayContaining([
        ['traffic', 'all'],
        ['traffic', 'users'],
      ]),
    );
    const from = rules.find(isDns);
    assert(from !== undefined);
    const to = { ...from.rule, address: endpoint?.host ?? '', active: true };
    expect(await steering.write(id, to, from, soon())).toBe('written');
    expect(await steering.write(id, { ...to, active: false }, from, soon())).toBe('lost');
    expect((await steering.read(id, soon())).map(({ rule }) => rule)).toContainEqual(to);
    const traffic = rules.find(isUsers);
    assert(traffic !== undefined);
    const led = { ...traffic.rule, sources: [`${NET}.100.1`], destinations: [`${NET}.41.1`], active: true };
    expect(await steering.write(id, led, traffic, soon())).toBe('written');
    expect((await steering.read(id, soon())).map(({ rule }) => rule)).toContainEqual(led);
  });

  it('tells a lost swap from one that got through, by reading again', async () => {
    const { id } = await started(host);
    const steering = mec011Steering(platform(host));
    const from = (await steering.read(id, soon())).find(isDns);
    assert(from !== undefined);
    const to = { ...from.rule, active: true };
    const fault = { kind: 'answerLost', as: 'reset', times: 1 } as const;
    system.fault('PUT /mec_app_support/v1/applications/*/dns_rules/*', fault, `platform-${host}`);
    await expect(steering.write(id, to, from, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect((await steering.read(id, soon())).map(({ rule }) => rule)).toContainEqual(to);
  });

  it('carries a subscription over once, though an answer is lost', async () => {
    const { id, endpoint } = await started(host);
    const owner = { instance: id, endpoint: endpoint ?? { host: '', port: 0 } };
    const subscriptions = mec012Subscriptions(platform(host));
    const wanted: Subscription = {
      service: 'rni',
      type: 'CellChangeSubscription',
      filter: { associateId: [{ type: 1, value: `${NET}.100.1` }], hoStatus: [3] },
      callback: '/events/cell',
      expiry: null,
    };
    system.fault('POST /rni/v2/subscriptions', { kind: 'answerLost', as: '504', times: 1 }, `platform-${host}`);
    const held = await insisting(async () => await subscriptions.create(owner, wanted, soon()));
    expect(held).toMatchObject(wanted);
    expect(await subscriptions.list(owner, soon())).toEqual([held]);
    await subscriptions.remove(held.id, soon());
    await subscriptions.remove(held.id, soon());
    expect(await subscriptions.list(owner, soon())).toEqual([]);
  });

  it('has every capability, and says that no registration forbids to move', async () => {
    for (const ask of [mec011Capabilities, mec012Capabilities, mec021Capabilities])
      for (const capability of await ask(platform(host), soon())) expect(capability).toMatchObject({ available: true });
    expect(await mec021Mobility(platform(host)).forbidden('unknown', null, soon())).toBe(false);
    expect(await mec012Subscriptions(platform(host)).missing(['no such service'], soon())).toEqual(['no such service']);
  });
});

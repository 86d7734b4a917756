import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Application } from '../../activities/ports.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../../adapters/mec010-2/packages.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { mec011Steering } from '../../adapters/mec011/steering.ts';
import { mec012Subscriptions } from '../../adapters/mec012/subscriptions.ts';
import { filters } from '../../protocols/mec012/subscription.ts';
import { counter } from '../support/counter.ts';
import { faultyServer, type FaultyServer, type Heard } from '../support/faulty-server.ts';
import { mandatory, openapiAbsent, published, whySkipped } from '../support/openapi.ts';
import { PlayedMeo } from '../support/played-meo.ts';
import { sealWith } from '../../configuration/seal.ts';
import { PlayedPlatform } from '../support/played-platform.ts';
import { quickWait } from '../support/wait.ts';

const LCM3 = 'etsi-mec/mec010-2_AppLcm_v3.1.1.yaml';
const PKG2 = 'etsi-mec-2.x/mec010-2_AppPkgMgmt_v2.1.1.yaml';
const PKG3 = 'etsi-mec/mec010-2_AppPkgMgmt_v3.1.1.yaml';
const AS2 = 'etsi-mec-2.x/mec011_MecAppSupportApi_v2.2.1.yaml';
const aeRNI = 'etsi-mec-2.x/advantedge_mec012_rnis.yaml';

const key = 'fabcdefghijklmnopqrstuvwxy';
const soon = (): AbortSignal => AbortSignal.timeout(10_000);
const folder = mkdtempSync(join(tmpdir(), 'ferry-'));
const servers: FaultyServer[] = [];
/** Everything that the adapters said, to whomever. */
const said = (): Heard[] => servers.flatMap(({ heard }) => heard);

/** Tells it as one sentence, so that a failing test says what does not fit. */
function complaints(file: string, schema: string, body: unknown): string[] {
  const validate = published(file, schema);
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

async function runInstances(): Promise<void> {
  const meo = await PlayedMeo.open();
  servers.push(meo.server);
  const instances = mec010Instances(meo.server.exchange, { host: 'a1', addresses: '10.2.0.0/16', country: 'DE' });
  const application: Application = { ...counter, appDId: 'counter-1' };
  const { id } = await instances.instantiate(application, key, quickWait());
  await instances.stop(id, key, quickWait());
  await instances.start(id, key, quickWait());
  meo.endings.push('never');
  meo.begin(meo.instances[0]!, 'OPERATE').state = 'PROCESSING';
  await instances.remove(id, key, quickWait());
}

async function runPackages(): Promise<void> {
  const path = join(folder, 'counter.zip');
  writeFileSync(path, 'a package');
  const checksum = createHash('sha256').update('a package').digest('hex');
  const application: Application = { ...counter, checksum, archive: { ...counter.archive, path } };
  const info = {
    id: 'p1',
    appDId: counter.appDId,
    appSoftwareVersion: counter.softVersion,
    appDVersion: counter.descriptorVersion,
    checksum: { algorithm: 'SHA-256', hash: checksum },
    onboardingState: 'ONBOARDED',
    operationalState: 'DISABLED',
  };
  const peer = await faultyServer(({ method, path: asked, json }) => {
    if (method === 'GET' && asked.endsWith('/app_packages')) return { status: 200, json: [] };
    if (method === 'PATCH') Object.assign(info, json);
    return { status: 200, json: info };
  });
  servers.push(peer);
  await mec010Packages(peer.exchange, { collection: 'app_packages', content: 'put' }).distribute(
    application,
    key,
    quickWait(),
  );
}

async function runRules(): Promise<void> {
  const dns = {
    dnsRuleId: 'name',
    domainName: 'a.example',
    ipAddressType: 'IP_V4',
    ipAddress: '10.2.1.7',
    ttl: 5,
    state: 'INACTIVE',
  };
  const traffic = {
    trafficRuleId: 'all',
    filterType: 'FLOW',
    priority: 7,
    trafficFilter: [{ dstAddress: ['10.4.1.1'] }],
    action: 'FORWARD_DECAPSULATED',
    state: 'ACTIVE',
  };
  const peer = await faultyServer(({ method, path, json }) => {
    const rule = path.includes('dns_rules') ? dns : traffic;
    return { status: 200, json: path.endsWith('_rules') ? [rule] : method === 'PUT' ? json : rule };
  });
  servers.push(peer);
  const steering = mec011Steering(peer.exchange);
  for (const from of await steering.read('i1', soon())) {
    const to =
      from.rule.kind === 'dns' ? { ...from.rule, address: '2001:db8::7' } : { ...from.rule, leadsTo: '10.3.9.9' };
    expect(await steering.write('i1', to, from, soon())).toBe('written');
  }
}

async function runPath(): Promise<void> {
  const platform = await new PlayedPlatform().start();
  servers.push(platform.server);
  const dns = { dnsRuleId: 'name', domainName: 'a.example', ipAddressType: 'IP_V4', ipAddress: '10.2.1.7', ttl: 5 };
  platform.dns('i1', { ...dns, state: 'INACTIVE' });
  for (const trafficRuleId of ['all', 'users'])
    platform.traffic('i1', {
      trafficRuleId,
      filterType: 'FLOW',
      priority: 7,
      trafficFilter: [{}],
      action: 'FORWARD_DECAPSULATED',
      dstInterface: { interfaceType: 'IP', dstIpAddress: '10.2.1.7' },
      state: 'INACTIVE',
    });
  const path = mec011Path(platform.server.exchange, sealWith('a secret'));
  for (const device of [null, '10.5.5.5']) {
    const [from, to] = ['10.1.1.7', '10.2.1.7'].map((host) => ({ instance: 'i1', endpoint: { host, port: 7000 } }));
    if (from === undefined || to === undefined) continue;
    const lead = { name: 'a.example', aliases: [], ruleIds: [], device, from, to, former: [], sameNetwork: true };
    const turn = await path.plan('here', lead, null, soon());
    expect(await path.turn(turn, quickWait())).toBeGreaterThan(0);
    expect(await path.turnBack(turn, quickWait())).toBeGreaterThan(0);
  }
}

/** A member that is mandatory in some filters. */
const filterOf = (type: string): Record<string, unknown> => ({
  ...(type.startsWith('Rab') && { qci: 9 }),
  ...(/^Rab(Mod|Rel)/.test(type) && { erabId: 5 }),
  ...(/^(CellChange|MeasRepUe)/.test(type) && { associateId: [{ type: 1, value: '127.10.100.1' }] }),
  ...(type.startsWith('CellChange') && { hoStatus: [3] }),
});

async function runSubscriptions(): Promise<void> {
  let held: Record<string, unknown> = {};
  const peer = await faultyServer(({ method, path, json }) => {
    if (method === 'GET' && path.endsWith('/subscriptions')) return { status: 200, json: { _links: { self: null } } };
    if (method === 'POST') held = { ...json, _links: { self: { href: '/rni/v2/subscriptions/s1' } } };
    return { status: method === 'POST' ? 201 : 200, json: held };
  });
  servers.push(peer);
  const owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
  for (const type of Object.keys(filters)) {
    const subscription = { service: 'rni', type, filter: filterOf(type), callback: '/events', expiry: 1_800_000_000 };
    await mec012Subscriptions(peer.exchange).create(owner, subscription, soon());
  }
}

describe.skipIf(openapiAbsent)(`what is sent, against the published files${whySkipped}`, () => {
  beforeAll(async () => {
    await runInstances();
    await runPackages();
    await runRules();
    await runPath();
    await runSubscriptions();
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
    rmSync(folder, { recursive: true });
  });

  const sent: readonly (readonly [what: string, schema: string, file: string, call: RegExp])[] = [
    ['an instance to be created', 'CreateAppInstanceRequest', LCM3, /^POST .*\/app_instances$/],
    ['its instantiation', 'InstantiateAppRequest', LCM3, /^POST .*\/instantiate$/],
    ['a stop and a start', 'OperateAppRequest', LCM3, /^POST .*\/operate$/],
    ['a termination', 'TerminateAppRequest', LCM3, /^POST .*\/terminate$/],
    ['a cancellation', 'CancelMode', LCM3, /^POST .*\/cancel$/],
    ['a package to be created', 'CreateAppPkg', PKG2, /^POST .*\/app_packages$/],
    ['a package to be enabled', 'AppPkgInfoModifications', PKG3, /^PATCH .*\/app_packages\/p1$/],
    ['a DNS rule', 'DnsRule', AS2, /^PUT .*\/dns_rules\/name$/],
    ['a traffic rule', 'TrafficRule', AS2, /^PUT .*\/traffic_rules\/(all|users)$/],
    ...Object.keys(filters).map(
      (type) => ['a subscription', type, aeRNI, /^POST .*\/rni\/v2\/subscriptions$/] as const,
    ),
  ];

  it.each(sent)('%s is a %s of %s', (_, schema, file, call) => {
    const bodies = said()
      .filter(({ method, path }) => call.test(`${method} ${path}`))
      .map(({ json }) => json)
      .filter(({ subscriptionType }) => subscriptionType === undefined || subscriptionType === schema);
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expect(complaints(file, schema, body)).toEqual([]);

    // Counter-proof: without any of its mandatory members it is refused
    const members = mandatory(file, schema);
    expect(members.length).toBeGreaterThan(0);
    for (const member of members) {
      const { [member]: _dropped, ...rest } = bodies[0] ?? {};
      expect(complaints(file, schema, rest)).toEqual([` must have required property '${member}'`]);
    }
  });

  it.each([
    ['OperateAppRequest', LCM3, { changeStateTo: 'STOPED' }],
    ['TerminateAppRequest', LCM3, { terminationType: 'FORCED' }],
    ['CancelMode', LCM3, { CancelMode: 'FORCEFUL' }],
    ['AppPkgInfoModifications', PKG3, { operationalState: 'ON' }],
    [
      'DnsRule',
      AS2,
      { dnsRuleId: 'n', domainName: 'a', ipAddressType: 'IPv4', ipAddress: '10.1.1.1', state: 'ACTIVE' },
    ],
  ])('a value that %s does not know is refused', (schema, file, body) => {
    expect(complaints(file, schema, body)).toEqual([expect.stringContaining('allowed values')]);
  });
});

describe.skipIf(openapiAbsent)(`the MEO of these tests${whySkipped}`, () => {
  it('answers as published', async () => {
    const meo = await PlayedMeo.open();
    const instance = meo.add(key, 'STARTED');
    expect(complaints(LCM3, 'AppInstanceInfo', meo.infoOf(instance))).toEqual([]);
    expect(complaints(LCM3, 'AppLcmOpOcc', meo.occurrenceOf(meo.begin(instance, 'OPERATE')))).toEqual([]);
    expect(complaints(LCM3, 'AppInstanceInfo', { ...meo.infoOf(instance), instantiationState: 'STARTED' })).not.toEqual(
      [],
    );
    await meo.server.close();
  });
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Application } from '../../activities/ports.ts';
import { mec010Instances } from '../../adapters/mec010-2/instances.ts';
import { mec010Packages } from '../../adapters/mec010-2/packages.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { sealWith } from '../../configuration/seal.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { mecServices } from '../../protocols/mec-services/service.ts';
import { unwrapped } from '../../protocols/mec-services/shapes.ts';
import { counter } from '../support/counter.ts';
import { faultyServer, type FaultyServer, type Heard } from '../support/faulty-server.ts';
import { mandatory, openapiAbsent, published, whySkipped } from '../support/openapi.ts';
import { PlayedMeo } from '../support/played-meo.ts';
import { quickWait } from '../support/wait.ts';

const LCM3 = 'etsi-mec/mec010-2_AppLcm_v3.1.1.yaml';
const PKG2 = 'etsi-mec-2.x/mec010-2_AppPkgMgmt_v2.1.1.yaml';
const PKG3 = 'etsi-mec/mec010-2_AppPkgMgmt_v3.1.1.yaml';
const AS2 = 'etsi-mec-2.x/mec011_MecAppSupportApi_v2.2.1.yaml';
const publishedIn: Readonly<Record<string, string>> = {
  rni: 'etsi-mec-2.x/advantedge_mec012_rnis.yaml',
  amsi: 'etsi-mec-2.x/advantedge_mec021_ams.yaml',
  location: 'etsi-mec/mec013_Location_v3.1.1.yaml',
};

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
    dstInterface: { interfaceType: 'IP', dstIpAddress: '10.2.1.7' },
    state: 'ACTIVE',
  };
  const rules: Record<'dns' | 'traffic', unknown> = { dns, traffic };
  const peer = await faultyServer(({ method, path, json }) => {
    const kind = path.includes('dns_rules') ? 'dns' : 'traffic';
    if (method === 'PUT') rules[kind] = json;
    return { status: 200, json: path.endsWith('_rules') ? [rules[kind]] : rules[kind] };
  });
  servers.push(peer);
  const path = mec011Path(peer.exchange, sealWith('a secret of at least thirty-two characters'));
  const lead = {
    name: 'a.example',
    aliases: [],
    ruleIds: [],
    device: null,
    from: { instance: 'i0', endpoint: { host: '10.4.1.1', port: 7000 } },
    to: { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } },
    former: ['10.4.1.1', '10.4.1.2'],
    sameNetwork: true,
  };
  expect(await path.turn(await path.plan('here', lead, null, soon()), quickWait())).toBe(2);
}

/** What is mandatory in each type, and something of what is not. */
const contents: Readonly<Record<string, object>> = {
  CellChangeSubscription: {
    filterCriteriaAssocHo: { associateId: [{ type: 1, value: '127.10.100.1' }], hoStatus: [3] },
  },
  RabEstSubscription: { filterCriteriaQci: { qci: 9 } },
  RabModSubscription: { filterCriteriaQci: { qci: 9, erabId: 5 } },
  RabRelSubscription: { filterCriteriaQci: { qci: 9, erabId: 5 } },
  MeasRepUeSubscription: { filterCriteriaAssocTri: { associateId: [{ type: 1, value: '127.10.100.1' }] } },
  S1BearerSubscription: { eventType: [1], S1BearerSubscriptionCriteria: { erabId: [5] } },
  MobilityProcedureSubscription: { filterCriteria: { mobilityStatus: ['INTERHOST_MOVEOUT_TRIGGERED'] } },
  UserLocationEventSubscription: { address: 'acr:10.0.0.1', locationEventCriteria: ['ENTERING_AREA_EVENT'] },
  UserLocationPeriodicSubscription: {
    address: 'acr:10.0.0.1',
    periodicEventInfo: { reportingAmount: 9, reportingInterval: 5 },
  },
  ZoneLocationEventSubscription: { zoneId: 'zone01', addressList: ['acr:10.0.0.1'] },
  ZoneStatusSubscription: { zoneId: 'zone01', upperNumberOfUsersZoneThreshold: 9 },
  UserAreaSubscription: {
    addressList: ['acr:10.0.0.1'],
    areaDefine: { shape: 1, points: [{ latitude: 1, longitude: 2 }], radius: 5 },
    trackingAccuracy: 7,
  },
  UserDistanceSubscription: {
    monitoredAddress: ['acr:10.0.0.1'],
    distance: 5,
    trackingAccuracy: 7,
    criteria: 'AllWithinDistance',
    checkImmediate: true,
  },
};

const carried = mecServices.flatMap(({ name: service, collections }) =>
  Object.values(collections).flatMap((types) =>
    Object.entries(types).map(([type, { members, subscriber }]) => ({
      service,
      type,
      body: contents[type] ?? { [members[0] ?? '']: {} },
      named: subscriber !== undefined,
    })),
  ),
);

async function runSubscriptions(): Promise<void> {
  let held: unknown;
  const peer = await faultyServer(({ method, path, json }) => {
    if (method === 'GET' && path.endsWith('/subscriptions')) return { status: 200, json: { _links: { self: null } } };
    if (method === 'POST') held = json;
    return { status: method === 'POST' ? 201 : 200, json: held, headers: { location: `${path}/s1` } };
  });
  servers.push(peer);
  const from = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
  const owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
  for (const { body, ...kind } of carried) {
    // What is read back is compared elsewhere: here only what is sent counts
    const callback = 'http://10.2.1.7:7000/events';
    const subscription: Subscription = { ...kind, body: { ...body }, filter: {}, callback, expiry: 1_800_000_000 };
    await mecSubscriptions(peer.exchange)
      .create(owner, subscription, from, soon())
      .catch(() => undefined);
  }
}

describe.skipIf(openapiAbsent)(`what is sent, against the published files${whySkipped}`, () => {
  beforeAll(async () => {
    await runInstances();
    await runPackages();
    await runRules();
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
    ['a traffic rule', 'TrafficRule', AS2, /^PUT .*\/traffic_rules\/all$/],
    ...carried.map(
      ({ service, type }) =>
        ['a subscription', type, publishedIn[service] ?? '', /^POST .*\/subscriptions(\/\w+)?$/] as const,
    ),
  ];

  it.each(sent)('%s is a %s of %s', (_, schema, file, call) => {
    const bodies = said()
      .filter(({ method, path }) => call.test(`${method} ${path}`))
      .map(({ json }) => unwrapped(json) ?? {})
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

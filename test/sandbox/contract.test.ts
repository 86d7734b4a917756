import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { harmlessAt } from '../../sandbox/quirks/table.ts';
import { ask } from '../support/asking.ts';
import { type MecSystem, mecSystem } from '../support/mec-system.ts';
import { claimNetwork } from '../support/network.ts';
import { openapiAbsent, published, whySkipped } from '../support/openapi.ts';

/**
 * What the sandbox's peers answer, against the published files: as they are, and odd in ways that
 * the text allows.
 */

const NET = `127.${(await claimNetwork()).net}`;
const platform = `http://${NET}.2.11:8080`;
const LCM3 = 'etsi-mec/mec010-2_AppLcm_v3.1.1.yaml';
const PKG3 = 'etsi-mec/mec010-2_AppPkgMgmt_v3.1.1.yaml';
const AS2 = 'etsi-mec-2.x/mec011_MecAppSupportApi_v2.2.1.yaml';
const aeSM = 'etsi-mec-2.x/advantedge_mec011_service-mgmt.yaml';
const aeRNI = 'etsi-mec-2.x/advantedge_mec012_rnis.yaml';
const aeAMS = 'etsi-mec-2.x/advantedge_mec021_ams.yaml';

/**
 * Real servers say nothing by null or without a body, and list what no schema takes; the published
 * text does not.
 */
const UNPUBLISHED = new Set(['nullLists', 'voidLists', 'foreignEntries']);

/** These answer some of the calls with a refusal, as published too. */
const REFUSING = new Set(['retryLater', 'notReadyYet', 'strictQuery']);
const answering = ['meo-cellular', 'platform-a1'].flatMap((peer) =>
  [...new Set([...harmlessAt(peer, 0), ...harmlessAt(peer, 1)])]
    .filter((quirk) => !UNPUBLISHED.has(quirk) && !REFUSING.has(quirk))
    .map((quirk) => [quirk, peer] as const),
);

let system: MecSystem;
let id: string;
const callbackUri = 'https://listener.example:9443/told?tenant=7';
const callbackReference = callbackUri;

/** Whatever a list or an answer holds, one by one. */
const each = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);

async function misfits(url: string, file: string, schema: string): Promise<string[]> {
  const { status, body } = await ask('GET', url);
  expect(status).toBe(200);
  const validate = published(file, schema);
  expect(each(body)).not.toEqual([]);
  return each(body).flatMap((one) => {
    validate(one);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  });
}

async function created(collection: string, body: object): Promise<string> {
  const { status, headers } = await ask('POST', collection, body);
  expect(status).toBe(201);
  return headers.get('location') ?? '';
}

describe.skipIf(openapiAbsent)(`what the sandbox answers is as published${whySkipped}`, () => {
  const own = (api: string, below: string) => `${platform}/${api}/v1/applications/${id}/${below}`;
  let answers: readonly (readonly [url: string, file: string, schema: string])[];

  beforeAll(async () => {
    system = await mecSystem({
      name: 'cellular',
      meo: `${NET}.2.1`,
      hosts: [{ id: 'a1', address: `${NET}.2.11`, instances: `${NET}.21`, etag: 'version' }],
    });
    system.quirks.foreign.plant({ peer: 'meo-cellular', instances: 3, operations: 3, packages: 3, subscriptions: 3 });
    system.quirks.foreign.plant({ peer: 'platform-a1', services: 3, registrations: 3, subscriptions: 3 });
    const packageUrl = await system.onboard();
    ({ id } = await system.started('a1'));
    const [{ id: operation } = { id: '' }] = (
      await ask<{ id: string }[]>('GET', `${system.lcm}/app_lcm_op_occs?filter=(neq,id,foreign-operations-1)`)
    ).body.filter((one) => !one.id.startsWith('foreign'));
    const appInstanceSubscriptionFilter = { appInstSelectorType: 1, appInstances: [id] };
    const lifeCycle = await created(`${system.lcm}/subscriptions`, {
      subscriptionType: 'AppInstanceStateChangeSubscription',
      callbackUri,
      appInstanceSubscriptionFilter,
    });
    const packages = await created(`${system.meo}/app_pkgm/v1/subscriptions`, {
      subscriptionType: 'AppPackageOnBoardingSubscription',
      callbackUri,
    });
    const termination = await created(own('mec_app_support', 'subscriptions'), {
      subscriptionType: 'AppTerminationNotificationSubscription',
      callbackReference,
      appInstanceId: id,
    });
    const availability = await created(own('mec_service_mgmt', 'subscriptions'), {
      subscriptionType: 'SerAvailabilityNotificationSubscription',
      callbackReference,
    });
    const cells = await created(`${platform}/rni/v2/subscriptions`, {
      subscriptionType: 'CellChangeSubscription',
      callbackReference,
      filterCriteriaAssocHo: { appInstanceId: id },
    });
    const mobility = await created(`${platform}/amsi/v1/subscriptions`, {
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference,
      filterCriteria: { appInstanceId: id },
    });
    const adjacent = await created(`${platform}/amsi/v1/subscriptions`, {
      subscriptionType: 'AdjacentAppInfoSubscription',
      callbackReference,
      filterCriteria: { appInstanceId: id },
    });
    await created(`${platform}/amsi/v1/app_mobility_services`, {
      serviceConsumerId: { appInstanceId: id },
      deviceInformation: [{ associateId: { type: 'UE_IPv4_ADDRESS', value: '127.41.100.1' } }],
    });
    for (const rule of [own('mec_app_support', 'dns_rules/name'), own('mec_app_support', 'traffic_rules/all')])
      await ask('PUT', rule, { ...(await ask<object>('GET', rule)).body, state: 'ACTIVE' });
    answers = [
      [`${system.lcm}/app_instances`, LCM3, 'AppInstanceInfo'],
      [`${system.lcm}/app_instances/${id}`, LCM3, 'AppInstanceInfo'],
      [`${system.lcm}/app_lcm_op_occs`, LCM3, 'AppLcmOpOcc'],
      [`${system.lcm}/app_lcm_op_occs/${operation}`, LCM3, 'AppLcmOpOcc'],
      [lifeCycle, LCM3, 'AppInstSubscriptionInfo'],
      [`${system.lcm}/subscriptions`, LCM3, 'AppInstanceSubscriptionLinkList'],
      [`${system.meo}/app_pkgm/v1/app_packages?all_fields`, PKG3, 'AppPkgInfo'],
      [packageUrl, PKG3, 'AppPkgInfo'],
      [packages, PKG3, 'AppPkgSubscriptionInfo'],
      [own('mec_app_support', 'dns_rules'), AS2, 'DnsRule'],
      [own('mec_app_support', 'dns_rules/name'), AS2, 'DnsRule'],
      [own('mec_app_support', 'traffic_rules'), AS2, 'TrafficRule'],
      [own('mec_app_support', 'traffic_rules/all'), AS2, 'TrafficRule'],
      [termination, AS2, 'AppTerminationNotificationSubscription'],
      [own('mec_app_support', 'subscriptions'), AS2, 'MecAppSuptApiSubscriptionLinkList'],
      [availability, aeSM, 'SerAvailabilityNotificationSubscription'],
      [own('mec_service_mgmt', 'subscriptions'), aeSM, 'SubscriptionLinkList'],
      [`${platform}/mec_service_mgmt/v1/services`, aeSM, 'ServiceInfo'],
      [cells, aeRNI, 'CellChangeSubscription'],
      [`${platform}/rni/v2/subscriptions`, aeRNI, 'SubscriptionLinkList'],
      [mobility, aeAMS, 'MobilityProcedureSubscription'],
      [adjacent, aeAMS, 'AdjacentAppInfoSubscription'],
      [`${platform}/amsi/v1/subscriptions`, aeAMS, 'SubscriptionLinkList'],
      [`${platform}/amsi/v1/app_mobility_services`, aeAMS, 'RegistrationInfo'],
    ];
  });
  afterAll(async () => await system?.close());

  const complaints = async (): Promise<string[]> => {
    const all = await Promise.all(
      answers.map(async ([url, file, schema]) =>
        (await misfits(url, file, schema)).map((misfit) => `${schema} of ${new URL(url).pathname}: ${misfit}`),
      ),
    );
    return all.flat();
  };

  it('when its peers are as they are', async () => {
    expect(await complaints()).toEqual([]);
  });

  it.each(answering)('when they are odd as the published text allows: %s of %s', async (quirk, peer) => {
    system.quirks.remove();
    system.quirk(quirk, peer);
    expect(await complaints()).toEqual([]);
  });

  it('when they refuse: a problem document, with what went wrong', async () => {
    system.quirks.remove();
    system.quirk('strictQuery', 'meo-cellular');
    system.quirk('localProblems', 'meo-cellular');
    const { status, body, headers } = await ask('GET', `${system.lcm}/app_instances?filter=(eq,id,x)`);
    expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(published(aeSM, 'ProblemDetails')(body)).toBe(true);
  });
});

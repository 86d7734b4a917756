import { type Entry, type Kind, ordinary } from './entries.ts';

/**
 * Entries of others that no published schema takes, and that real servers list: states of their
 * own, links of any form.
 */

/** A subscription of another one, which its reader may not see. */
export const UNREADABLE = 'foreign-subscriptions-unreadable';

const oddities: Readonly<Record<Kind, readonly Entry[]>> = {
  instances: [
    { instantiationState: 'SCALING', instantiatedAppState: { operationalState: 'PAUSED' } },
    { instantiationState: 'INSTANTIATED', communicationInterface: null, _links: null, appInstanceName: 17 },
    { instantiationState: 'INSTANTIATED', communicationInterface: { ipAddresses: 'none' }, _links: { self: {} } },
    { instantiationState: null, instantiatedAppState: null, _links: { self: { href: '' } } },
  ],
  operations: [
    { operationState: 'ROLLED_BACK' },
    { lcmOperation: 'SCALE', operationState: 'PROCESSING' },
    { operationState: 'COMPLETED', _links: null },
    { operationState: null, startTime: '2025-11-24T16:00:00Z', _links: { appInstance: {} } },
    { lcmOperation: null, _links: { appInstance: { href: 'urn:uuid:0b5b6a3e-6f2e-4a7c-9d43-000000000000' } } },
  ],
  packages: [
    { onboardingState: 'ERROR', operationalState: 'DISABLED' },
    { userDefinedData: ['a', 'list'] },
    { userDefinedData: 'a text', checksum: { algorithm: 'MD5', hash: '' } },
    { checksum: null, appSoftwareVersion: 1.2, usageState: 'DELETING', _links: null },
  ],
  subscriptions: [
    { subscriptionType: 'QosSubscription', callbackReference: null, websockNotifConfig: { requestWebsocketUri: true } },
    { subscriptionType: 4, filterCriteriaAssocHo: [], filterCriteria: 'all', expiryDeadline: '2026-01-01' },
  ],
  services: [
    { state: 'DEGRADED', transportInfo: null },
    { serName: null, serializer: 'CBOR', isLocal: 'yes', _links: null },
  ],
  registrations: [
    { serviceConsumerId: { mepId: 'mep-7' }, deviceInformation: null },
    { serviceConsumerId: null, deviceInformation: [{ associateId: '203.0.113.7', appMobilityServiceLevel: 9 }] },
  ],
  orders: [
    { state: 'assessingCancellation' },
    { state: 'WAITING_FOR_SOMEBODY', orderItem: null, externalId: null },
    { state: null, orderItem: [{ id: 1, action: 'migrate', service: null }], note: 'a text', externalId: 17 },
  ],
};

export const odd = (kind: Kind, collection: string): readonly Entry[] =>
  oddities[kind].map((members, n) => {
    const usual = ordinary(kind, collection, n + 1);
    const id = `foreign-${kind}-odd${n + 1}`;
    const named = Object.keys(usual).filter((member) => usual[member] === `foreign-${kind}-${n + 1}`);
    const self = { href: `${collection}/${id}` };
    return {
      ...usual,
      ...Object.fromEntries(named.map((member) => [member, id])),
      ...('_links' in usual && { _links: { ...(usual['_links'] as Entry), self } }),
      ...members,
    };
  });

/** Links to subscriptions that lead nowhere, or to what may not be read. */
export const oddLinks = (collection: string): readonly Entry[] => [
  { href: `${collection}/${UNREADABLE}`, subscriptionType: 'CellChangeSubscription' },
  { href: 'https://other.example/their/own/path/7?x=y#z', rel: 'CellChangeSubscription' },
  { href: '', subscriptionType: 'QosSubscription' },
  { href: null },
  {},
];

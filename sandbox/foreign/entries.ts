/**
 * Entries of others as a peer lists them: shaped as published, of applications that nobody here
 * knows.
 */

export const kinds = [
  'instances',
  'operations',
  'packages',
  'subscriptions',
  'services',
  'registrations',
  'orders',
] as const;
export type Kind = (typeof kinds)[number];

export type Entry = Readonly<Record<string, unknown>>;

/** Of an entry that is not ours: `foreign-instances-17`. */
export const FOREIGN = /^foreign-[a-z]+-[a-z0-9]+$/;

const TIME = { seconds: 1_764_000_000, nanoSeconds: 0 };

/**
 * What a maker is told: which list, the number of the entry in it, and what of an application is
 * the same anywhere.
 */
interface Place {
  readonly collection: string;
  readonly n: number;
  readonly id: string;
  readonly self: { readonly href: string };
}

const application = (n: number): Entry => ({ appProvider: 'Somebody Else', appName: `other-${n}`, appDVersion: '1.0' });

const makers: Readonly<Record<Kind, (place: Place) => Entry>> = {
  instances: ({ n, id, self }) => ({
    id,
    appDId: `other-${n}`,
    appInstanceName: `other ${n}`,
    ...application(n),
    appSoftVersion: '1.0.0',
    appPkgId: `foreign-packages-${n}`,
    instantiationState: 'INSTANTIATED',
    instantiatedAppState: { operationalState: 'STARTED' },
    communicationInterface: { ipAddresses: [{ host: `198.51.100.${n % 256}`, port: 7000 }] },
    _links: { self, terminate: { href: `${self.href}/terminate` }, operate: { href: `${self.href}/operate` } },
  }),
  operations: ({ collection, n, id, self }) => ({
    id,
    operationState: n % 7 === 0 ? 'FAILED' : 'COMPLETED',
    stateEnteredTime: TIME,
    startTime: TIME,
    lcmOperation: (['INSTANTIATE', 'OPERATE', 'TERMINATE'] as const)[n % 3],
    operationParams: { selectedMECHostInfo: [{ hostId: { id: 'a1' } }] },
    isCancelPending: false,
    _links: { self, appInstance: { href: sibling(collection, 'app_instances', `foreign-instances-${n}`) } },
  }),
  packages: ({ n, id, self }) => ({
    id,
    appDId: `other-${n}`,
    ...application(n),
    appSoftwareVersion: '1.0.0',
    checksum: { algorithm: 'SHA-256', hash: n.toString(16).padStart(64, '0') },
    softwareImages: [{ id: 'app', name: `other-${n}`, version: '1.0.0', containerFormat: 'BARE', swImage: 'app.img' }],
    onboardingState: 'ONBOARDED',
    operationalState: 'ENABLED',
    usageState: 'IN_USE',
    mecInfo: ['3.1.1'],
    _links: { self, appD: { href: `${self.href}/appd` }, appPkgContent: { href: `${self.href}/package_content` } },
  }),
  subscriptions: ({ collection, n, id, self }) => ({
    ...subscription(collection, n),
    ...(/app_(lcm|pkgm)/.test(collection) && { id }),
    _links: { self },
  }),
  services: ({ n, id, self }) => ({
    serInstanceId: id,
    serName: `Other${n}`,
    version: '1.0',
    state: 'ACTIVE',
    serializer: 'JSON',
    scopeOfLocality: 'MEC_HOST',
    consumedLocalOnly: true,
    isLocal: true,
    transportInfo: {
      id: 'rest',
      name: 'REST',
      type: 'REST_HTTP',
      protocol: 'HTTP',
      version: '1.1',
      endpoint: { uris: [`https://other-${n}.example/`] },
      security: {},
    },
    _links: { self },
  }),
  registrations: ({ n, id }) => ({
    appMobilityServiceId: id,
    serviceConsumerId: { appInstanceId: `foreign-instances-${n}` },
    deviceInformation: [],
    expiryTime: 0,
  }),
  orders: ({ n, id }) => ({
    id,
    href: `/tmf-api/serviceOrdering/v4/serviceOrder/${id}`,
    externalId: `other-${n}`,
    orderDate: '2025-11-24T16:00:00.000Z',
    completionDate: '2025-11-24T16:00:05.000Z',
    state: 'COMPLETED',
    orderItem: [{ id: '1', action: 'add', state: 'COMPLETED', service: { name: `other-${n}`, state: 'active' } }],
    note: [],
  }),
};

/** Number `n` of its kind. `collection`: URL of the list that it is in. */
export function ordinary(kind: Kind, collection: string, n: number): Entry {
  const id = `foreign-${kind}-${n}`;
  return makers[kind]({ collection, n, id, self: { href: `${collection}/${id}` } });
}

/** In each API the type that is told most. */
function subscription(collection: string, n: number): Entry {
  const callbackReference = `https://other-${n}.example:9443/notifications?tenant=${n}`;
  const appInstanceId = `foreign-instances-${n}`;
  const appInstanceSubscriptionFilter = { appInstSelectorType: 1, appInstances: [appInstanceId] };
  if (collection.includes('/rni/'))
    return {
      subscriptionType: 'CellChangeSubscription',
      callbackReference,
      filterCriteriaAssocHo: { appInstanceId, hoStatus: [3] },
    };
  if (collection.includes('/amsi/'))
    return {
      subscriptionType: 'MobilityProcedureSubscription',
      callbackReference,
      filterCriteria: { appInstanceId, mobilityStatus: ['INTERHOST_MOVEOUT_TRIGGERED'] },
    };
  if (collection.includes('/app_pkgm/'))
    return { subscriptionType: 'AppPackageOnBoardingSubscription', callbackUri: callbackReference };
  if (collection.includes('/app_lcm/'))
    return {
      subscriptionType: 'AppInstanceStateChangeSubscription',
      callbackUri: callbackReference,
      appInstanceSubscriptionFilter,
    };
  return { subscriptionType: 'SerAvailabilityNotificationSubscription', callbackReference };
}

const sibling = (collection: string, name: string, id: string): string =>
  `${collection.slice(0, collection.lastIndexOf('/'))}/${name}/${id}`;

/** The services of a MEC platform at which applications have subscriptions, as data. */

export interface SubscriptionType {
  /** The members that say what is subscribed to. */
  readonly members: readonly string[];
  /** Which of them holds `appInstanceId`, its subscriber; absent: the type has no place for it. */
  readonly subscriber?: string;
  /** What a server fills in, and returns, where a subscriber leaves it out. */
  readonly defaults?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface MecService {
  readonly name: string;
  /** For a person. */
  readonly title: string;
  /**
   * Where it is found; a platform may have one of several versions. `{appInstanceId}`: the
   * subscriber is in the path.
   */
  readonly bases: readonly string[];
  /** Below the base, and what may be made again there. Other types are told, not carried. */
  readonly collections: Readonly<Record<string, Readonly<Record<string, SubscriptionType>>>>;
  /** A list that has to be asked type by type, since some servers demand the type. */
  readonly byType?: { readonly parameter: string; readonly values: readonly string[] };
  /** Bodies are wrapped in the name of their type. */
  readonly wrapped?: boolean;
  /**
   * Published members within filters: what else a server adds there is its own. Absent: not looked
   * at.
   */
  readonly within?: ReadonlySet<string>;
  /** Words that other versions write as numbers. */
  readonly numbers?: Readonly<Record<string, number>>;
}

const filtered = (member: string, defaults?: Readonly<Record<string, unknown>>): SubscriptionType => ({
  members: [member],
  subscriber: member,
  ...(defaults !== undefined && { defaults: { [member]: defaults } }),
});

/** MEC 012 V2.2.1. */
const radio: MecService = {
  name: 'rni',
  title: 'radio network information (MEC 012)',
  bases: ['/rni/v2'],
  collections: {
    '/subscriptions': {
      CellChangeSubscription: filtered('filterCriteriaAssocHo', { hoStatus: [3] }),
      RabEstSubscription: filtered('filterCriteriaQci'),
      RabModSubscription: filtered('filterCriteriaQci'),
      RabRelSubscription: filtered('filterCriteriaQci'),
      MeasRepUeSubscription: filtered('filterCriteriaAssocTri'),
      NrMeasRepUeSubscription: filtered('filterCriteriaNrMrs'),
      MeasTaSubscription: filtered('filterCriteriaAssoc'),
      CaReconfSubscription: filtered('filterCriteriaAssoc'),
      S1BearerSubscription: { members: ['eventType', 'S1BearerSubscriptionCriteria'] },
    },
  },
  within: new Set(
    ['associateId', 'type', 'value', 'ecgi', 'nrcgi', 'plmn', 'mcc', 'mnc', 'cellId', 'nrCellId'].concat([
      'hoStatus',
      'trigger',
      'triggerNr',
      'qci',
      'erabId',
    ]),
  ),
};

/** MEC 021: strings in V2.1.1, numbers in V2.2.1. */
const mobility: MecService = {
  name: 'amsi',
  title: 'application mobility (MEC 021)',
  bases: ['/amsi/v1'],
  collections: {
    '/subscriptions': {
      MobilityProcedureSubscription: filtered('filterCriteria', { mobilityStatus: [1] }),
      AdjacentAppInfoSubscription: filtered('filterCriteria'),
    },
  },
  byType: { parameter: 'subscriptionType', values: ['mobility_proc', 'adj_app_info'] },
  within: new Set(['associateId', 'type', 'value', 'mobilityStatus']),
  numbers: {
    INTERHOST_MOVEOUT_TRIGGERED: 1,
    INTERHOST_MOVEOUT_COMPLETED: 2,
    INTERHOST_MOVEOUT_FAILED: 3,
    UE_IPV4_ADDRESS: 1,
    UE_IPV6_ADDRESS: 2,
    NATED_IP_ADDRESS: 3,
    GTP_TEID: 4,
  },
};

/** MEC 013 V3.1.1, under either base: users are named by URIs, subscribers not at all. */
const location: MecService = {
  name: 'location',
  title: 'location (MEC 013)',
  bases: ['/location/v3', '/location/v2'],
  wrapped: true,
  within: new Set(
    ['accessPointList', 'occurrenceInfo', 'reportingLocationReq', 'zoneId', 'shape', 'points', 'radius'].concat(
      ['latitude', 'longitude', 'reportingAmount', 'reportingInterval'],
      ['maximumCount', 'maximumFrequency', 'minimumInterval'],
    ),
  ),
  collections: {
    '/subscriptions/users': {
      UserLocationEventSubscription: { members: ['address', 'locationEventCriteria', 'userEventPara'] },
      UserLocationPeriodicSubscription: { members: ['address', 'periodicEventInfo'] },
    },
    '/subscriptions/zones': {
      ZoneLocationEventSubscription: { members: ['zoneId', 'addressList', 'locationEventCriteria', 'reportingCtrl'] },
      ZoneStatusSubscription: {
        members: ['zoneId', 'operationStatus', 'reportingCtrl'].concat(
          ['lowerNumberOfUsersAPThreshold', 'lowerNumberOfUsersZoneThreshold'],
          ['upperNumberOfUsersAPThreshold', 'upperNumberOfUsersZoneThreshold'],
        ),
      },
    },
    '/subscriptions/area': {
      UserAreaSubscription: {
        members: ['addressList', 'areaDefine', 'trackingAccuracy'].concat([
          'locationEventCriteria',
          'reportingCtrl',
          'reportingLocationReq',
        ]),
      },
    },
    '/subscriptions/distance': {
      UserDistanceSubscription: {
        members: ['monitoredAddress', 'referenceAddress', 'distance', 'criteria'].concat([
          'checkImmediate',
          'trackingAccuracy',
          'reportingCtrl',
        ]),
      },
    },
  },
};

/** MEC 013 V2.2.1: other types, with a callback of another form. */
const earlierLocation: MecService = {
  name: 'location-2.2.1',
  title: 'location (MEC 013 V2.2.1)',
  bases: ['/location/v2'],
  wrapped: true,
  collections: {
    '/subscriptions/area/circle': {},
    '/subscriptions/periodic': {},
    '/subscriptions/userTracking': {},
    '/subscriptions/zonalTraffic': {},
    '/subscriptions/zoneStatus': {},
  },
};

/** MEC 028: filters name access points and stations of one network. */
const wlan: MecService = {
  name: 'wai',
  title: 'WLAN information (MEC 028)',
  bases: ['/wai/v2'],
  collections: { '/subscriptions': {} },
};

/** MEC 030. */
const vehicles: MecService = {
  name: 'vis',
  title: 'V2X information (MEC 030)',
  bases: ['/vis/v2'],
  collections: { '/subscriptions': {} },
};

/** MEC 011: filters may name service instances of one platform. */
const availability: MecService = {
  name: 'mec_service_mgmt',
  title: 'service availability (MEC 011)',
  bases: ['/mec_service_mgmt/v1/applications/{appInstanceId}'],
  collections: { '/subscriptions': {} },
};

export const mecServices: readonly MecService[] = [
  radio,
  mobility,
  location,
  earlierLocation,
  wlan,
  vehicles,
  availability,
];

export const rniSubscriptions = '/rni/v2/subscriptions';

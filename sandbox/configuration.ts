import { type BuiltPackage, DOMAIN_NAME } from './provider.ts';

/** What is chosen when a world is started. */
export interface Plan {
  readonly net: number;
  /** Identity of this world: another start is another world. */
  readonly world: string;
  /** How long resolvers there keep an answer at least, in seconds. */
  readonly clampSeconds: number;
  /** Of the application's name, in seconds. */
  readonly ttlSeconds: number;
  /** Members of Ferry's pace that are to be other than below. */
  readonly pace: Readonly<Record<string, number>>;
}

const USERS = 9;

/** By ueIdentityTag: the addresses of the devices. */
export const users = (net: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: USERS }, (_, k) => [`ue-${k + 1}`, `127.${net}.100.${k + 1}`]));

/** Patience scaled down to a world in which everything takes milliseconds. */
const pace = {
  attemptMs: 10_000,
  stepMs: 30_000,
  handOverMs: 8_000,
  operationMs: 30_000,
  heartbeatMs: 3_000,
  pollMs: 100,
  insistMs: 60_000,
  quietMs: 2_000,
  drainLimitMs: 60_000,
  retryMs: 250,
};

/** Ferry's configuration file for this world: where its peers are, and what they serve. */
export function ferryConfiguration(plan: Plan, built: BuiltPackage, archivePath: string): object {
  /** Everything is on this machine, where nobody else listens. */
  const peer = (kind: string, host: string) => ({
    kind,
    url: `http://127.${plan.net}.${host}:8080`,
    insecure: true,
  });
  const range = (third: number): string => `127.${plan.net}.${third}.0/24`;
  const { descriptor } = built;
  return {
    world: plan.world,
    peers: {
      'meo-cellular': peer('meo', '2.1'),
      'meo-wifi': peer('meo', '3.1'),
      'platform-a1': peer('platform', '2.11'),
      'platform-a2': peer('platform', '2.12'),
      'platform-w1': peer('platform', '3.11'),
      oss: peer('oss', '1.1'),
      'lcm-proxy': peer('lcmProxy', '1.2'),
      'cloud-manager': peer('cloud', '4.1'),
      'vantage-cellular': peer('vantage', '2.90'),
      'vantage-wifi': peer('vantage', '3.90'),
    },
    networks: {
      cellular: { vantage: 'vantage-cellular', resolverClampSeconds: plan.clampSeconds },
      wifi: { vantage: 'vantage-wifi', resolverClampSeconds: plan.clampSeconds },
    },
    systems: {
      cellular: { meo: 'meo-cellular', network: 'cellular', lcmProxy: 'lcm-proxy' },
      wifi: { meo: 'meo-wifi', network: 'wifi', lcmProxy: 'lcm-proxy' },
    },
    sites: {
      a1: { kind: 'mecHost', system: 'cellular', host: 'a1', platform: 'platform-a1', addresses: range(21) },
      a2: { kind: 'mecHost', system: 'cellular', host: 'a2', platform: 'platform-a2', addresses: range(22) },
      w1: { kind: 'mecHost', system: 'wifi', host: 'w1', platform: 'platform-w1', addresses: range(31) },
      cloud: {
        kind: 'cloud',
        manager: 'cloud-manager',
        oss: 'oss',
        services: 'platform-a1',
        addresses: range(41),
      },
    },
    applications: {
      [descriptor.appName]: {
        provider: descriptor.appProvider,
        appDId: descriptor.appDId,
        softVersion: descriptor.appSoftVersion,
        descriptorVersion: descriptor.appDVersion,
        checksum: built.checksum,
        archive: { path: archivePath, uri: packageUri(plan.net, built) },
        domainName: DOMAIN_NAME,
        ruleIds: [
          ...(descriptor.appDNSRule ?? []).map(({ dnsRuleId }) => dnsRuleId),
          ...(descriptor.appTrafficRule ?? []).map(({ trafficRuleId }) => trafficRuleId),
        ],
        port: 7000,
        management: { port: 7001 },
        requires: descriptor.appServiceRequired?.map(({ serName }) => serName) ?? [],
        stateful: true,
      },
    },
    users: Object.fromEntries(Object.entries(users(plan.net)).map(([user, address]) => [user, { address }])),
    pace: { ...pace, ...plan.pace },
  };
}

export const packageUri = (net: number, { fileName }: BuiltPackage): string =>
  `http://127.${net}.1.9:8080/packages/${fileName}`;

import { managementOf, type Plan, pace, packageUri, peerOf, type Unfederated, users } from '../configuration.ts';
import { zones } from '../peers/location.ts';
import type { SystemPlace } from '../peers/system.ts';
import type { BuiltPackage } from '../provider.ts';

/** Operator A: a cellular and a Wi-Fi system, a cloud, the users. */

const network = (net: number, name: string): string => `http://127.${net}.0.3:8080/networks/${name}/rules`;

export const systemsOfA = (net: number): SystemPlace[] => [
  {
    name: 'cellular',
    meo: `127.${net}.2.1`,
    hosts: [
      { id: 'a1', address: `127.${net}.2.11`, instances: `127.${net}.21`, etag: 'version' },
      { id: 'a2', address: `127.${net}.2.12`, instances: `127.${net}.22`, etag: 'content' },
    ],
    network: network(net, 'cellular'),
  },
  {
    name: 'wifi',
    meo: `127.${net}.3.1`,
    hosts: [{ id: 'w1', address: `127.${net}.3.11`, instances: `127.${net}.31`, etag: 'version' }],
    network: network(net, 'wifi'),
  },
];

const north = { id: 'north', lat: 52.541, lon: 13.369, details: 'Upper districts' };
const harbour = { id: 'harbour', lat: 52.531, lon: 13.317, details: 'Docks and quays' };
const airport = { id: 'airport', lat: 52.56, lon: 13.288, details: 'Terminals and aprons' };

/** The configuration file of its Ferry: where its peers are, and what they serve. */
export function configurationOfA(plan: Plan, built: BuiltPackage, archivePath: string): Unfederated {
  const peer = peerOf(plan, 'operator-a');
  const range = (third: number): string => `127.${plan.net}.${third}.0/24`;
  const { descriptor } = built;
  const management = managementOf(plan, descriptor.appName);
  return {
    world: plan.world,
    ...(plan.ferry !== undefined && { callback: plan.ferry }),
    peers: {
      'meo-cellular': peer('meo', '2.1'),
      'meo-wifi': peer('meo', '3.1'),
      'platform-a1': peer('platform', '2.11'),
      'platform-a2': peer('platform', '2.12'),
      'platform-w1': peer('platform', '3.11'),
      oss: peer('oss', '1.1'),
      'lcm-proxy': peer('lcmProxy', '1.2'),
      whereabouts: peer('location', '1.3'),
      'cloud-manager': peer('cloud', '4.1'),
      'vantage-cellular': peer('vantage', '2.90'),
      'vantage-wifi': peer('vantage', '3.90'),
    },
    networks: {
      cellular: {
        vantage: 'vantage-cellular',
        resolverClampSeconds: plan.clampSeconds,
        location: { service: 'whereabouts', zones: [zones.cellular] },
      },
      wifi: {
        vantage: 'vantage-wifi',
        resolverClampSeconds: plan.clampSeconds,
        location: { service: 'whereabouts', zones: [zones.wifi] },
      },
    },
    systems: {
      cellular: { meo: 'meo-cellular', network: 'cellular', lcmProxy: 'lcm-proxy' },
      wifi: { meo: 'meo-wifi', network: 'wifi', lcmProxy: 'lcm-proxy' },
    },
    sites: {
      a1: {
        kind: 'mecHost',
        system: 'cellular',
        host: 'a1',
        platform: 'platform-a1',
        addresses: range(21),
        zone: north,
      },
      a2: {
        kind: 'mecHost',
        system: 'cellular',
        host: 'a2',
        platform: 'platform-a2',
        addresses: range(22),
        zone: harbour,
      },
      w1: { kind: 'mecHost', system: 'wifi', host: 'w1', platform: 'platform-w1', addresses: range(31), zone: airport },
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
        domainName: built.domainName,
        ruleIds: [
          ...(descriptor.appDNSRule ?? []).map(({ dnsRuleId }) => dnsRuleId),
          ...(descriptor.appTrafficRule ?? []).map(({ trafficRuleId }) => trafficRuleId),
        ],
        port: 7000,
        ...(built.transfer === undefined ? { management } : { transfer: built.transfer }),
        requires: descriptor.appServiceRequired?.map(({ serName }) => serName) ?? [],
        stateful: true,
      },
    },
    users: Object.fromEntries(Object.entries(users(plan.net)).map(([user, address]) => [user, { address }])),
    pace: { ...pace, ...plan.pace },
  };
}

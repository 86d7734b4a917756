/**
 * Rules of an instance that have nothing to do with where its name leads (quirk `otherRules`): of
 * another name, of the other family of addresses, a firewall, a way out. Addresses are those for
 * documentation (RFC 5737, RFC 3849).
 */

interface DnsLike {
  readonly domainName: string;
}

export const otherDnsRules = (rules: readonly DnsLike[]): object[] => [
  {
    dnsRuleId: 'metrics',
    domainName: 'metrics.edge.example',
    ipAddressType: 'IP_V4',
    ipAddress: '192.0.2.53',
    state: 'ACTIVE',
  },
  ...rules.slice(0, 1).map(({ domainName }) => ({
    dnsRuleId: 'name-v6',
    domainName,
    ipAddressType: 'IP_V6',
    ipAddress: '2001:db8::7',
    ttl: 60,
    state: 'INACTIVE',
  })),
];

export const otherTrafficRules = (): object[] => [
  {
    trafficRuleId: 'firewall',
    filterType: 'PACKET',
    priority: 0,
    trafficFilter: [{ srcAddress: ['203.0.113.0/24'], dstAddress: ['198.51.100.25'], dstPort: ['25'] }],
    action: 'DROP',
    state: 'ACTIVE',
  },
  {
    trafficRuleId: 'way-out',
    filterType: 'FLOW',
    priority: 200,
    trafficFilter: [{ dstAddress: ['198.51.100.0/24'] }],
    action: 'PASSTHROUGH',
    dstInterface: { interfaceType: 'IP', dstIpAddress: '192.0.2.1' },
    state: 'ACTIVE',
  },
];

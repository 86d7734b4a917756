import { isIPv6 } from 'node:net';
import type { DnsRule, TrafficRule } from '../../domain/rule.ts';
import type {
  DestinationInterface,
  DnsRule as WireDnsRule,
  TrafficRule as WireTrafficRule,
} from '../../protocols/mec011/rule.ts';

/** Between a platform's rules and ours. Whatever ours do not say of a rule stays as the platform has it. */

export const dnsRuleOf = ({ dnsRuleId, domainName, ipAddress, ttl, state }: WireDnsRule): DnsRule => ({
  kind: 'dns',
  id: dnsRuleId,
  name: domainName,
  address: ipAddress,
  ttl: ttl ?? null,
  active: state === 'ACTIVE',
});

export const toWireDnsRule = (rule: DnsRule, as: WireDnsRule): WireDnsRule => ({
  ...as,
  domainName: rule.name,
  ipAddressType: isIPv6(rule.address) ? 'IP_V6' : 'IP_V4',
  ipAddress: rule.address,
  ...(rule.ttl !== null && { ttl: rule.ttl }),
  state: rule.active ? 'ACTIVE' : 'INACTIVE',
});

/** Undefined: it does not lead traffic to an address (it drops, lets pass, duplicates, or has several filters). */
export function trafficRuleOf(wire: WireTrafficRule): TrafficRule | undefined {
  const [filter, ...more] = wire.trafficFilter;
  if (!wire.action.startsWith('FORWARD_') || more.length > 0) return undefined;
  return {
    kind: 'traffic',
    id: wire.trafficRuleId,
    sources: filter?.srcAddress ?? [],
    destinations: filter?.dstAddress ?? [],
    leadsTo: firstInterface(wire)?.dstIpAddress ?? '',
    active: wire.state === 'ACTIVE',
  };
}

export function toWireTrafficRule(rule: TrafficRule, as: WireTrafficRule): WireTrafficRule {
  const { srcAddress: _sources, dstAddress: _destinations, ...filter } = as.trafficFilter[0] ?? {};
  const destination = { ...(firstInterface(as) ?? { interfaceType: 'IP' }), dstIpAddress: rule.leadsTo };
  return {
    ...as,
    trafficFilter: [
      {
        ...filter,
        ...(rule.sources.length > 0 && { srcAddress: [...rule.sources] }),
        ...(rule.destinations.length > 0 && { dstAddress: [...rule.destinations] }),
      },
    ],
    dstInterface: Array.isArray(as.dstInterface) ? [destination] : destination,
    state: rule.active ? 'ACTIVE' : 'INACTIVE',
  };
}

const firstInterface = ({ dstInterface }: WireTrafficRule): DestinationInterface | undefined =>
  [dstInterface ?? []].flat()[0];

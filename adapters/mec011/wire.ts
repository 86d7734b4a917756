import type { z } from 'zod';
import { plainAddress } from '../../domain/endpoint.ts';
import { isIPv6, type DnsRule, type TrafficRule } from '../../domain/rule.ts';
import {
  DnsRule as WireDnsRule,
  dnsRules,
  TrafficRule as WireTrafficRule,
  trafficRules,
  type DestinationInterface,
} from '../../protocols/mec011/rule.ts';

/**
 * How one kind of rule is on the wire. What ours do not say of a rule stays as the platform has it.
 */
export interface Kind<R, W> {
  readonly collection: (instance: string) => string;
  readonly schema: z.ZodType<W>;
  readonly idOf: (wire: W) => string;
  /** Undefined: it leads nobody anywhere, or not in a way that we could turn. */
  readonly ruleOf: (wire: W) => R | undefined;
  readonly toWire: (rule: R, as: W) => W;
}

export const dns: Kind<DnsRule, WireDnsRule> = {
  collection: dnsRules,
  schema: WireDnsRule,
  idOf: ({ dnsRuleId }) => dnsRuleId,
  ruleOf: ({ dnsRuleId, domainName, ipAddress, ttl, state }) => ({
    kind: 'dns',
    id: dnsRuleId,
    name: domainName,
    address: plainAddress(ipAddress),
    ttl: secondsIn(ttl),
    active: state === 'ACTIVE',
  }),
  toWire: (rule, as) => ({
    ...as,
    ipAddressType: isIPv6(rule.address) ? 'IP_V6' : 'IP_V4',
    ipAddress: rule.address,
    state: rule.active ? 'ACTIVE' : 'INACTIVE',
  }),
};

export const traffic: Kind<TrafficRule, WireTrafficRule> = {
  collection: trafficRules,
  schema: WireTrafficRule,
  idOf: ({ trafficRuleId }) => trafficRuleId,
  ruleOf: (wire) => {
    const [filter, ...more] = wire.trafficFilter;
    const exit = onlyInterface(wire);
    if (!wire.action.startsWith('FORWARD_') || filter === undefined || more.length > 0) return undefined;
    if (exit === undefined) return undefined;
    return {
      kind: 'traffic',
      id: wire.trafficRuleId,
      sources: (filter.srcAddress ?? []).map(plainAddress),
      destinations: (filter.dstAddress ?? []).map(plainAddress),
      leadsTo: plainAddress(exit[wayOut(exit)] ?? ''),
      active: wire.state === 'ACTIVE',
      lists: { sources: Array.isArray(filter.srcAddress), destinations: Array.isArray(filter.dstAddress) },
    };
  },
  toWire: (rule, as) => {
    const { srcAddress: _sources, dstAddress: _destinations, ...filter } = as.trafficFilter[0] ?? {};
    const found = onlyInterface(as) ?? { interfaceType: 'IP' };
    const { [wayOut(found)]: _leadsTo, ...rest } = found;
    const exit = { ...rest, interfaceType: 'IP', ...(rule.leadsTo !== '' && { [wayOut(found)]: rule.leadsTo }) };
    const { sources, destinations, lists } = rule;
    return {
      ...as,
      trafficFilter: [
        {
          ...filter,
          ...((sources.length > 0 || lists?.sources === true) && { srcAddress: [...sources] }),
          ...((destinations.length > 0 || lists?.destinations === true) && { dstAddress: [...destinations] }),
        },
      ],
      dstInterface: Array.isArray(as.dstInterface) ? [exit] : exit,
      state: rule.active ? 'ACTIVE' : 'INACTIVE',
    };
  },
};

function secondsIn(ttl: unknown): number | null {
  const seconds =
    typeof ttl === 'number' || (typeof ttl === 'string' && ttl.trim() !== '') ? Math.ceil(Number(ttl)) : NaN;
  return Number.isSafeInteger(seconds) ? seconds : null;
}

/** A platform may show the rule as its descriptor has it (MEC 010-2), and takes it back so. */
const wayOut = ({ dstIpAddress, dstIPAddress }: DestinationInterface): 'dstIpAddress' | 'dstIPAddress' =>
  dstIpAddress == null && dstIPAddress != null ? 'dstIPAddress' : 'dstIpAddress';

/** Its way out, where it is one IP interface without a tunnel: the only one that we can turn. */
function onlyInterface({ dstInterface }: WireTrafficRule): DestinationInterface | undefined {
  const [exit, ...more] = [dstInterface ?? []].flat();
  return exit?.interfaceType === 'IP' && more.length === 0 && exit['tunnelInfo'] == null ? exit : undefined;
}

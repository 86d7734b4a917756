import { Router } from 'express';
import type { Faults } from '../faults.ts';
import type { Descriptor } from '../packages.ts';
import { dnsRulesOf, trafficRulesOf } from './descriptor-rules.ts';
import type { EtagKind } from './etag.ts';
import type { NetworkRules, PathRule } from './network-link.ts';
import { otherDnsRules, otherTrafficRules } from './other-rules.ts';
import { asked, RuleSet } from './rule-set.ts';
import { DnsRule, TrafficRule } from './rule-shapes.ts';

/** DNS and traffic rules of the instances on one platform (MEC 011, mec_app_support/v1). */
export class PlatformRules {
  readonly #dns: RuleSet<DnsRule>;
  readonly #traffic: RuleSet<TrafficRule>;

  constructor(etag: EtagKind) {
    this.#dns = new RuleSet(DnsRule, ['dnsRuleId', 'domainName'], etag, otherDnsRules);
    this.#traffic = new RuleSet(TrafficRule, ['trafficRuleId'], etag, otherTrafficRules);
  }

  admit(instance: string, descriptor: Descriptor, address: string): void {
    this.#dns.admit(instance, dnsRulesOf(descriptor, address));
    this.#traffic.admit(instance, trafficRulesOf(descriptor, address));
  }

  dismiss(instance: string): void {
    this.#dns.dismiss(instance);
    this.#traffic.dismiss(instance);
  }

  /** ACTIVE rules that the network can apply. It knows IPv4, and of actions the three that need no second path. */
  active(platform: string): NetworkRules {
    return {
      dns: active(this.#dns).flatMap(({ rule: { domainName, ipAddressType, ipAddress, ttl = null } }) =>
        ipAddressType === 'IP_V4' ? [{ name: asked(domainName), address: ipAddress, ttl }] : [],
      ),
      traffic: active(this.#traffic).flatMap(({ instance, rule }) =>
        paths(rule).map((path) => ({ id: `${platform}/${instance}/${rule.trafficRuleId}`, ...path })),
      ),
    };
  }

  state(): unknown {
    return { dns: this.#dns.state(), traffic: this.#traffic.state() };
  }

  routes(faults: Faults, tell: () => Promise<void>): Router {
    return Router()
      .use('/applications/:instance/dns_rules', this.#dns.routes(faults, tell))
      .use('/applications/:instance/traffic_rules', this.#traffic.routes(faults, tell));
  }
}

const active = <R extends { readonly state: string }>(rules: RuleSet<R>): { instance: string; rule: R }[] =>
  rules.told().filter(({ rule }) => rule.state === 'ACTIVE');

/** One for each filter. No destination, or an empty list of sources, matches nothing (ours). */
function paths({ priority, trafficFilter, action, dstInterface }: TrafficRule): Omit<PathRule, 'id'>[] {
  if (action !== 'FORWARD_DECAPSULATED' && action !== 'PASSTHROUGH' && action !== 'DROP') return [];
  const leadsTo = action === 'FORWARD_DECAPSULATED' ? [dstInterface ?? []].flat()[0]?.dstIpAddress : null;
  if (leadsTo === undefined || leadsTo?.includes(':')) return [];
  return trafficFilter
    .filter(({ srcAddress, dstAddress = [] }) => srcAddress?.length !== 0 && dstAddress.length > 0)
    .filter(({ srcAddress = [], dstAddress = [] }) => ![...srcAddress, ...dstAddress].some((one) => one.includes(':')))
    .map(({ srcAddress = [], dstAddress = [] }) => ({
      priority,
      sources: srcAddress,
      destinations: dstAddress,
      leadsTo,
      action,
    }));
}

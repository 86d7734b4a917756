import { Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { Descriptor } from '../packages.ts';
import type { EtagKind } from './etag.ts';
import type { NetworkRules } from './network-link.ts';
import { RuleSet } from './rule-set.ts';

const State = z.enum(['ACTIVE', 'INACTIVE']);
/** Single, with mask, or a range. */
const Addresses = z.array(z.string().regex(/^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2}|-(\d{1,3}\.){3}\d{1,3})?$/));

const DnsRule = z.looseObject({
  dnsRuleId: z.string(),
  domainName: z.string().min(1),
  ipAddressType: z.literal('IP_V4'),
  ipAddress: z.ipv4(),
  ttl: z.int().nonnegative().optional(),
  state: State,
});

const TrafficRule = z
  .looseObject({
    trafficRuleId: z.string(),
    filterType: z.enum(['FLOW', 'PACKET']),
    /** 0 is the highest. */
    priority: z.int().min(0).max(255),
    trafficFilter: z
      .array(z.looseObject({ srcAddress: Addresses.optional(), dstAddress: Addresses.optional() }))
      .min(1),
    /** Of the actions of MEC 011, those that the sandbox's user plane can do. */
    action: z.enum(['FORWARD_DECAPSULATED', 'PASSTHROUGH', 'DROP']),
    dstInterface: z.looseObject({ interfaceType: z.literal('IP'), dstIpAddress: z.ipv4() }).optional(),
    state: State,
  })
  .refine(({ action, dstInterface }) => (action === 'FORWARD_DECAPSULATED') === (dstInterface !== undefined), {
    message: 'one dstInterface with FORWARD_DECAPSULATED, none else',
  });

/** DNS and traffic rules of the instances on one platform (MEC 011, mec_app_support/v1). */
export class PlatformRules {
  readonly #dns: RuleSet<z.infer<typeof DnsRule>>;
  readonly #traffic: RuleSet<z.infer<typeof TrafficRule>>;

  constructor(etag: EtagKind) {
    this.#dns = new RuleSet(DnsRule, ['dnsRuleId', 'domainName'], etag);
    this.#traffic = new RuleSet(TrafficRule, ['trafficRuleId'], etag);
  }

  /** The rules of the descriptor, leading to the instance's own address. INACTIVE: they become ACTIVE by PUT alone (ours). */
  admit(instance: string, { appDNSRule = [], appTrafficRule = [] }: Descriptor, address: string): void {
    this.#dns.admit(
      instance,
      appDNSRule.map((rule) => ({ ...rule, ipAddress: address, state: 'INACTIVE' })),
    );
    this.#traffic.admit(
      instance,
      appTrafficRule.map(({ dstInterface, ...rule }) => ({
        ...rule,
        // MEC 010-2 says dstIPAddress, MEC 011 dstIpAddress
        ...(dstInterface !== undefined && { dstInterface: { interfaceType: 'IP', dstIpAddress: address } }),
        state: 'INACTIVE',
      })),
    );
  }

  dismiss(instance: string): void {
    this.#dns.dismiss(instance);
    this.#traffic.dismiss(instance);
  }

  /** ACTIVE rules as the network gets them. No destination, or an empty list of sources, matches nothing (ours). */
  active(platform: string): NetworkRules {
    return {
      dns: this.#dns
        .told()
        .filter(({ rule }) => rule.state === 'ACTIVE')
        .map(({ rule: { domainName, ipAddress, ttl = null } }) => ({ name: domainName, address: ipAddress, ttl })),
      traffic: this.#traffic
        .told()
        .filter(({ rule }) => rule.state === 'ACTIVE')
        .flatMap(({ instance, rule: { trafficRuleId, priority, trafficFilter, action, dstInterface } }) =>
          trafficFilter
            .filter(({ srcAddress, dstAddress = [] }) => srcAddress?.length !== 0 && dstAddress.length > 0)
            .map(({ srcAddress = [], dstAddress = [] }) => ({
              id: `${platform}/${instance}/${trafficRuleId}`,
              priority,
              sources: srcAddress,
              destinations: dstAddress,
              leadsTo: dstInterface?.dstIpAddress ?? null,
              action,
            })),
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

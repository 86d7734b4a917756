import { z } from 'zod';

/** Rules of a platform (MEC 011), whatever of them this platform's network can do. */

const State = z.enum(['ACTIVE', 'INACTIVE']);
/** Single, with mask, or a range; of either family. */
const Addresses = z.array(
  z.union([
    z.string().regex(/^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2}|-(\d{1,3}\.){3}\d{1,3})?$/),
    z.string().regex(/^[\da-f:]*:[\da-f:.]*(\/\d{1,3}|-[\da-f:.]+)?$/i),
  ]),
);

export const DnsRule = z
  .looseObject({
    dnsRuleId: z.string(),
    domainName: z.string().min(1),
    ipAddressType: z.enum(['IP_V4', 'IP_V6']),
    ipAddress: z.union([z.ipv4(), z.ipv6()]),
    ttl: z.int().nonnegative().optional(),
    state: State,
  })
  .refine(({ ipAddressType, ipAddress }) => (ipAddressType === 'IP_V6') === ipAddress.includes(':'), {
    message: 'ipAddress is not of its ipAddressType',
  });
export type DnsRule = z.infer<typeof DnsRule>;

const Interface = z.looseObject({
  interfaceType: z.enum(['TUNNEL', 'MAC', 'IP']),
  dstIpAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
});

/**
 * How many interfaces an action has (MEC 010-2, rule descriptor): PASSTHROUGH may name the one that
 * traffic leaves by.
 */
const INTERFACES = {
  FORWARD_DECAPSULATED: [1],
  FORWARD_ENCAPSULATED: [1],
  PASSTHROUGH: [0, 1],
  DROP: [0],
  DUPLICATE_DECAPSULATED: [1, 2],
  DUPLICATE_ENCAPSULATED: [1, 2],
};

export const TrafficRule = z
  .looseObject({
    trafficRuleId: z.string(),
    filterType: z.enum(['FLOW', 'PACKET']),
    /** 0 is the highest. */
    priority: z.int().min(0).max(255),
    trafficFilter: z
      .array(z.looseObject({ srcAddress: Addresses.optional(), dstAddress: Addresses.optional() }))
      .min(1),
    action: z.enum(Object.keys(INTERFACES) as (keyof typeof INTERFACES)[]),
    /** One object in the published files, an array in others: there can be two. */
    dstInterface: z.union([Interface, z.array(Interface).max(2)]).optional(),
    state: State,
  })
  .refine(({ action, dstInterface }) => INTERFACES[action].includes([dstInterface ?? []].flat().length), {
    message: 'one dstInterface with FORWARD_*, one or two with DUPLICATE_*, none with DROP',
  });
export type TrafficRule = z.infer<typeof TrafficRule>;

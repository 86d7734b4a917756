import { z } from 'zod';

/** MEC 011 V2.2.1, rules of one application instance. Loose: what we do not know goes back as it came. */
export const dnsRules = (appInstanceId: string): string =>
  `${applications}/${encodeURIComponent(appInstanceId)}/dns_rules`;
export const trafficRules = (appInstanceId: string): string =>
  `${applications}/${encodeURIComponent(appInstanceId)}/traffic_rules`;

const applications = '/mec_app_support/v1/applications';
const State = z.enum(['ACTIVE', 'INACTIVE']);

export const DnsRule = z.looseObject({
  dnsRuleId: z.string().min(1),
  domainName: z.string(),
  /** EdgeGallery's prose says IPv4, IPv6. */
  ipAddressType: z.string(),
  ipAddress: z.string(),
  /** Seconds, as a number to most. */
  ttl: z.unknown(),
  state: State,
});
export type DnsRule = z.infer<typeof DnsRule>;

const TrafficFilter = z.looseObject({
  srcAddress: z.array(z.string()).nullish(),
  dstAddress: z.array(z.string()).nullish(),
});

const DestinationInterface = z.looseObject({
  interfaceType: z.string(),
  dstIpAddress: z.string().nullish(),
  /** As MEC 010-2 spells it in descriptors. */
  dstIPAddress: z.string().nullish(),
});
export type DestinationInterface = z.infer<typeof DestinationInterface>;

export const TrafficRule = z.looseObject({
  trafficRuleId: z.string().min(1),
  /** Where it is left out there is nothing that it is narrowed to. */
  trafficFilter: z
    .array(TrafficFilter)
    .nullish()
    .transform((filters) => filters ?? []),
  action: z.string(),
  /** One object in the published files, an array where there may be two. */
  dstInterface: z.union([DestinationInterface, z.array(DestinationInterface)]).nullish(),
  state: State,
});
export type TrafficRule = z.infer<typeof TrafficRule>;

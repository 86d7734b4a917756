import { z } from 'zod';
import { OperatorId } from '../../domain/federation.ts';
import { ZoneDetails } from './zones.ts';

/** E/WBI, `/partner` (GSMA OPG.04), as it is served: what is asked is read tolerantly, what is answered is written strictly. */

const Text = z.string().max(2_000);
const Instant = z.iso.datetime({ offset: true });

/** Of each kind; what is asked for and what is told. */
export const CODES = 100;

export const MobileNetworkIds = z.object({
  mcc: z.string().regex(/^\d{3}$/),
  mncs: z.array(z.string().regex(/^\d{2,3}$/)).max(CODES),
});
export const FixedNetworkIds = z.array(z.string().max(100)).max(CODES);

/** Credentials for callbacks are not kept: we call partners as who we are at their authorization server. */
export const FederationRequest = z.object({
  origOPFederationId: Text,
  origOPMobileNetworkCodes: MobileNetworkIds.nullish(),
  origOPFixedNetworkCodes: FixedNetworkIds.nullish(),
  initialDate: Instant,
  partnerStatusLink: Text,
});

const ServiceEndpoint = z
  .strictObject({
    port: z.int().min(1).max(65_535),
    fqdn: z.string().optional(),
    ipv4Addresses: z.array(z.ipv4()).optional(),
    ipv6Addresses: z.array(z.ipv6()).optional(),
  })
  .refine(({ fqdn, ipv4Addresses, ipv6Addresses }) => fqdn ?? ipv4Addresses ?? ipv6Addresses);

export const FederationAnswer = z.strictObject({
  partnerOPFederationId: OperatorId,
  partnerOPCountryCode: z.string(),
  partnerOPMobileNetworkCodes: MobileNetworkIds,
  federationContextId: z.uuid(),
  platformCaps: z.array(z.enum(['homeRouting', 'Anchoring'])),
  edgeDiscoveryServiceEndPoint: ServiceEndpoint,
  lcmServiceEndPoint: ServiceEndpoint,
  offeredAvailabilityZones: z.array(ZoneDetails),
});
export type FederationAnswer = z.infer<typeof FederationAnswer>;

/** To GET and PATCH. */
export const FederationState = z.strictObject({
  edgeDiscoveryServiceEndPoint: ServiceEndpoint,
  lcmServiceEndPoint: ServiceEndpoint,
  allowedMobileNetworkIds: MobileNetworkIds.optional(),
  allowedFixedNetworkIds: FixedNetworkIds.optional(),
  offeredAvailabilityZones: z.array(ZoneDetails),
});
export type FederationState = z.infer<typeof FederationState>;

/** Codes are added and removed as the members say; `operationType` says it once more. */
export const FederationChange = z.object({
  objectType: z.enum(['MOBILE_NETWORK_CODES', 'FIXED_NETWORK_CODES']),
  operationType: z.enum(['ADD_CODES', 'REMOVE_CODES', 'UPDATE_CODES']),
  addMobileNetworkIds: MobileNetworkIds.nullish(),
  removeMobileNetworkIds: MobileNetworkIds.nullish(),
  addFixedNetworkIds: FixedNetworkIds.nullish(),
  removeFixedNetworkIds: FixedNetworkIds.nullish(),
  modificationDate: Instant,
});
export type FederationChange = z.infer<typeof FederationChange>;

/** OpenOP 1.2.0, with its capital F. */
export const ContextFound = z.strictObject({ FederationContextId: z.uuid() });

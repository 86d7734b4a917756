import { z } from 'zod';

/** An operator among operators: the `origOPFederationId` and `partnerOPFederationId` of E/WBI. */
export const OperatorId = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,62}[a-z0-9])?$/,
    'lower-case letters, digits and dashes between them, at most 64 (E/WBI, FederationIdentifier)',
  );

/** Whom a client credential may ask for (OAuth 2.0); who asks for the first of a pair may do what the second allows too. */
export const scopes = ['fed_enablement', 'fed_enablement:read', 'mfm', 'fed-mgmt', 'mff', 'mpp'] as const;
export type FederationScope = (typeof scopes)[number];

/** An agreement is directed: we `uses` what they serve, or `serves` what they use. */
export const directions = ['uses', 'serves'] as const;
export type Direction = (typeof directions)[number];

/** What one side wants of a direction, and enforces alone. It outlives agreements: leaving and joining again undoes none. */
export const wills = ['open', 'suspended', 'ended'] as const;
export type Will = (typeof wills)[number];

/** Why everything with a partner ends that was taken out of the configuration. */
export const NOT_NAMED = 'the configuration does not name it any more';

/** What our operator says to a partner, for one direction or both. */
export const federationCommands = ['join', 'suspend', 'resume', 'leave'] as const;
export type FederationCommand = (typeof federationCommands)[number];

/** A MEC system, as MEC 040 has it (SystemInfo), and who operates it. */
export interface MemberSystem {
  readonly systemId: string;
  readonly systemName: string;
  readonly systemProvider: string;
  readonly operator: string;
}

import { defineSearchAttributeKey } from '@temporalio/common';

/** By these an operator finds runs in the Temporal UI. Set once at the start; `FerryOutcome` when it parks or ends. */
export const searchAttributes = {
  application: defineSearchAttributeKey('FerryApplication', 'KEYWORD'),
  direction: defineSearchAttributeKey('FerryDirection', 'KEYWORD'),
  source: defineSearchAttributeKey('FerrySource', 'KEYWORD'),
  target: defineSearchAttributeKey('FerryTarget', 'KEYWORD'),
  /** Digest of the Idempotency-Key. */
  key: defineSearchAttributeKey('FerryKey', 'KEYWORD'),
  /** `parked`, then an Outcome of domain/relocation.ts. */
  outcome: defineSearchAttributeKey('FerryOutcome', 'KEYWORD'),
  /** The evacuation that a relocation is part of, by its id. */
  evacuation: defineSearchAttributeKey('FerryEvacuation', 'KEYWORD'),
  /** Of a federation. */
  partner: defineSearchAttributeKey('FerryPartner', 'KEYWORD'),
  /** The sandbox's world, where there is one. */
  world: defineSearchAttributeKey('FerryWorld', 'KEYWORD'),
} as const;

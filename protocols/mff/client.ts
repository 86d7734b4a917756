import { z } from 'zod';
import { OperatorId, wills } from '../../domain/federation.ts';
import { kept, keptEntries } from '../../domain/kept.ts';

/** What a partner answers to our extension of Mff-fed. Members that are not known are ignored. */

export const base = '/mff/v1';

export const RelationAnswer = z.object({
  role: z.enum(['manager', 'broker']).catch('manager'),
  will: z.enum(wills),
  version: kept(63).catch(''),
  assurance: keptEntries(20, 63).catch([]),
  gateway: kept(500).nullish().catch(null),
  systemsTag: kept(200).or(z.literal('')),
  zonesTag: kept(200).nullish().catch(null),
});

/** Ids are anybody's; of two names together an index has to hold more than of one. */
const Text = kept(500);
const Called = kept(255);

/** Believed of brokers only. */
const Operator = OperatorId.nullish().catch(null);

export const SystemAnswer = z.object({
  system: Text,
  name: Called,
  provider: Called,
  operator: Operator,
  meo: Text.nullish().catch(null),
});
export type SystemAnswer = z.infer<typeof SystemAnswer>;

const Counted = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .nullish()
  .catch(null);

/** How far an answer may be believed. What is not told is not believed for long. */
const Answered = {
  complete: z.boolean().catch(false),
  validSeconds: z.number().int().min(1).max(86_400).catch(1),
};

/** Entries are judged one by one: one that does not fit is passed over. */
const Entries = z.array(z.unknown()).max(10_000);

export const SystemsAnswer = z.object({ ...Answered, systems: Entries });
export const FoundSystemAnswer = z.object({
  system: Text,
  operator: Operator,
  devices: z.array(Text).max(20).catch([]),
});

export const PlatformsAnswer = z.object({ ...Answered, platforms: Entries });
export const FoundPlatformAnswer = z.object({
  platform: Text,
  system: Text,
  operator: Operator,
  zone: z
    .object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
    .nullish()
    .catch(null),
  offers: Entries,
});
export const FoundOfferAnswer = z.object({
  offer: Text,
  kind: z.enum(['service', 'application']),
  name: Text,
  version: Text.catch(''),
  state: Text,
  transport: Text.catch(''),
  serializer: Text.catch(''),
  latencyMs: Counted,
  bandwidthKbps: Counted,
});

/** The problem type of a 403 that says that the partner has suspended us. */
export const SUSPENDED = 'urn:ferry:federation:suspended';

/** The problem type of a 409 that says that the question has been there before. */
export const LOOP = 'urn:ferry:federation:loop';

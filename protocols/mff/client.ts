import { z } from 'zod';
import { wills } from '../../domain/federation.ts';

/** What a partner answers to our extension of Mff-fed. Members that are not known are ignored. */

export const base = '/mff/v1';

export const RelationAnswer = z.object({
  role: z.enum(['manager', 'broker']).catch('manager'),
  will: z.enum(wills),
  version: z.string().catch(''),
  assurance: z.array(z.string()).catch([]),
  gateway: z.string().max(500).nullish().catch(null),
  systemsTag: z.string().max(200),
});

const Text = z.string().min(1).max(500);

/** `operator` of an answer is believed of brokers only. */
export const SystemAnswer = z.object({
  system: Text,
  name: Text,
  provider: Text,
  operator: Text.nullish().catch(null),
  meo: Text.nullish().catch(null),
});
export type SystemAnswer = z.infer<typeof SystemAnswer>;

/** The problem type of a 403 that says that the partner has suspended us. */
export const SUSPENDED = 'urn:ferry:federation:suspended';

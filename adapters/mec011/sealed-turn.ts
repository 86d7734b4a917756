import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Seal } from '../../domain/seal.ts';
import type { Turn } from '../../domain/turn.ts';

const Rule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('dns'),
    id: z.string(),
    name: z.string(),
    address: z.string(),
    ttl: z.number().nullable(),
    active: z.boolean(),
  }),
  z.object({
    kind: z.literal('traffic'),
    id: z.string(),
    sources: z.array(z.string()),
    destinations: z.array(z.string()),
    leadsTo: z.string(),
    active: z.boolean(),
    lists: z.object({ sources: z.boolean(), destinations: z.boolean() }).exactOptional(),
  }),
]);

const SealedTurn: z.ZodType<Turn> = z.object({
  instance: z.string(),
  own: z.string(),
  source: z.string(),
  led: z.array(z.string()),
  changes: z.array(z.object({ before: Rule, after: Rule, passed: z.array(Rule) })),
});

export function opened(seal: Seal, sealed: string): Turn {
  try {
    return SealedTurn.parse(JSON.parse(seal.open(sealed)));
  } catch {
    throw failure(
      'ReceiptUnreadable',
      'what the relocation keeps of the rules that it found cannot be read with this FERRY_SECRET',
    );
  }
}

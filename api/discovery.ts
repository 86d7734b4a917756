import { z } from 'zod';
import { Failure } from '../domain/relocation.ts';
import { Asked, By, Wish } from '../domain/wish.ts';

/** What a question to the federation is answered with. The OpenAPI document is generated from it. */

export const DiscoveryRequest = z
  .discriminatedUnion('find', [
    z.strictObject({ find: z.literal('systems'), by: By }),
    z.strictObject({ find: z.literal('platforms'), wish: Wish }),
  ])
  .meta({
    id: 'DiscoveryRequest',
    description: 'Members of the federation (GR MEC 035, 6.3), or platforms with what they offer (6.4).',
  });
export type DiscoveryRequest = z.infer<typeof DiscoveryRequest>;

const Whose = {
  operator: z.string(),
  partner: z.string().nullable().meta({ description: 'Who told of it; null: it is ours.' }),
};

const SystemFound = z
  .object({
    system: z.string().meta({ description: 'Its id at this federator.' }),
    name: z.string(),
    provider: z.string(),
    ...Whose,
  })
  .meta({ id: 'SystemFound' });

const OfferFound = z
  .object({
    offer: z.string(),
    kind: z.enum(['service', 'application']),
    name: z.string(),
    version: z.string(),
    state: z.string(),
    transport: z.string().nullable(),
    serializer: z.string().nullable(),
    latencyMs: z.number().nullable().meta({ description: 'As its operator declares it.' }),
    achievableMs: z.number().nullable().meta({ description: 'With the way to its operator.' }),
    bandwidthKbps: z.number().nullable(),
  })
  .meta({ id: 'OfferFound' });

const PlatformFound = z
  .object({
    platform: z.string().meta({ description: 'Its id at this federator.' }),
    system: z.string(),
    systemName: z.string(),
    ...Whose,
    place: z.object({ lat: z.number(), lon: z.number(), km: z.number().nullable() }).nullable(),
    offers: z.array(OfferFound),
  })
  .meta({ id: 'PlatformFound' });

export const DiscoveryFound = z
  .object({
    id: z.string().nullable().meta({ description: 'Null: the catalogue knew, and nobody was asked.' }),
    state: z.enum(['working', 'ended', 'failed']),
    query: DiscoveryRequest,
    complete: z
      .boolean()
      .nullable()
      .meta({ description: 'Has whoever may be asked answered in full? Null: that is not known yet.' }),
    asked: z.array(Asked).meta({ description: 'Partners that were asked for it, and what became of it.' }),
    systems: z.array(SystemFound).meta({ description: 'What is known now; empty where platforms were looked for.' }),
    platforms: z.array(PlatformFound).meta({ description: 'Likewise. The first of them are the most suitable ones.' }),
    failure: z.object({ type: Failure, message: z.string() }).nullable(),
  })
  .meta({ id: 'Discovery' });
export type DiscoveryFound = z.infer<typeof DiscoveryFound>;

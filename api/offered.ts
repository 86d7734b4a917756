import { z } from 'zod';
import { Instant, NextPage } from './resources.ts';

/** What members of the federation have, as our own network is told it. */
const Told = {
  id: z.string().meta({ description: 'Ours, also of what a partner tells of.' }),
  operator: z.string(),
  partner: z.string().nullable().meta({ description: 'Who told of it; null: it is ours.' }),
  lat: z.number().nullable(),
  lon: z.number().nullable(),
  latencyMs: z.number().nullable().meta({ description: 'As declared; null: nobody has said.' }),
  seenAt: Instant,
};

/** A service, or an instance of an application, that others may use. */
export const OfferSeen = z
  .object({
    ...Told,
    kind: z.enum(['service', 'application']),
    name: z.string(),
    version: z.string(),
    state: z.enum(['ACTIVE', 'INACTIVE', 'SUSPENDED']),
    application: z
      .string()
      .nullable()
      .meta({ description: 'Of a service, which application produces it; of an application its appDId.' }),
    provider: z.string().nullable(),
    category: z.string().nullable(),
    transport: z.string().nullable(),
    serializer: z.string().nullable(),
    bandwidthKbps: z.number().nullable(),
    system: z.object({ id: z.string(), name: z.string() }),
    platform: z.string().meta({ description: "Of ours the host's id at its MEO; of a partner's its id there." }),
  })
  .meta({ id: 'Offer' });
export type OfferSeen = z.infer<typeof OfferSeen>;

export const OfferList = z.object({ offers: z.array(OfferSeen), next: NextPage }).meta({ id: 'OfferList' });
export type OfferList = z.infer<typeof OfferList>;

/** Where hosts are. */
export const ZoneSeen = z
  .object({
    ...Told,
    zone: z.string().meta({ description: 'Of ours as configured or told by its MEO; of a partner its id there.' }),
    system: z.string().nullable().meta({ description: 'Null: the partner does not say.' }),
    country: z.string().nullable(),
    details: z.string(),
    compute: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'What there is to run on, in the words of its MEO.' }),
    accepted: z.boolean().nullable().meta({ description: 'Have we taken it of the partner? Null: it is ours.' }),
  })
  .meta({ id: 'Zone' });
export type ZoneSeen = z.infer<typeof ZoneSeen>;

export const ZoneList = z.object({ zones: z.array(ZoneSeen), next: NextPage }).meta({ id: 'ZoneList' });
export type ZoneList = z.infer<typeof ZoneList>;

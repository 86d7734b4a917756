import { z } from 'zod';
import { Tag } from '../../domain/wish.ts';

/** Mfm-fed beyond MEC 040, our extension: what a MEO tells of its system (GR MEC 035, [5.5.2-1]). */
export const base = '/mfm/v1';

/** What a database keeps and a terminal shows. */
const Line = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters');
export const Text = Line.min(1);
const Measure = z.number().nonnegative().max(1e12);

const Zone = z
  .object({
    zone: Text.meta({ description: 'As in `sites.*.zone.id`, or one of your own.' }),
    lat: z.number().min(-90).max(90),
    lon: z.number().min(-180).max(180),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'is no country such as DE (ISO 3166-1)')
      .optional(),
    details: z.string().max(200).optional(),
    compute: z.record(z.string(), z.json()).optional().meta({ description: 'What there is to run on, in your words.' }),
    latencyMs: Measure.optional(),
  })
  .meta({ id: 'InventoryZone' });

export const Offer = z
  .object({
    kind: z.enum(['service', 'application']),
    id: Text.meta({ description: 'serInstanceId (MEC 011), or the instance (MEC 010-2).' }),
    name: Text,
    version: Line,
    application: Text.optional().meta({ description: 'Which one produces the service; of an application its appDId.' }),
    provider: Text.optional(),
    category: Text.optional(),
    state: z.enum(['ACTIVE', 'INACTIVE', 'SUSPENDED']),
    transport: Text.optional().meta({ description: 'As in MEC 011: REST_HTTP is what is carried to others.' }),
    serializer: Text.optional(),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'is no http or https URL' })
      .max(2_000)
      .optional(),
    consumedLocalOnly: z.boolean().optional().meta({ description: 'True: nobody else is told of it.' }),
    latencyMs: Measure.optional(),
    bandwidthKbps: Measure.optional(),
  })
  .meta({ id: 'InventoryOffer' });
export type Offer = z.infer<typeof Offer>;

export const Platform = z
  .object({
    platform: Text.meta({ description: "The host's id, as in `sites.*.host`." }),
    zone: Text.optional(),
    offers: z.array(Offer).max(10_000),
  })
  .meta({ id: 'InventoryPlatform' });
export type Platform = z.infer<typeof Platform>;

const OFFERS = 50_000;

/** One document: what is not in it any more is not there any more. */
export const Inventory = z
  .object({ zones: z.array(Zone).max(1_000), platforms: z.array(Platform).max(2_000) })
  .superRefine(({ zones, platforms }, context) => {
    const twice = (names: readonly string[], ...path: PropertyKey[]): void => {
      const at = names.findIndex((name, nth) => names.indexOf(name) < nth);
      if (at >= 0) context.addIssue({ code: 'custom', path: [...path, at], message: `${names[at]} is there twice` });
    };
    twice(namesOf(zones, 'zone'), 'zones');
    twice(namesOf(platforms, 'platform'), 'platforms');
    for (const [nth, { offers }] of platforms.entries()) {
      const seen = new Set<string>();
      for (const [at, { kind, id }] of offers.entries()) {
        const key = `${kind} ${id}`;
        if (seen.has(key))
          context.addIssue({
            code: 'custom',
            path: ['platforms', nth, 'offers', at, 'id'],
            message: `${key} is there twice`,
          });
        seen.add(key);
      }
    }
    if (platforms.reduce((sum, { offers }) => sum + offers.length, 0) > OFFERS)
      context.addIssue({ code: 'custom', path: ['platforms'], message: `has more than ${OFFERS} offers` });
  })
  .meta({ id: 'Inventory' });
export type Inventory = z.infer<typeof Inventory>;

const namesOf = <Member extends string>(all: readonly Record<Member, string>[], member: Member): string[] =>
  all.map((one) => one[member]);

const DAY = 86_400;

/** A device that the system serves now. */
export const Device = z
  .object({
    platform: Text.optional(),
    application: Text.optional(),
    expiresInSeconds: z.int().positive().max(DAY),
  })
  .meta({ id: 'InventoryDevice' });
export type Device = z.infer<typeof Device>;
export { Tag };

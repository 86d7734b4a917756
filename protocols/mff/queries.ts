import { z } from 'zod';
import { OperatorId } from '../../domain/federation.ts';
import * as wish from '../../domain/wish.ts';

/** What one federator asks another, and is answered (GR MEC 035, 6.3.1, 6.4.3): members that are not known are ignored. */

/** Offers that are answered at most: whoever wants others says more of what he wishes. */
export const MOST_OFFERS = 200;

/** Systems that are answered at most. */
export const MOST_SYSTEMS = 1_000;

const tolerant = <Shape extends z.ZodRawShape>({ shape }: { shape: Shape }): z.ZodObject<Shape> => z.object(shape);

const By = z
  .union([
    z.object({ application: wish.Tag }),
    z.object({ service: wish.Tag }),
    z.object({ devices: z.array(wish.Tag).min(1).max(20) }),
    z.object({ system: z.uuid() }),
  ])
  .meta({
    description: 'By an application, a service, devices (ueIdentityTag of MEC 014), or an id under this agreement.',
  });

const Wish = z.object({
  ...wish.Wish.shape,
  what: tolerant(wish.What),
  where: tolerant(wish.Place).optional(),
  kpi: tolerant(wish.Kpi).optional(),
});

const question = {
  message: z.uuid().meta({ description: 'Of this question: the same when it is repeated.' }),
  via: wish.Via,
};

export const SystemQuery = z.object({ ...question, by: By }).meta({ id: 'SystemQuery' });
export const PlatformQuery = z.object({ ...question, wish: Wish }).meta({ id: 'PlatformQuery' });

const answered = {
  complete: z.boolean().meta({ description: 'Whoever had to be asked has answered, and nothing was left out.' }),
  validSeconds: z.int().positive().meta({ description: 'So long the answer holds.' }),
};

export const SystemsAnswered = z
  .object({
    systems: z.array(
      z.object({
        system: z.uuid().meta({ description: 'As in `systems`.' }),
        operator: OperatorId,
        devices: z.array(z.string()).optional().meta({ description: 'Of those asked for, the ones that it serves.' }),
      }),
    ),
    ...answered,
  })
  .meta({ id: 'SystemsAnswered' });
export type SystemsAnswered = z.infer<typeof SystemsAnswered>;

const Offer = z
  .object({
    offer: z.uuid(),
    kind: z.enum(['service', 'application']),
    name: z.string(),
    version: z.string(),
    state: z.string(),
    transport: z.string(),
    serializer: z.string(),
    latencyMs: z.int().optional().meta({ description: 'As declared, within this operator’s network.' }),
    bandwidthKbps: z.int().optional(),
  })
  .meta({ id: 'Offer' });

export const PlatformsAnswered = z
  .object({
    platforms: z.array(
      z.object({
        platform: z.uuid(),
        system: z.uuid(),
        operator: OperatorId,
        zone: z.object({ lat: z.number(), lon: z.number() }).optional().meta({ description: 'Where that is told.' }),
        offers: z.array(Offer),
      }),
    ),
    policy: z.object({
      scope: z.string().meta({ description: 'Of the token with which an offer is used.' }),
      atOnce: z.int().meta({ description: 'Requests under way at most.' }),
    }),
    ...answered,
  })
  .meta({ id: 'PlatformsAnswered' });
export type PlatformsAnswered = z.infer<typeof PlatformsAnswered>;

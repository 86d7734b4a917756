import { z } from 'zod';
import { Name } from '../../domain/name.ts';
import { Accept } from '../../domain/relocation.ts';
import { Placement, PlacementRequest } from '../../domain/placement.ts';
import type { Table } from '../serve.ts';

export const mx1Base = '/mx1/v1';

const Cloud = z.strictObject({ cloud: Name.meta({ description: 'The cloud that asks, as its site is named.' }) });
const Users = Cloud.extend({
  application: Name,
  users: z.union([z.literal('*'), Name]).meta({ description: 'One by its ueIdentityTag, or `*`: all.' }),
});
const Question = z.strictObject({
  application: Name,
  users: PlacementRequest.shape.users,
  near: z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }).optional(),
  kpi: PlacementRequest.shape.kpi,
  accept: Accept.optional(),
});

export const PlaceFound = z
  .object({
    zone: z.string(),
    details: z.string(),
    lat: z.number(),
    lon: z.number(),
    country: z.string().nullable(),
    ...Placement.pick({
      present: true,
      possible: true,
      guarantee: true,
      expectedFreezeMs: true,
      latencyMs: true,
      kpi: true,
      distanceKm: true,
    }).shape,
  })
  .meta({ id: 'PlaceFound' });

/** `cloud`: back to whoever asks. */
export const Wanted = z
  .union([
    z.strictObject({ zone: Name, accept: Accept.optional() }),
    z.strictObject({ cloud: z.literal(true), accept: Accept.optional() }),
  ])
  .meta({ id: 'Wanted' });

export const Served = z
  .object({
    zone: z.string().nullable().meta({ description: 'Where these users are served; null: in no zone.' }),
    cloud: z.boolean().meta({ description: 'They are served in the cloud that asks.' }),
    move: z
      .object({
        zone: z.string().nullable(),
        cloud: z.boolean(),
        state: z.enum(['underWay', 'moved', 'notMoved']),
        startedAt: z.string(),
        endedAt: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The last move from there that was begun; null: none.' }),
  })
  .meta({ id: 'Served' });
export type Served = z.infer<typeof Served>;

const usual = { scope: 'ferry', asksTemporal: true, failures: [] } as const;
const place = '/clouds/{cloud}/applications/{application}/users/{users}/place';
const now = { description: 'Where they are, and the move under way.', schema: Served };
const refusals = { 404: 'There is no such cloud, application, user or zone.', 409: 'It is not possible now.' };

/** Mx1: what a cloud, and what runs there, asks through the OSS (GR MEC 035, 5.3). No document publishes it. */
export const cloudsTable = {
  findPlaces: {
    ...usual,
    method: 'post',
    path: '/clouds/{cloud}/placements',
    summary: 'Which places fit an application, and whether they are available ([5.3.2-1], [5.3.2-2])',
    params: Cloud,
    body: Question,
    answers: { 200: { description: 'The best first.', schema: z.object({ places: z.array(PlaceFound) }) } },
    refusals,
  },
  showPlace: {
    ...usual,
    method: 'get',
    path: place,
    summary: 'Where users are served',
    params: Users,
    answers: { 200: now },
    refusals,
  },
  choosePlace: {
    ...usual,
    method: 'put',
    path: place,
    summary: 'Be served in a place of the MEC systems, or back in the cloud ([5.3.2-5], [5.3.2-6])',
    description: 'Users who are there, or on the way there, are not moved: asked again it is the same.',
    params: Users,
    body: Wanted,
    answers: { 200: { ...now, description: 'They are there.' }, 202: { ...now, description: 'They are on the way.' } },
    refusals: { ...refusals, 403: 'Another cloud serves them.' },
  },
} as const satisfies Table;
export type CloudsTable = typeof cloudsTable;

import { z } from 'zod';
import { kilometres } from './earth.ts';
import type { Guaranteed } from './guarantee.ts';
import { Name, Names } from './name.ts';
import { Accept, Guarantee, Plan, RelocationRequest } from './relocation.ts';

/** Which sites fit the users of an application, and which fits best (GR MEC 035, [5.3.2-1], [5.3.2-2], [5.4.2-1]). Pure. */

/** So many sites are looked at for one question: each is a whole step 1 at its peers. */
export const MOST_SITES = 20;

const Somewhere = z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });

export const PlacementRequest = z
  .strictObject({
    application: RelocationRequest.shape.application,
    users: RelocationRequest.shape.users,
    from: Name.optional().meta({
      description: 'The site that serves these users now; without it every site is asked.',
      example: 'cloud',
    }),
    near: z
      .union([z.strictObject({ network: Name }), Somewhere])
      .optional()
      .meta({
        description: 'Where the users are: in an access network, or at a place on earth (degrees, WGS 84).',
        example: { network: 'cellular' },
      }),
    kpi: z
      .strictObject({ latencyMs: z.number().positive().max(60_000) })
      .optional()
      .meta({ description: 'What the users need, against what sites declare as their latency.' }),
    among: Names(MOST_SITES)
      .optional()
      .meta({ description: `These sites only; without it the ${MOST_SITES} that are nearest.` }),
    accept: Accept.optional(),
  })
  .meta({ id: 'PlacementRequest' });
export type PlacementRequest = z.infer<typeof PlacementRequest>;

export const Placement = z
  .object({
    site: z.string(),
    system: z.string().meta({ description: 'The MEC system; of a cloud its own name.' }),
    network: z.string().nullable().meta({ description: 'The access network that it serves; null: a cloud.' }),
    present: z.boolean().meta({ description: 'It serves these users now: nothing would be moved.' }),
    possible: z.boolean(),
    obstacles: Plan.shape.obstacles,
    guarantee: Guarantee.nullable().meta({ description: 'Of the move there; null: nothing is moved.' }),
    expectedFreezeMs: z.int().nullable(),
    latencyMs: z
      .number()
      .nullable()
      .meta({ description: 'From its users to it, as its zone declares; null: it does not.' }),
    kpi: z
      .enum(['met', 'missed', 'unknown'])
      .nullable()
      .meta({ description: 'Null: nothing was asked for. `unknown`: it declares no latency.' }),
    near: z.boolean().nullable().meta({ description: 'It serves the network that was named; null: none was.' }),
    distanceKm: z
      .number()
      .nullable()
      .meta({ description: 'To the place that was named, or null where that, or where the site is, is not known.' }),
  })
  .meta({ id: 'Placement' });
export type Placement = z.infer<typeof Placement>;

export const PlacementList = z
  .object({
    placements: z.array(Placement).meta({ description: 'The best one first.' }),
    notLookedAt: z.array(z.string()).meta({ description: 'Sites that were too far down the list to be asked.' }),
  })
  .meta({ id: 'PlacementList' });
export type PlacementList = z.infer<typeof PlacementList>;

/** What of a site is known before it is asked. */
export interface Locality {
  readonly site: string;
  readonly network: string | null;
  readonly zone: { readonly lat: number; readonly lon: number; readonly latencyMs?: number | undefined } | null;
}

export type Nearness = Pick<Placement, 'near' | 'distanceKm' | 'latencyMs' | 'kpi'>;

export function nearnessOf({ network, zone }: Locality, { near, kpi }: PlacementRequest): Nearness {
  const latencyMs = zone?.latencyMs ?? null;
  const met = latencyMs === null ? 'unknown' : latencyMs <= (kpi?.latencyMs ?? 0) ? 'met' : 'missed';
  return {
    near: near !== undefined && 'network' in near ? network === near.network : null,
    distanceKm: near !== undefined && 'lat' in near && zone !== null ? Math.round(kilometres(near, zone)) : null,
    latencyMs,
    kpi: kpi === undefined ? null : met,
  };
}

/** Before anybody is asked: those that are named, else the nearest; `from` is always among them. */
export function candidates(
  sites: readonly Locality[],
  request: PlacementRequest,
  from: string,
): { readonly asked: readonly string[]; readonly notLookedAt: readonly string[] } {
  const { among } = request;
  const named = among === undefined ? sites : sites.filter(({ site }) => among.includes(site) || site === from);
  const order = named
    .map((one) => ({ site: one.site, ...nearnessOf(one, request) }))
    .toSorted((a, b) => Number(b.site === from) - Number(a.site === from) || byNearness(a, b) || byName(a, b))
    .map(({ site }) => site);
  const most = among === undefined ? MOST_SITES : MOST_SITES + 1;
  return { asked: order.slice(0, most), notLookedAt: order.slice(most) };
}

/** The best first: possible, what is promised, near, its latency; where nothing is better by these, who stays has it. */
export const ranked = (found: readonly Placement[]): readonly Placement[] =>
  found.toSorted(
    (a, b) =>
      Number(b.possible) - Number(a.possible) ||
      weakness(a) - weakness(b) ||
      byNearness(a, b) ||
      Number(b.present) - Number(a.present) ||
      byName(a, b),
  );

const WEAKNESS: Readonly<Record<Guaranteed, number>> = { zeroLoss: 0, stateless: 0, applicationOwn: 1, none: 2 };
const weakness = ({ guarantee }: Placement): number => (guarantee === null ? 0 : WEAKNESS[guarantee]);

const KPI = { met: 0, unknown: 1, missed: 2 } as const;

function byNearness(a: Nearness, b: Nearness): number {
  const kpi = KPI[a.kpi ?? 'met'] - KPI[b.kpi ?? 'met'];
  return (
    kpi ||
    Number(b.near ?? false) - Number(a.near ?? false) ||
    least(a.distanceKm, b.distanceKm) ||
    least(a.latencyMs, b.latencyMs)
  );
}

/** What is not known comes last. */
const least = (a: number | null, b: number | null): number => {
  const [first, second] = [a ?? Infinity, b ?? Infinity];
  return first === second ? 0 : first - second;
};

const byName = (a: { readonly site: string }, b: { readonly site: string }): number => (a.site < b.site ? -1 : 1);

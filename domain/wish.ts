import { z } from 'zod';
import { OperatorId } from './federation.ts';
import { Name } from './name.ts';

/** What is looked for in a federation, by whom, and what became of the question (GR MEC 035, 6.3 and 6.4). */

/** A service, or an application that others may use: by its name, or as its descriptor has it (appDId). */
export const What = z
  .strictObject({
    kind: z.enum(['service', 'application']),
    name: Name.meta({ example: 'speech' }),
    version: z.string().min(1).max(63).optional(),
    of: Name.optional().meta({ description: 'The application that produces the service (6.5.3, steps 1 to 4).' }),
  })
  .meta({ id: 'What' });
export type What = z.infer<typeof What>;

export const Place = z
  .strictObject({
    lat: z.number().min(-90).max(90),
    lon: z.number().min(-180).max(180),
    withinKm: z.number().positive().max(20_040).meta({ description: 'No further from there than this.' }),
  })
  .meta({ id: 'Place' });
export type Place = z.infer<typeof Place>;

/** What is unknown of an offer does not satisfy it. */
export const Kpi = z
  .strictObject({
    latencyMs: z.int().positive().optional().meta({ description: 'At most.' }),
    bandwidthKbps: z.int().positive().optional().meta({ description: 'At least.' }),
  })
  .meta({ id: 'Kpi' });
export type Kpi = z.infer<typeof Kpi>;

export const Wish = z
  .strictObject({
    what: What,
    forApplication: Name.optional().meta({ description: 'Which application is to use it.' }),
    where: Place.optional(),
    kpi: Kpi.optional(),
  })
  .meta({ id: 'Wish' });
export type Wish = z.infer<typeof Wish>;

/** A device, by its ueIdentityTag (MEC 014); never by a subscriber's number. */
export const Tag = Name;

/** Members of a federation: that have an application or a service (TYPE-1), serve devices (TYPE-2), or one (TYPE-3). */
export const By = z
  .union([
    z.strictObject({ application: Name }),
    z.strictObject({ service: Name }),
    z.strictObject({ devices: z.array(Tag).min(1).max(20) }),
    z.strictObject({ system: z.uuid() }),
  ])
  .meta({ id: 'By' });
export type By = z.infer<typeof By>;

/** What a discovery finds: members (6.3), or platforms with their offers (6.4). */
export type Query = { readonly find: 'systems'; readonly by: By } | { readonly find: 'platforms'; readonly wish: Wish };

/** By which way a question comes: from whom, through whom, how much further it may go, and how long it is waited for. */
export const Via = z
  .object({
    origin: OperatorId,
    visited: z.array(OperatorId).max(8),
    hops: z.int().min(0).max(4),
    patienceMs: z.int().min(500).max(30_000),
  })
  .meta({ id: 'Via' });
export type Via = z.infer<typeof Via>;

/** What became of the question at a partner. Found: what it has answered with. */
export const Asked = z
  .strictObject({ partner: Name, said: z.enum(['answered', 'refused', 'silent']), found: z.int().min(0) })
  .meta({ id: 'Asked' });
export type Asked = z.infer<typeof Asked>;

/** Complete: whoever may be asked has answered in full. What was found is in the catalogue. */
export const Discovery = z.strictObject({ found: z.int().min(0), complete: z.boolean(), asked: z.array(Asked) });
export type Discovery = z.infer<typeof Discovery>;

/** The same for the same question, however its members are ordered, and in whatever order devices are named. */
export function textOf(query: Query): string {
  if (query.find === 'systems') {
    const by = By.parse(query.by);
    const devices = 'devices' in by ? { devices: [...new Set(by.devices)].toSorted() } : by;
    return `systems ${JSON.stringify(devices)}`;
  }
  return `platforms ${JSON.stringify(Wish.parse(query.wish))}`;
}

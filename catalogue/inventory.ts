import { type RawBuilder, sql, type Transaction } from 'kysely';
import { type Catalogue, inOne } from './database.ts';
import { ownedBy, notTheirs } from './systems.ts';
import type { Inventory } from '../domain/inventory.ts';
import { isKeepable } from '../domain/kept.ts';
import type { Tables } from './tables.ts';

export interface System {
  readonly id: string;
  /** Its name in the configuration, which says of some zones where they are. */
  readonly local: string | null;
}

type Told = 'unknown' | 'foreign' | 'changed' | { readonly zone: string } | { readonly tag: string };

/**
 * As its MEO tells it: all of it, by one at a time. `changed`: it is not as under the tag any more. `zone`: one that is
 * neither told of nor configured.
 */
export async function inventoryTold(
  catalogue: Catalogue,
  { id, client, tags }: { id: string; client: string; tags?: readonly string[] | undefined },
  inventory: Inventory,
): Promise<Told> {
  return await inOne(catalogue, async (transaction) => {
    const system = await transaction
      .selectFrom('system')
      .selectAll()
      .where(ownedBy(client, id))
      .forNoKeyUpdate() // whoever tells of a device there does not wait
      .executeTakeFirst();
    if (system === undefined) return await notTheirs(transaction, { agreements: [] }, id);
    if (tags !== undefined && !tags.includes('*') && !tags.includes(system.inventory)) return 'changed';
    const zone = await strayZone(transaction, system, inventory);
    if (zone !== undefined) return { zone };
    const changes = await written(transaction, system, inventory, { validSeconds: null });
    const { inventory: tag } = await transaction
      .updateTable('system')
      .set({
        told_at: sql`now()`,
        seen_at: sql`now()`,
        inventory: sql`inventory + ${changes > 0 || system.told_at === null ? 1 : 0}`,
      })
      .where('id', '=', id)
      .returning('inventory')
      .executeTakeFirstOrThrow();
    return { tag };
  });
}

async function strayZone(
  transaction: Transaction<Tables>,
  { local }: System,
  { zones, platforms }: Inventory,
): Promise<string | undefined> {
  const there = new Set(zones.map(({ zone }) => zone));
  const named = platforms.flatMap(({ zone }) => (zone === undefined || there.has(zone) ? [] : [zone]));
  if (named.length === 0) return undefined;
  const configured = await transaction.selectFrom('zone').select('foreign_id').where(isConfigured(local)).execute();
  for (const { foreign_id: zone } of configured) there.add(zone);
  return named.find((zone) => !there.has(zone));
}

export const isConfigured = (local: string | null) =>
  sql<boolean>`zone.agreement is null and zone.system is null and zone.local = ${local}`;

/** What was not to be had at this look: it is left as it was. */
export interface Unseen {
  readonly platforms: readonly string[];
  readonly kinds: readonly string[];
}

/** Returns how many rows it has changed. What is told again as it was is not written again, unless its validity is. */
export async function written(
  transaction: Transaction<Tables>,
  system: System,
  inventory: Inventory,
  { validSeconds, unseen = { platforms: [], kinds: [] } }: { validSeconds: number | null; unseen?: Unseen },
): Promise<number> {
  const until =
    validSeconds === null ? sql<Date>`null::timestamptz` : sql<Date>`now() + make_interval(secs => ${validSeconds})`;
  const statements = [
    ...(validSeconds === null ? zonesOf(system, inventory) : []),
    platformsOf(system, inventory, until),
    offersOf(system, inventory, until),
    offersGone(system, inventory, unseen),
    platformsGone(system, inventory, unseen),
  ];
  let changes = 0;
  for (const statement of statements) {
    const { numAffectedRows } = await statement.execute(transaction);
    changes += Number(numAffectedRows ?? 0n);
  }
  return changes;
}

/** Of a configured zone the configuration says where it is; of others, which go with the system, its MEO says all. */
function zonesOf({ id, local }: System, { zones }: Inventory): RawBuilder<unknown>[] {
  const told = sql`jsonb_to_recordset(${JSON.stringify(zones)}::jsonb) as told (zone text, lat float8, lon float8,
    country text, details text, compute jsonb, "latencyMs" float8)`;
  return [
    sql`
      update zone set country = told.country, compute = told.compute
      from ${told} where ${isConfigured(local)} and zone.foreign_id = told.zone
        and (zone.country, zone.compute) is distinct from (told.country, told.compute)`,
    sql`
      insert into zone (system, foreign_id, at, country, details, compute, latency_ms)
      select ${id}::uuid, told.zone, point(lon, lat), told.country, coalesce(told.details, ''), told.compute, "latencyMs"
      from ${told} where not exists (select from zone where ${isConfigured(local)} and zone.foreign_id = told.zone)
        and not exists (select from zone where zone.agreement is null and zone.system = ${id}::uuid and zone.foreign_id = told.zone
          and (zone.at[0], zone.at[1], zone.country, zone.details, zone.compute, zone.latency_ms, zone.valid_until)
            is not distinct from (lon, lat, told.country, coalesce(told.details, ''), told.compute, "latencyMs", null))
      on conflict (agreement, system, foreign_id) do update
      set at = excluded.at, country = excluded.country, details = excluded.details, compute = excluded.compute,
        latency_ms = excluded.latency_ms, seen_at = now(), valid_until = null`,
    sql`
      update zone set valid_until = now() where system = ${id}::uuid and valid_until is null
        and not exists (select from ${told} where told.zone = zone.foreign_id)`,
  ];
}

const platformsOf = ({ id, local }: System, { platforms }: Inventory, until: RawBuilder<Date>) => sql`
  insert into platform (system, zone, foreign_id, valid_until)
  select ${id}::uuid, zone.id, told.platform, ${until}
  from jsonb_to_recordset(${namesIn(platforms)}::jsonb) as told (platform text, zone text)
  left join zone on zone.foreign_id = told.zone and (zone.system = ${id}::uuid and zone.valid_until is null or ${isConfigured(local)})
  where not exists (select from platform where platform.system = ${id}::uuid and platform.foreign_id = told.platform
    and (platform.zone, platform.valid_until) is not distinct from (zone.id, ${until}))
  on conflict (system, foreign_id) do update
  set zone = excluded.zone, seen_at = now(), valid_until = excluded.valid_until`;

export const namesIn = (platforms: Inventory['platforms']): string =>
  JSON.stringify([...new Map(platforms.map(({ platform, zone }) => [platform, { platform, zone }])).values()]);

const platformsGone = ({ id }: System, { platforms }: Inventory, unseen: Unseen) => sql`
  update platform set valid_until = now() where system = ${id}::uuid and coalesce(valid_until > now(), true)
    and foreign_id <> all(${[...platforms.map(({ platform }) => platform), ...unseen.platforms]}::text[])`;

/**
 * A zone's latency is that of its offers, unless they tell theirs. What is as it was is not among what is inserted: a
 * row that is in conflict is locked, and so written, even where nothing of it is set. In an order: all of it is known then
 * before the first is written, else what is written is gone through again for each of the others. Each is looked up by its
 * index: who knows of few entries, as they were when they were counted last, would compare all of them with all.
 */
export function offersOf({ id }: System, inventory: Inventory, until: RawBuilder<Date>): RawBuilder<unknown> {
  const of = (table: 'offer' | 'each') => sql.join(held.map((column) => sql.ref(`${table}.${column}`)));
  const columns = sql`platform, platform_foreign_id, system, kind, foreign_id, ${sql.join(held.map((column) => sql.ref(column)))}`;
  return sql`
    insert into offer (${columns})
    select each.* from (
      select platform.id, platform.foreign_id, platform.system, told.kind, told.id, platform.zone, told.name, told.version,
        told.application, told.provider, told.category, told.state, told.transport, told.serializer, told.endpoint,
        coalesce("latencyMs", zone.latency_ms), "bandwidthKbps", ${until}
      from ${offersIn(inventory)}
      join platform on platform.system = ${id}::uuid and platform.foreign_id = told.platform
      left join zone on zone.id = platform.zone) as each (${columns})
    left join lateral (select * from offer where offer.platform = each.platform and offer.kind = each.kind
      and offer.foreign_id = each.foreign_id offset 0) as offer on true
    where offer.id is null or (${of('offer')}) is distinct from (${of('each')})
    order by offer.id, each.foreign_id
    on conflict (platform, kind, foreign_id) do update
    set ${sql.join(held.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`))}, seen_at = now()`;
}

const offersGone = ({ id }: System, inventory: Inventory, unseen: Unseen) => sql`
  update offer set valid_until = now()
  where platform = any(array(select platform.id from platform where platform.system = ${id}::uuid))
    and coalesce(valid_until > now(), true) and platform_foreign_id <> all(${unseen.platforms}::text[])
    and kind <> all(${unseen.kinds}::text[]) and not exists (select from ${offersIn(inventory)}
      where told.platform = offer.platform_foreign_id and told.kind = offer.kind and told.id = offer.foreign_id)`;

/** What is for its own platform only is nobody else's. Of what an odd peer names twice the last one counts. */
function offersIn({ platforms }: Pick<Inventory, 'platforms'>): RawBuilder<unknown> {
  const offers = new Map<string, object>();
  for (const { platform, offers: all } of platforms)
    for (const offer of all)
      if (offer.consumedLocalOnly !== true && isOfferKept(offer))
        offers.set(`${offer.kind} ${offer.id}\n${platform}`, { ...offer, platform });
  return sql`jsonb_to_recordset(${JSON.stringify([...offers.values()])}::jsonb) as told (platform text, kind text, id text, name text,
    version text, application text, provider text, category text, state text, transport text, serializer text,
    endpoint text, "latencyMs" float8, "bandwidthKbps" float8)`;
}

/** What a peer of ours tells is not refused: an entry with what no database keeps is passed over, and hides none of the others. */
const isOfferKept = (offer: object): boolean =>
  Object.entries(offer).every(
    ([member, value]) => typeof value !== 'string' || (value.length <= (longest[member] ?? 2_000) && isKeepable(value)),
  );

/** What is found by an index is not longer than that holds. */
const longest: Readonly<Record<string, number>> = { id: 255, name: 255, application: 255 };

const held = [
  'zone',
  'name',
  'version',
  'application',
  'provider',
  'category',
  'state',
  'transport',
  'serializer',
  'endpoint',
  'latency_ms',
  'bandwidth_kbps',
  'valid_until',
] as const;

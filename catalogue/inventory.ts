import { type RawBuilder, sql, type Transaction } from 'kysely';
import { type Catalogue, inOne } from './database.ts';
import { ownedBy, notTheirs } from './systems.ts';
import type { OfferKind, OfferState, Tables } from './tables.ts';

/** What a system of ours has, as its MEO tells it or as it was looked at. Undefined members are not known. */
export interface Inventory {
  readonly zones: readonly ZoneHad[];
  readonly platforms: readonly PlatformHad[];
}

export interface ZoneHad {
  readonly zone: string;
  readonly lat: number;
  readonly lon: number;
  readonly country?: string | undefined;
  readonly details?: string | undefined;
  readonly compute?: object | undefined;
  readonly latencyMs?: number | undefined;
}

export interface PlatformHad {
  readonly platform: string;
  readonly zone?: string | undefined;
  readonly offers: readonly OfferHad[];
}

export interface OfferHad {
  readonly kind: OfferKind;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly application?: string | undefined;
  readonly provider?: string | undefined;
  readonly category?: string | undefined;
  readonly state: OfferState;
  readonly transport?: string | undefined;
  readonly serializer?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly consumedLocalOnly?: boolean | undefined;
  readonly latencyMs?: number | undefined;
  readonly bandwidthKbps?: number | undefined;
}

interface System {
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
      .forUpdate()
      .executeTakeFirst();
    if (system === undefined) return await notTheirs(transaction, { agreements: [] }, id);
    if (tags !== undefined && !tags.includes('*') && !tags.includes(system.inventory)) return 'changed';
    const zone = await strayZone(transaction, system, inventory);
    if (zone !== undefined) return { zone };
    const changes = await written(transaction, system, inventory, null);
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

const isConfigured = (local: string | null) =>
  sql<boolean>`zone.agreement is null and zone.system is null and zone.local = ${local}`;

/** Returns how many rows it has changed. What is told again as it was is not written again, unless its validity is. */
export async function written(
  transaction: Transaction<Tables>,
  system: System,
  inventory: Inventory,
  validSeconds: number | null,
): Promise<number> {
  const until =
    validSeconds === null ? sql<Date>`null::timestamptz` : sql<Date>`now() + make_interval(secs => ${validSeconds})`;
  const statements = [
    ...(validSeconds === null ? zonesOf(system, inventory) : []),
    platformsOf(system, inventory, until),
    ...offersOf(system, inventory, until),
    platformsGone(system, inventory),
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
      on conflict (agreement, system, foreign_id) do update
      set at = excluded.at, country = excluded.country, details = excluded.details, compute = excluded.compute,
        latency_ms = excluded.latency_ms, seen_at = now(), valid_until = null
      where (zone.at[0], zone.at[1], zone.country, zone.details, zone.compute, zone.latency_ms, zone.valid_until)
        is distinct from (excluded.at[0], excluded.at[1], excluded.country, excluded.details, excluded.compute,
          excluded.latency_ms, null)`,
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
  on conflict (system, foreign_id) do update
  set zone = excluded.zone, seen_at = now(), valid_until = excluded.valid_until
  where (platform.zone, platform.valid_until) is distinct from (excluded.zone, excluded.valid_until)`;

const namesIn = (platforms: Inventory['platforms']): string =>
  JSON.stringify(platforms.map(({ platform, zone }) => ({ platform, zone })));

const platformsGone = ({ id }: System, { platforms }: Inventory) => sql`
  update platform set valid_until = now() where system = ${id}::uuid and coalesce(valid_until > now(), true)
    and foreign_id <> all(${platforms.map(({ platform }) => platform)}::text[])`;

/** What is for its own platform only is nobody else's. A zone's latency is that of its offers, unless they tell theirs. */
function offersOf({ id }: System, { platforms }: Inventory, until: RawBuilder<Date>): RawBuilder<unknown>[] {
  const offers = platforms.flatMap(({ platform, offers: all }) =>
    all.filter((offer) => offer.consumedLocalOnly !== true).map((offer) => ({ ...offer, platform })),
  );
  const told = sql`jsonb_to_recordset(${JSON.stringify(offers)}::jsonb) as told (platform text, kind text, id text, name text,
    version text, application text, provider text, category text, state text, transport text, serializer text,
    endpoint text, "latencyMs" float8, "bandwidthKbps" float8)`;
  const columns = sql.join(held.map((column) => sql.ref(column)));
  const of = (table: 'offer' | 'excluded') => sql.join(held.map((column) => sql.ref(`${table}.${column}`)));
  return [
    sql`
      insert into offer (platform, platform_foreign_id, system, kind, foreign_id, ${columns})
      select platform.id, platform.foreign_id, platform.system, told.kind, told.id, platform.zone, told.name, told.version,
        told.application, told.provider, told.category, told.state, told.transport, told.serializer, told.endpoint,
        coalesce("latencyMs", zone.latency_ms), "bandwidthKbps", ${until}
      from ${told}
      join platform on platform.system = ${id}::uuid and platform.foreign_id = told.platform
      left join zone on zone.id = platform.zone
      on conflict (platform, kind, foreign_id) do update
      set ${sql.join(held.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`))}, seen_at = now()
      where (${of('offer')}) is distinct from (${of('excluded')})`,
    sql`
      update offer set valid_until = now()
      where platform = any(array(select platform.id from platform where platform.system = ${id}::uuid))
        and coalesce(valid_until > now(), true) and not exists (select from ${told}
          where told.platform = offer.platform_foreign_id and told.kind = offer.kind and told.id = offer.foreign_id)`,
  ];
}

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

/** As it is now, whoever told it. Undefined: it is no system of this client's. */
export async function inventoryOf(
  catalogue: Catalogue,
  { id, client }: { id: string; client: string },
): Promise<'unknown' | 'foreign' | { readonly tag: string; readonly inventory: Inventory }> {
  return await inOne(catalogue, async (transaction) => {
    const system = await transaction
      .selectFrom('system')
      .selectAll()
      .where(ownedBy(client, id))
      .forShare()
      .executeTakeFirst();
    if (system === undefined) return await notTheirs(transaction, { agreements: [] }, id);
    const { rows } = await sql<{ inventory: Inventory }>`
      select json_build_object('zones', coalesce((
          select json_agg(json_strip_nulls(json_build_object('zone', foreign_id, 'lat', at[1], 'lon', at[0], 'country', country,
            'details', nullif(details, ''), 'compute', compute, 'latencyMs', latency_ms)) order by foreign_id)
          from zone where (system = ${id}::uuid or ${isConfigured(system.local)}) and ${isThere('zone')}), '[]'),
        'platforms', coalesce((
          select json_agg(json_strip_nulls(json_build_object('platform', platform.foreign_id, 'zone', zone.foreign_id,
            'offers', coalesce(offers.told, '[]'))) order by platform.foreign_id)
          from platform left join zone on zone.id = platform.zone
          left join lateral (
            select json_agg(json_build_object('kind', kind, 'id', foreign_id, 'name', name, 'version', version,
              'application', application, 'provider', provider, 'category', category, 'state', state,
              'transport', transport, 'serializer', serializer, 'endpoint', endpoint, 'latencyMs', offer.latency_ms,
              'bandwidthKbps', bandwidth_kbps) order by kind, foreign_id) as told
            from offer where offer.platform = platform.id and ${isThere('offer')}) as offers on true
          where platform.system = ${id}::uuid and ${isThere('platform')}), '[]')) as inventory`.execute(transaction);
    return { tag: system.inventory, inventory: rows[0]?.inventory ?? { zones: [], platforms: [] } };
  });
}

const isThere = (table: 'zone' | 'platform' | 'offer') =>
  sql`coalesce(${sql.ref(`${table}.valid_until`)} > now(), true)`;

import { sql } from 'kysely';
import type { Inventory } from '../domain/inventory.ts';
import { asking, type Catalogue } from './database.ts';
import { isConfigured } from './inventory.ts';
import { notTheirs, ownedBy } from './systems.ts';

/** As it is now, whoever told it. Undefined: it is no system of this client's. */
export async function inventoryOf(
  catalogue: Catalogue,
  { id, client }: { id: string; client: string },
): Promise<'unknown' | 'foreign' | { readonly tag: string; readonly inventory: Inventory }> {
  // Of one moment, without a wait for whoever is just telling another one
  const looking = catalogue.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  const look = looking.execute(async (transaction) => {
    const system = await transaction.selectFrom('system').selectAll().where(ownedBy(client, id)).executeTakeFirst();
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
  return await asking(look);
}

const isThere = (table: 'zone' | 'platform' | 'offer') =>
  sql`coalesce(${sql.ref(`${table}.valid_until`)} > now(), true)`;

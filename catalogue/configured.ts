import { sql, type Transaction } from 'kysely';
import type { Configuration } from '../configuration/peers.ts';
import { asking, type Catalogue } from './database.ts';
import { announce, type Noted } from './notices.ts';
import { keepOperators } from './operators.ts';
import type { Tables } from './tables.ts';

/** Where hosts are. Partners keep what they were told of a zone, so one that stays is the same. */
async function keepZones(transaction: Transaction<Tables>, sites: Configuration['sites']): Promise<void> {
  const zones = Object.values(sites).flatMap((site) =>
    site.kind === 'mecHost' && site.zone !== undefined ? [{ local: site.system, ...site.zone }] : [],
  );
  const ours = sql`jsonb_to_recordset(${JSON.stringify(zones)}::jsonb)
    as ours (id text, local text, lat float8, lon float8, details text, "latencyMs" float8)`;
  await sql`
    delete from zone where agreement is null and system is null
      and not exists (select from ${ours} where ours.id = zone.foreign_id)`.execute(transaction);
  await sql`
    insert into zone (foreign_id, local, at, details, latency_ms)
    select distinct on (id) id, local, point(lon, lat), details, "latencyMs" from ${ours} order by id
    on conflict (agreement, system, foreign_id) do update
    set local = excluded.local, at = excluded.at, details = excluded.details, latency_ms = excluded.latency_ms,
      seen_at = now()
    where (zone.local, zone.at[0], zone.at[1], zone.details, zone.latency_ms)
      is distinct from (excluded.local, excluded.at[0], excluded.at[1], excluded.details, excluded.latency_ms)`.execute(
    transaction,
  );
}

/**
 * Keeps our systems, and with whom agreements are, in step with the configuration: those without a client are rows as they stand there; those that a
 * client has registered stay as long as it is a client. Any program does so at its start, and changes nothing where all
 * is as it should be. Returns what our operator is to be told.
 */
export async function keepConfigured(
  catalogue: Catalogue,
  { systems, sites, federation }: Pick<Configuration, 'systems' | 'sites' | 'federation'>,
): Promise<readonly string[]> {
  if (federation === undefined) return [];
  const entries = Object.entries(systems);
  const { id: operator, name: provider } = federation.operator;
  const plain = entries.flatMap(([local, { meo, client }]) => (client === undefined ? [{ local, meo }] : []));
  const clients = entries.flatMap(([local, { meo, client }]) => (client === undefined ? [] : [{ local, meo, client }]));
  const written = { plain: JSON.stringify(plain), clients: JSON.stringify(clients) };

  return await asking(
    catalogue.transaction().execute(async (transaction) => {
      await sql`select from meta for update`.execute(transaction); // two programs that start at once take turns
      const gone = await sql<Noted>`
        delete from system where agreement is null and (
          client is null and not exists (
            select from jsonb_to_recordset(${written.plain}::jsonb) as kept (local text) where kept.local = system.local)
          or client is not null and not exists (
            select from jsonb_to_recordset(${written.clients}::jsonb) as kept (client text)
            where kept.client = system.client)
          or client is not null and lower(provider) = lower(${provider}) and exists (
            select from jsonb_to_recordset(${written.plain}::jsonb) as ours (local text)
            where lower(ours.local) = lower(system.name)))
        returning id, name, provider`.execute(transaction);
      // Without names first: two may have changed theirs for each other's
      await sql`
        update system set local = null from jsonb_to_recordset(${written.clients}::jsonb) as kept (client text, local text)
        where agreement is null and system.client = kept.client and system.local is distinct from kept.local`.execute(
        transaction,
      );
      await sql`
        update system set local = kept.local, meo = kept.meo
        from jsonb_to_recordset(${written.clients}::jsonb) as kept (client text, local text, meo text)
        where agreement is null and system.client = kept.client
          and (system.local is null or system.meo is distinct from kept.meo)`.execute(transaction);
      const changed = await sql<Noted>`
        insert into system (local, name, provider, operator, meo)
        select local, local, ${provider}, ${operator}, meo
        from jsonb_to_recordset(${written.plain}::jsonb) as ours (local text, meo text)
        on conflict (local) do update
        set provider = excluded.provider, operator = excluded.operator, meo = excluded.meo,
            version = system.version + 1, seen_at = now()
        where (system.provider, system.operator, system.meo)
          is distinct from (excluded.provider, excluded.operator, excluded.meo)
        returning id, name, provider`.execute(transaction);
      await announce(transaction, [...gone.rows, ...changed.rows]);
      await keepZones(transaction, sites);
      return await keepOperators(transaction, federation);
    }),
  );
}

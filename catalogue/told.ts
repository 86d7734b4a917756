import { sql, type Transaction } from 'kysely';
import type { PlatformsFound, SystemsFound } from '../activities/federation/questions.ts';
import { type Catalogue, inOne } from './database.ts';
import type { Tables } from './tables.ts';

/** What partners answer, kept by their ids. It holds as long as they say, and no longer than we would believe it. */

type Kept<Found> = Omit<Found, 'complete'>;

/** Under an agreement that has ended nothing is kept. Returns how many platforms are. */
export async function platformsTold(
  catalogue: Catalogue,
  agreement: string,
  { platforms, validSeconds }: Kept<PlatformsFound>,
): Promise<number> {
  return await whileAgreed(catalogue, agreement, async (transaction) => {
    await systemsNamed(transaction, agreement, platforms, validSeconds);
    const written = JSON.stringify(
      platforms.map(({ zone, offers: _offers, ...platform }) => ({
        ...platform,
        ...zone,
        at: zone && `${zone.lat},${zone.lon}`,
      })),
    );
    await sql`
      insert into zone (agreement, system, foreign_id, at, valid_until)
      select distinct on (system.id, told.at) ${agreement}::uuid, system.id, told.at, point(told.lon, told.lat), ${until(validSeconds)}
      from jsonb_to_recordset(${written}::jsonb) as told (system text, at text, lat float8, lon float8)
      ${ofItsSystem(agreement)}
      where told.at is not null order by system.id, told.at
      on conflict (agreement, system, foreign_id)
      do update set seen_at = now(), valid_until = excluded.valid_until`.execute(transaction);
    const { rows } = await sql<{ id: string; system: string; platform: string; zone: string | null }>`
      insert into platform (system, zone, foreign_id, valid_until)
      select distinct on (system.id, told.platform) system.id, zone.id, told.platform, ${until(validSeconds)}
      from jsonb_to_recordset(${written}::jsonb) as told (platform text, system text, at text)
      ${ofItsSystem(agreement)}
      left join lateral (select id from zone where zone.agreement = ${agreement}::uuid and zone.system = system.id
        and zone.foreign_id = told.at offset 0) as zone on true
      order by system.id, told.platform
      on conflict (system, foreign_id)
      do update set zone = excluded.zone, seen_at = now(), valid_until = excluded.valid_until
      returning id, system, foreign_id as platform, zone`.execute(transaction);
    await offersTold(transaction, agreement, { platforms, validSeconds });
    return rows.length;
  });
}

async function offersTold(
  transaction: Transaction<Tables>,
  agreement: string,
  told: Kept<PlatformsFound>,
): Promise<void> {
  const offers = told.platforms.flatMap(({ platform, system, offers: all }) =>
    all.map((offer) => ({ ...offer, platform, system })),
  );
  await sql`
    insert into offer (platform, platform_foreign_id, agreement, system, zone, kind, foreign_id, name, version, state, transport, serializer,
      latency_ms, bandwidth_kbps, valid_until)
    select distinct on (platform.id, told.kind, told.offer) platform.id, platform.foreign_id, ${agreement}::uuid, platform.system, platform.zone,
      told.kind, told.offer, told.name, told.version, told.state, told.transport, told.serializer, told."latencyMs",
      told."bandwidthKbps", ${until(told.validSeconds)}
    from jsonb_to_recordset(${JSON.stringify(offers)}::jsonb) as told (platform text, system text, offer text, kind text,
      name text, version text, state text, transport text, serializer text, "latencyMs" float8, "bandwidthKbps" float8)
    ${ofItsSystem(agreement)}
    cross join lateral (select * from platform where platform.system = system.id and platform.foreign_id = told.platform
      offset 0) as platform
    where told.state in ('ACTIVE', 'INACTIVE', 'SUSPENDED')
    order by platform.id, told.kind, told.offer
    on conflict (platform, kind, foreign_id) do update
    set zone = excluded.zone, name = excluded.name, version = excluded.version, state = excluded.state,
      transport = excluded.transport, serializer = excluded.serializer, latency_ms = excluded.latency_ms,
      bandwidth_kbps = excluded.bandwidth_kbps, seen_at = now(), valid_until = excluded.valid_until`.execute(
    transaction,
  );
}

/** To a question, by its digest: they replace what the partner named to it before. Returns how many there are. */
export async function systemsTold(
  catalogue: Catalogue,
  agreement: string,
  digest: string,
  { systems, validSeconds }: Kept<SystemsFound>,
): Promise<number> {
  return await whileAgreed(catalogue, agreement, async (transaction) => {
    await systemsNamed(transaction, agreement, systems, validSeconds);
    await sql`delete from found using system where found.digest = ${digest} and system.id = found.system
      and system.agreement = ${agreement}::uuid`.execute(transaction);
    const named = JSON.stringify(systems);
    const { rows } = await sql`
      insert into found (digest, system, valid_until)
      select distinct on (system.id) ${digest}, system.id, ${until(validSeconds)}
      from jsonb_to_recordset(${named}::jsonb) as told (system text)
      ${ofItsSystem(agreement)} order by system.id
      on conflict (digest, system) do update set valid_until = excluded.valid_until
      returning system`.execute(transaction);
    await sql`
      insert into device (tag, system, valid_until)
      select distinct on (tag, system.id) tag, system.id, ${until(validSeconds)}
      from jsonb_to_recordset(${named}::jsonb) as told (system text, devices jsonb), jsonb_array_elements_text(told.devices) as tag
      ${ofItsSystem(agreement)} order by tag, system.id
      on conflict (tag, system) do update set seen_at = now(), valid_until = excluded.valid_until`.execute(transaction);
    return rows.length;
  });
}

/** One that its partner's list has not told of yet: it is named by its id until it does. */
async function systemsNamed(
  transaction: Transaction<Tables>,
  agreement: string,
  named: readonly { readonly system: string; readonly operator: string }[],
  validSeconds: number,
): Promise<void> {
  const written = JSON.stringify(named.map(({ system, operator }) => ({ system, operator })));
  await sql`
    insert into system (agreement, foreign_id, name, provider, operator, valid_until)
    select distinct on (told.system) ${agreement}::uuid, told.system, told.system, told.operator, told.operator, ${until(validSeconds)}
    from jsonb_to_recordset(${written}::jsonb) as told (system text, operator text) order by told.system
    on conflict (agreement, foreign_id) do update set seen_at = now(), valid_until = excluded.valid_until
    where system.valid_until is not null`.execute(transaction);
}

/**
 * By its index, each by itself: who knows of few rows, as they were when they were counted last, would compare all that is
 * told with all of them.
 */
const ofItsSystem = (agreement: string) => sql`cross join lateral (
  select system.id from system where system.agreement = ${agreement}::uuid and system.foreign_id = told.system offset 0) as system`;

const until = (seconds: number) => sql<Date>`now() + make_interval(secs => ${seconds})`;

/** What is learned of one agreement is written by one at a time, and not while it ends. */
export async function whileAgreed(
  catalogue: Catalogue,
  agreement: string,
  write: (transaction: Transaction<Tables>) => Promise<number>,
): Promise<number> {
  return await inOne(catalogue, async (transaction) => {
    const held = await transaction
      .selectFrom('agreement')
      .select('id')
      .where('id', '=', agreement)
      .where('ended_at', 'is', null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    return held === undefined ? 0 : await write(transaction);
  });
}

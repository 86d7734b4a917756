import { type RawBuilder, sql } from 'kysely';
import { alias } from './aliases.ts';
import { asking, type Catalogue } from './database.ts';

/** A system of ours, as a partner sees it. */
export interface SystemShown {
  readonly alias: string;
  readonly name: string;
  readonly provider: string;
  readonly operator: string;
  readonly hasMeo: boolean;
}

/** Whom is shown what: systems of ours, by their names in the configuration. */
export interface Sight {
  readonly agreement: string;
  readonly systems: readonly string[];
}

/**
 * Changes whenever a system that the partner may see is there, changed, or gone. Of aliases, so that partners who see the
 * same are told different tags.
 */
export async function tagOfSystems(catalogue: Catalogue, sight: Sight): Promise<string> {
  await nameSystems(catalogue, sight);
  const { rows } = await asking(
    sql<{ tag: string }>`
      select md5(coalesce(string_agg(alias.id || '.' || system.version, ',' order by alias.id), '')) as tag
      from ${shown(sight)} where alias.id is not null`.execute(catalogue),
  );
  return rows[0]?.tag ?? '';
}

/** In the order of their aliases, so that a page follows upon the last one of the page before. */
export async function systemsOf(
  catalogue: Catalogue,
  sight: Sight,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<readonly SystemShown[]> {
  const { rows } = await asking(
    sql<SystemShown>`
      select alias.id as alias, system.name, system.provider, system.operator, system.meo is not null as "hasMeo"
      from ${shown(sight)}
      where alias.id > ${after ?? '00000000-0000-0000-0000-000000000000'}::uuid
      order by alias.id limit ${limit}`.execute(catalogue),
  );
  return rows;
}

/** Only those without an alias are written: as a rule none. */
async function nameSystems(catalogue: Catalogue, sight: Sight): Promise<void> {
  await asking(
    sql`insert into alias (agreement, kind, inner_id)
      select agreement.id, 'system', system.id from agreement, ${shown(sight)}
      where agreement.id = ${sight.agreement}::uuid and agreement.ended_at is null and alias.id is null
      on conflict (agreement, kind, inner_id) do nothing`.execute(catalogue),
  );
}

/**
 * Hidden and absent are one query. Each alias is looked up by the index, whatever the planner thinks how many there are
 * (`offset 0`): of tables that have just been filled it thinks that they are empty.
 */
const shown = ({ agreement, systems }: Sight): RawBuilder<unknown> =>
  sql`(select system.* from unnest(${systems}::text[]) as wanted (local) join system on system.local = wanted.local
    where system.agreement is null) as system
    left join lateral (
      select id from alias
      where alias.agreement = ${agreement}::uuid and alias.kind = 'system' and alias.inner_id = system.id offset 0
    ) as alias on true`;

/** A zone of ours, as a partner sees it. */
export interface ZoneShown {
  readonly alias: string;
  readonly lat: number;
  readonly lon: number;
  readonly details: string;
}

/** Those of the configuration that are shown, with their aliases; rows follow the configuration, and only what differs is written. */
export async function zonesOf(
  catalogue: Catalogue,
  agreement: string,
  offered: readonly { readonly id: string; readonly lat: number; readonly lon: number; readonly details: string }[],
): Promise<readonly ZoneShown[]> {
  if (offered.length === 0) return [];
  const zones = offered.map(({ id, ...zone }) => ({ foreign_id: id, ...zone }));
  const { rows } = await asking(
    sql<{ id: string }>`
      with ours as (
        select * from jsonb_to_recordset(${JSON.stringify(zones)}::jsonb)
          as told (foreign_id text, lat float8, lon float8, details text)),
      known as (
        select zone.id, zone.foreign_id, zone.details, zone.at[0] as lon, zone.at[1] as lat from zone
        where zone.agreement is null and zone.system is null and zone.foreign_id in (select foreign_id from ours)),
      changed as (
        insert into zone (foreign_id, at, details)
        select foreign_id, point(lon, lat), details from (select foreign_id, lon, lat, details from ours
          except select foreign_id, lon, lat, details from known) as others
        on conflict (agreement, system, foreign_id)
        do update set at = excluded.at, details = excluded.details, seen_at = now()
        returning id)
      select id from known union select id from changed`.execute(catalogue),
  );
  const inner = rows.map(({ id }) => id);
  await alias(catalogue, { agreement, kind: 'zone', inner });
  const shownZones = await asking(
    sql<ZoneShown>`
      select alias.id as alias, zone.at[1] as lat, zone.at[0] as lon, zone.details
      from zone join alias on alias.inner_id = zone.id and alias.kind = 'zone'
      where alias.agreement = ${agreement}::uuid and zone.id = any(${inner}::uuid[])
      order by alias.id`.execute(catalogue),
  );
  return shownZones.rows;
}

/** Zones that the partner takes, and where it wants to hear of them: all of them, or none. The same again is the same. */
export async function acceptZones(
  catalogue: Catalogue,
  { agreement, aliases, link }: { agreement: string; aliases: readonly string[]; link: string },
): Promise<void> {
  await asking(
    catalogue.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('agreement')
        .set({ zones_url: link })
        .where('id', '=', agreement)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      await transaction
        .updateTable('alias')
        .set({ accepted: true })
        .where('agreement', '=', agreement)
        .where('kind', '=', 'zone')
        .where(sql<boolean>`id = any(${aliases}::uuid[])`)
        .execute();
    }),
  );
}

export async function isAccepted(catalogue: Catalogue, agreement: string, zone: string): Promise<boolean> {
  const row = await asking(
    catalogue
      .selectFrom('alias')
      .select('accepted')
      .where('id', '=', zone)
      .where('agreement', '=', agreement)
      .where('kind', '=', 'zone')
      .executeTakeFirst(),
  );
  return row?.accepted ?? false;
}

/** False: it was not accepted, or is not any more. */
export async function giveBackZone(catalogue: Catalogue, agreement: string, zone: string): Promise<boolean> {
  const { numUpdatedRows } = await asking(
    catalogue
      .updateTable('alias')
      .set({ accepted: false })
      .where('id', '=', zone)
      .where('agreement', '=', agreement)
      .where('kind', '=', 'zone')
      .where('accepted', '=', true)
      .executeTakeFirst(),
  );
  return numUpdatedRows > 0n;
}

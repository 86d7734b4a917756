import { sql, type SqlBool } from 'kysely';
import type { Agreement, PartnerSystem, Systems, Zone } from '../activities/federation/ports.ts';
import { askAnew } from './asked.ts';
import { asking, type Catalogue } from './database.ts';
import { announce, type Noted } from './notices.ts';
import { whileAgreed } from './told.ts';

/** Parameters of one statement are counted in 16 bits. */
const AT_ONCE = 1_000;

/**
 * The partner's systems as they are now: it holds for as long as the agreement is usable. Returns how many are
 * new, changed or gone: their subscribers are to be told. An older list that comes late is put right by the next round, whose tag differs.
 */
export async function systemsLearned(
  catalogue: Catalogue,
  { id }: Agreement,
  { tag, systems }: Systems,
): Promise<number> {
  return await asking(
    catalogue.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('agreement')
        .set({ systems_tag: tag })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return 0;
      const known = await transaction.selectFrom('system').selectAll().where('agreement', '=', id).execute();
      const before = new Map(known.map((row) => [row.foreign_id, row]));
      const now = new Map(systems.map((system) => [system.system, system]));
      const changed = [...now.values()].filter((system) => {
        const row = before.get(system.system);
        return row === undefined || row.valid_until !== null || isChanged(row, system);
      });
      const told: Noted[] = [];
      for (let at = 0; at < changed.length; at += AT_ONCE)
        told.push(...(await upserted(transaction, id, changed.slice(at, at + AT_ONCE))));
      const gone = known.filter((row) => row.valid_until === null && !now.has(row.foreign_id ?? ''));
      if (gone.length > 0) {
        const whose = gone.map((row) => row.id);
        await transaction.updateTable('system').set({ valid_until: sql`now()` }).where(isOneOf(whose)).execute();
        told.push(...gone);
      }
      // Rows, and so their aliases, stay a day
      await transaction
        .deleteFrom('system')
        .where('agreement', '=', id)
        .where('valid_until', '<', sql<Date>`now() - interval '1 day'`)
        .execute();
      await announce(transaction, told);
      return told.length;
    }),
  );
}

type Compared = Pick<PartnerSystem, 'name' | 'provider' | 'operator' | 'meo'>;

const isChanged = (one: Compared, other: Compared): boolean =>
  (['name', 'provider', 'operator', 'meo'] as const).some((member) => one[member] !== other[member]);

const isOneOf = (ids: readonly string[]) => sql<boolean>`id = any(${ids}::uuid[])`;

async function upserted(
  transaction: Catalogue,
  agreement: string,
  systems: readonly PartnerSystem[],
): Promise<readonly Noted[]> {
  return await transaction
    .insertInto('system')
    .values(systems.map(({ system, ...told }) => ({ agreement, foreign_id: system, ...told })))
    .onConflict((conflict) =>
      conflict.columns(['agreement', 'foreign_id']).doUpdateSet((told) => ({
        name: told.ref('excluded.name'),
        provider: told.ref('excluded.provider'),
        operator: told.ref('excluded.operator'),
        meo: told.ref('excluded.meo'),
        version: sql<string>`system.version + 1`,
        seen_at: sql<Date>`now()`,
        valid_until: null,
      })),
    )
    .returning(['id', 'name', 'provider'])
    .execute();
}

/**
 * All zones that the partner offers now: its ids, its geography. What is not among them is offered no more: its row stays a day, is
 * the same when it comes back, and has then to be accepted anew. What was learned to be there is not handed out any more. Only
 * what differs is written.
 */
export async function zonesLearned(
  catalogue: Catalogue,
  { id }: Agreement,
  zones: readonly Zone[],
  tag: string | null,
): Promise<void> {
  await whileAgreed(catalogue, id, async (transaction) => {
    const distinct = [...new Map(zones.map((zone) => [zone.zone, zone])).values()];
    for (let at = 0; at < distinct.length; at += AT_ONCE)
      await zonesUpserted(transaction, id, distinct.slice(at, at + AT_ONCE));
    const { rows: gone } = await sql<{ id: string }>`
      update zone set valid_until = now() where ${offeredBy(id)} and valid_until is null
        and not foreign_id = any(${distinct.map(({ zone }) => zone)}::text[]) returning id`.execute(transaction);
    if (gone.length > 0) {
      await forgetWhatIsThere(
        transaction,
        id,
        gone.map((zone) => zone.id),
      );
      await askAnew(transaction);
    }
    await sql`update agreement set zones_tag = ${tag} where id = ${id} and zones_tag is distinct from ${tag}`.execute(
      transaction,
    );
    return gone.length;
  });
}

/** Those that are offered (E/WBI), and not those in which it named platforms. */
const offeredBy = (agreement: string) => sql<SqlBool>`zone.agreement = ${agreement}::uuid and zone.system is null`;

async function zonesUpserted(transaction: Catalogue, agreement: string, zones: readonly Zone[]): Promise<void> {
  const told = JSON.stringify(zones.map(({ at, ...zone }) => ({ ...zone, ...at })));
  await sql`
    insert into zone (agreement, foreign_id, at, details)
    select ${agreement}::uuid, told.zone, point(lon, lat), told.details
    from jsonb_to_recordset(${told}::jsonb) as told (zone text, lat float8, lon float8, details text)
    left join zone on ${offeredBy(agreement)} and zone.foreign_id = told.zone
    where zone.id is null or (zone.at[0], zone.at[1], zone.details, zone.valid_until)
      is distinct from (lon, lat, told.details, null)
    on conflict (agreement, system, foreign_id) do update
    set at = excluded.at, details = excluded.details, seen_at = now(), valid_until = null,
      accepted = zone.accepted and zone.valid_until is null`.execute(transaction);
}

/** Of four decimals, as E/WBI tells where a zone is. */
const spot = (table: string) => {
  const degrees = (n: 0 | 1) => sql`floor(${sql.ref(`${table}.at`)}[${sql.lit(n)}] * 10000 + 0.5)`;
  return sql`array[${degrees(0)}, ${degrees(1)}]`;
};

/** Platforms are told with a place, and not with the id of a zone: theirs are those at whose place nothing else is offered. */
async function forgetWhatIsThere(transaction: Catalogue, agreement: string, gone: readonly string[]): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update zone set valid_until = now()
    where agreement = ${agreement}::uuid and system is not null and valid_until > now()
      and ${spot('zone')} in (select ${spot('former')} from zone as former where former.id = any(${gone}::uuid[]))
      and ${spot('zone')} not in (select ${spot('offered')} from zone as offered
        where offered.agreement = ${agreement}::uuid and offered.system is null and offered.valid_until is null)
    returning id`.execute(transaction);
  const there = rows.map(({ id }) => id);
  for (const table of ['platform', 'offer'])
    await sql`update ${sql.table(table)} set valid_until = now()
      where zone = any(${there}::uuid[]) and valid_until > now()`.execute(transaction);
}

/** By the partner's ids: of those that are offered now, or are no more. */
export async function zonesOf(
  catalogue: Catalogue,
  { id }: Agreement,
  { accepted, offered }: { readonly accepted: boolean; readonly offered?: boolean },
): Promise<readonly string[]> {
  const { rows } = await asking(
    sql<{ zone: string }>`select foreign_id as zone from zone
      where ${offeredBy(id)} and accepted = ${accepted} and (valid_until is null) = ${offered ?? sql`(valid_until is null)`}
      order by foreign_id`.execute(catalogue),
  );
  return rows.map(({ zone }) => zone);
}

export async function zonesAccepted(
  catalogue: Catalogue,
  { id }: Agreement,
  zones: readonly string[],
  accepted: boolean,
): Promise<void> {
  await asking(
    catalogue
      .updateTable('zone')
      .set({ accepted })
      .where(offeredBy(id))
      .where(sql<boolean>`foreign_id = any(${zones}::text[])`)
      .execute(),
  );
}

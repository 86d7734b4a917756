import { sql } from 'kysely';
import type { Agreement, PartnerSystem, Systems, Zone } from '../activities/federation/ports.ts';
import { asking, type Catalogue } from './database.ts';
import { announce, type Noted } from './notices.ts';

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

/** What the partner offers: its ids, its geography. */
export async function zonesOffered(catalogue: Catalogue, { id }: Agreement, zones: readonly Zone[]): Promise<void> {
  const distinct = [...new Map(zones.map((zone) => [zone.zone, zone])).values()];
  for (let at = 0; at < distinct.length; at += AT_ONCE)
    await asking(zonesUpserted(catalogue, id, distinct.slice(at, at + AT_ONCE)));
}

async function zonesUpserted(catalogue: Catalogue, agreement: string, zones: readonly Zone[]): Promise<void> {
  await catalogue
    .insertInto('zone')
    .values(
      zones.map(({ zone, at, details }) => ({
        agreement,
        foreign_id: zone,
        at: at === null ? null : `(${at.lon},${at.lat})`,
        details,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['agreement', 'system', 'foreign_id']).doUpdateSet((offered) => ({
        at: offered.ref('excluded.at'),
        details: offered.ref('excluded.details'),
        seen_at: sql<Date>`now()`,
      })),
    )
    .execute();
}

/** By the partner's ids. */
export async function zonesOf(catalogue: Catalogue, { id }: Agreement, accepted: boolean): Promise<readonly string[]> {
  const zones = await asking(
    catalogue
      .selectFrom('zone')
      .select('foreign_id')
      .where('agreement', '=', id)
      .where('accepted', '=', accepted)
      .orderBy('foreign_id')
      .execute(),
  );
  return zones.map(({ foreign_id: zone }) => zone);
}

export async function zonesAccepted(catalogue: Catalogue, { id }: Agreement, zones: readonly string[]): Promise<void> {
  await asking(
    catalogue
      .updateTable('zone')
      .set({ accepted: true })
      .where('agreement', '=', id)
      .where(sql<boolean>`foreign_id = any(${zones}::text[])`)
      .execute(),
  );
}

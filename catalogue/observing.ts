import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Inventory } from '../domain/inventory.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { isConfigured, namesIn, offersOf, type System, type Unseen, written } from './inventory.ts';
import type { Tables } from './tables.ts';

/** One that tells nothing by itself, to be looked at now. */
export interface Observed {
  readonly id: string;
  readonly local: string;
}

/** Of these systems, by their names in the configuration: by one at a time, and so often at most. A MEO that tells is not looked at. */
export async function toObserve(
  catalogue: Catalogue,
  { locals, olderThanSeconds }: { locals: readonly string[]; olderThanSeconds: number },
): Promise<readonly Observed[]> {
  const { rows } = await asking(
    sql<Observed>`
      update system set observed_at = now()
      where agreement is null and told_at is null and local = any(${locals}::text[])
        and coalesce(observed_at < now() - make_interval(secs => ${olderThanSeconds}), true)
      returning id, local`.execute(catalogue),
  );
  return rows;
}

/** It holds for a while: what could not be looked at again is not believed for longer. */
export async function inventoryObserved(
  catalogue: Catalogue,
  { id }: Observed,
  inventory: Inventory,
  { validSeconds, unseen }: { validSeconds: number; unseen: Unseen },
): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    const system = await transaction
      .selectFrom('system')
      .selectAll()
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (system === undefined || system.told_at !== null) return;
    await written(transaction, system, inventory, { validSeconds, unseen });
    await transaction
      .updateTable('system')
      .set({ seen_at: sql`now()`, inventory: sql`inventory + 1` })
      .where('id', '=', id)
      .execute();
  });
}

/** What a MEO answers to a question, besides what it tells by itself: nothing else is gone for it. */
export async function inventoryAnswered(
  catalogue: Catalogue,
  local: string,
  platforms: Inventory['platforms'],
  validSeconds: number,
): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    const system = await transaction
      .selectFrom('system')
      .selectAll()
      .where('local', '=', local)
      .where('agreement', 'is', null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (system === undefined) return;
    const known = await transaction
      .selectFrom('offer')
      .select(['platform_foreign_id', 'kind', 'foreign_id'])
      .where('system', '=', system.id)
      .where('valid_until', 'is', null)
      .execute();
    const told = new Set(known.map(({ platform_foreign_id: at, kind, foreign_id: id }) => `${at} ${kind} ${id}`));
    const more = platforms.map(({ offers, ...platform }) => ({
      ...platform,
      offers: offers.filter(({ kind, id }) => !told.has(`${platform.platform} ${kind} ${id}`)),
    }));
    const until = sql<Date>`now() + make_interval(secs => ${validSeconds})`;
    const inventory = { zones: [], platforms: more.filter(({ offers }) => offers.length > 0) };
    await platformsMet(transaction, system, inventory, until);
    await offersOf(system, inventory, until).execute(transaction);
  });
}

/** Those that are known stay as they are told. */
async function platformsMet(
  transaction: Transaction<Tables>,
  { id, local }: System,
  { platforms }: Inventory,
  until: RawBuilder<Date>,
): Promise<void> {
  await sql`
    insert into platform (system, zone, foreign_id, valid_until)
    select ${id}::uuid, zone.id, told.platform, ${until}
    from jsonb_to_recordset(${namesIn(platforms)}::jsonb) as told (platform text, zone text)
    left join zone on zone.foreign_id = told.zone and (zone.system = ${id}::uuid and zone.valid_until is null or ${isConfigured(local)})
    on conflict (system, foreign_id) do update set valid_until = excluded.valid_until
    where platform.valid_until is not null`.execute(transaction);
}

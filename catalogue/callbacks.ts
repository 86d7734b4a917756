import { type Selectable, sql } from 'kysely';
import type { Subscriptions } from '../activities/federation/consumption.ts';
import { isUuid } from './aliases.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import type { Tables } from './tables.ts';

/** A target of notifications of one binding. What crosses is its id, never its address. */
export type Callback = Selectable<Tables['callback']>;

/** An application that makes ever new ones does not fill the catalogue. */
const AT_MOST = 1_000;

/** The same target again is the same callback. Undefined: the binding has as many as it may. */
export async function callbackTo(
  catalogue: Catalogue,
  { binding, target }: { binding: string; target: string },
): Promise<Callback | undefined> {
  const { rows } = await asking(
    sql<Callback>`insert into callback (binding, target) select ${binding}::uuid, ${target}
      where (select count(*) from callback where binding = ${binding}::uuid) < ${AT_MOST}
        or exists (select from callback where binding = ${binding}::uuid and target = ${target})
      on conflict (binding, target) do update set target = excluded.target returning *`.execute(catalogue),
  );
  return rows[0];
}

export async function callbackById(catalogue: Catalogue, id: string): Promise<Callback | undefined> {
  if (!isUuid(id)) return undefined;
  return await asking(catalogue.selectFrom('callback').selectAll().where('id', '=', id).executeTakeFirst());
}

/** Those of one binding, of however many that are named. */
export async function callbacksOf(
  catalogue: Catalogue,
  { binding, ids }: { readonly binding: string; readonly ids: readonly string[] },
): Promise<readonly Callback[]> {
  const named = ids.filter(isUuid);
  if (named.length === 0) return [];
  const { rows } = await asking(
    sql<Callback>`select * from callback where binding = ${binding}::uuid and id = any(${named}::uuid[])`.execute(
      catalogue,
    ),
  );
  return rows;
}

/**
 * The producer is about to be asked, at this URL, for a subscription that notifies the callback. Noted before: whoever is killed
 * between its answer and `callbackAnswered` leaves something to look for. False: there are too many that nobody knows about.
 */
export async function callbackAsked(catalogue: Catalogue, id: string, at: string): Promise<boolean> {
  const { rows } = await asking(
    sql`insert into callback_asked (callback, at) select ${id}::uuid, ${at}
      where (select count(*) from callback_asked where callback = ${id}::uuid) < ${AT_MOST}
        or exists (select from callback_asked where callback = ${id}::uuid and at = ${at})
      on conflict (callback, at) do update set unanswered = greatest(callback_asked.unanswered, 0) + 1
      returning at`.execute(catalogue),
  );
  return rows.length > 0;
}

/**
 * Its answer tells what became of it: `made`, by its URL; null: nothing. What was made ends with the binding. Of more than a binding
 * keeps the question stays noted, as if it had not been answered, so that what was made is looked for at the end.
 */
export async function callbackAnswered(
  catalogue: Catalogue,
  id: string,
  { at, made }: { readonly at: string; readonly made: string | null },
): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    if (made !== null && !(await kept(transaction, id, made))) return;
    await sql`update callback_asked set unanswered = unanswered - 1
      where callback = ${id}::uuid and at = ${at}`.execute(transaction);
    await sql`delete from callback_asked where callback = ${id}::uuid and at = ${at} and unanswered <= 0`.execute(
      transaction,
    );
  });
}

async function kept(transaction: Catalogue, id: string, made: string): Promise<boolean> {
  const { rows } =
    await sql`update callback set made = case when ${made}::text = any(made) then made else array_append(made, ${made}::text) end
    where id = ${id}::uuid and (${made}::text = any(made) or ${AT_MOST} > (
      select sum(cardinality(other.made)) from callback as other where other.binding = callback.binding))
    returning id`.execute(transaction);
  return rows.length > 0;
}

/** The consumer has ended it itself. */
export async function callbackUnmade(catalogue: Catalogue, binding: string, location: string): Promise<void> {
  await asking(
    catalogue
      .updateTable('callback')
      .set({ made: sql<string[]>`array_remove(made, ${location}::text)` })
      .where('binding', '=', binding)
      .where(sql<boolean>`${location}::text = any(made)`)
      .execute(),
  );
}

/** What was asked for before the binding was closed is carried out by then, or never. */
const SETTLED = '60 seconds';

export async function subscriptionsOf(catalogue: Catalogue, binding: string): Promise<Subscriptions> {
  const { rows } = await asking(
    sql<Subscriptions>`select
        coalesce((select jsonb_agg(url) from callback, unnest(made) as url where callback.binding = binding.id), '[]') as made,
        coalesce((select jsonb_agg(jsonb_build_object('callback', callback.id, 'at', asked.at))
          from callback join callback_asked as asked on asked.callback = callback.id and asked.unanswered > 0
          where callback.binding = binding.id), '[]') as unanswered,
        coalesce(binding.closed_at < now() - ${SETTLED}::interval, false) as settled
      from binding where id = ${binding}::uuid`.execute(catalogue),
  );
  return rows[0] ?? { made: [], unanswered: [], settled: true };
}

/** These are ended. Whatever a gateway has noted meanwhile stays, and so does what may yet be carried out. */
export async function unsubscribed(
  catalogue: Catalogue,
  binding: string,
  { made, settled }: Pick<Subscriptions, 'made' | 'settled'>,
): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    await sql`update callback set made = array(select unnest(made) except select unnest(${made}::text[]))
      where binding = ${binding}::uuid and made <> '{}'`.execute(transaction);
    if (settled)
      await sql`delete from callback_asked using callback
        where callback.id = callback_asked.callback and callback.binding = ${binding}::uuid`.execute(transaction);
  });
}

import { type Selectable, sql } from 'kysely';
import { isUuid } from './aliases.ts';
import { asking, type Catalogue } from './database.ts';
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

/** The producer answered 201: the subscription there ends with the binding. */
export async function callbackMade(catalogue: Catalogue, id: string, location: string): Promise<void> {
  await asking(
    catalogue
      .updateTable('callback')
      .set({ made: sql<string[]>`array_append(made, ${location}::text)` })
      .where('id', '=', id)
      .where(sql<boolean>`${location}::text <> all(made)`)
      .execute(),
  );
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

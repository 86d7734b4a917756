import { type Selectable, sql } from 'kysely';
import { isUuid } from './aliases.ts';
import { asking, type Catalogue } from './database.ts';
import type { Tables } from './tables.ts';

/** A target of notifications of one binding. What crosses is its id, never its address. */
export type Callback = Selectable<Tables['callback']>;

/** The same target again is the same callback. */
export async function callbackTo(
  catalogue: Catalogue,
  { binding, target }: { binding: string; target: string },
): Promise<Callback> {
  return await asking(
    catalogue
      .insertInto('callback')
      .values({ binding, target })
      .onConflict((conflict) => conflict.columns(['binding', 'target']).doUpdateSet({ target }))
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

export async function callbackById(catalogue: Catalogue, id: string): Promise<Callback | undefined> {
  if (!isUuid(id)) return undefined;
  return await asking(catalogue.selectFrom('callback').selectAll().where('id', '=', id).executeTakeFirst());
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

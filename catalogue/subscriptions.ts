import { type Selectable, sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';
import { whileNobodyChanges } from './notices.ts';
import { isId } from './systems.ts';
import type { Tables } from './tables.ts';

/** Of one MEO (MEC 040, 6.3.2). */
export type Subscription = Selectable<Tables['subscription']>;

/** A client that never looks what it has is stopped here. */
export const SUBSCRIPTIONS_OF_ONE = 50;

/** The same again is the same one, with a new deadline. Undefined: it would be one too many. */
export async function subscribe(
  catalogue: Catalogue,
  asked: {
    readonly client: string;
    readonly callback: string;
    readonly root: string;
    readonly systems: readonly string[] | null;
    readonly validSeconds: number;
  },
): Promise<Subscription | undefined> {
  const { client, callback, root, validSeconds } = asked;
  const systems = asked.systems === null ? null : [...new Set(asked.systems)].toSorted();
  const valid_until = sql<Date>`now() + make_interval(secs => ${validSeconds})`;
  return await asking(
    catalogue.transaction().execute(async (transaction) => {
      await whileNobodyChanges.execute(transaction);
      await transaction.deleteFrom('subscription').where('valid_until', '<=', sql<Date>`now()`).execute();
      const subscription = await transaction
        .insertInto('subscription')
        .values({ client, callback, root, systems, valid_until })
        .onConflict((conflict) =>
          conflict.expression(sql`client, subscribed(callback, systems)`).doUpdateSet({ root, valid_until }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      const { count } = await transaction
        .selectFrom('subscription')
        .select(sql<string>`count(*)`.as('count'))
        .where('client', '=', client)
        .executeTakeFirstOrThrow();
      if (Number(count) <= SUBSCRIPTIONS_OF_ONE) return subscription;
      await transaction.deleteFrom('subscription').where('id', '=', subscription.id).execute();
      return undefined;
    }),
  );
}

export async function subscriptionsOf(catalogue: Catalogue, client: string): Promise<readonly Subscription[]> {
  return await asking(
    catalogue
      .selectFrom('subscription')
      .selectAll()
      .where('client', '=', client)
      .where('valid_until', '>', sql<Date>`now()`)
      .orderBy('id')
      .execute(),
  );
}

export async function subscriptionOf(
  catalogue: Catalogue,
  { id, client }: { id: string; client: string },
): Promise<Subscription | undefined> {
  return (await subscriptionsOf(catalogue, client)).find((subscription) => subscription.id === id.toLowerCase());
}

export async function unsubscribe(
  catalogue: Catalogue,
  { id, client }: { id: string; client: string },
): Promise<boolean> {
  if (!isId(id)) return false;
  const { numDeletedRows } = await asking(
    catalogue
      .deleteFrom('subscription')
      .where('id', '=', id)
      .where('client', '=', client)
      .where('valid_until', '>', sql<Date>`now()`)
      .executeTakeFirst(),
  );
  return numDeletedRows > 0n;
}

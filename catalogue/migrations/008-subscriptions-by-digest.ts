import { type Kysely, type Migration, sql } from 'kysely';

/** What makes two subscriptions of a client the same, however many systems they name: no index holds a thousand ids. */
export const subscriptionsByDigest: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create function subscribed(callback text, systems uuid[]) returns text language sql immutable parallel safe as $$
     select md5(callback || ' ' || coalesce(array_to_string(systems, ','), '*')) $$`,
  'drop index subscription_of',
  'create unique index subscription_of on subscription (client, subscribed(callback, systems))',
];

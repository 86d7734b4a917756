import { sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';

/** Of one table in one round: whoever tends a partner waits for it. */
const AT_ONCE = 2_000;

/** A platform goes with what it offers. */
const tables = ['offer', 'platform', 'zone', 'device', 'asked', 'found'] as const;

/**
 * What has not been valid for a day. Until then it is the same row, and the same alias, when it comes back. Two who tidy at
 * once pass over what the other one has in hand.
 */
export async function tidy(catalogue: Catalogue): Promise<void> {
  for (const table of tables)
    await asking(
      sql`delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where valid_until < now() - interval '1 day'
        limit ${AT_ONCE} for update skip locked))`.execute(catalogue),
    );
}

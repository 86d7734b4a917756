import { sql, type SqlBool, type Transaction } from 'kysely';
import type { Due } from '../activities/federation/ports.ts';
import { asking, type Catalogue } from './database.ts';
import type { Tables } from './tables.ts';

/** What subscribers are still to be told. It is written with the change itself: what has happened is told, whoever dies. */

/** The systems of one notification. */
const TOGETHER = 100;
const SUBSCRIPTIONS = 100;
/** After so many failures in a row, some half an hour, what was to be told is dropped: a subscriber can look by itself. */
export const TRIES = 12;
const LONGEST_SECONDS = 300;

export interface Noted {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
}

/** Who subscribes waits for changes under way, and they for him: whatever is not in his next list is told to him. */
const SUBSCRIBING = sql.lit(7_040);
export const whileNobodyChanges = sql`select pg_advisory_xact_lock(${SUBSCRIBING})`;
const whileNobodySubscribes = sql`select pg_advisory_xact_lock_shared(${SUBSCRIBING})`;

/** In the transaction that changed these systems, or took them out. */
export async function announce(transaction: Transaction<Tables>, systems: readonly Noted[]): Promise<void> {
  if (systems.length === 0) return;
  await whileNobodySubscribes.execute(transaction);
  const changed = JSON.stringify(systems.map(({ id, name, provider }) => ({ id, name, provider })));
  await sql`
    insert into notice (subscription, system, name, provider)
    select subscription.id, changed.id, changed.name, changed.provider
    from jsonb_to_recordset(${changed}::jsonb) as changed (id uuid, name text, provider text), subscription
    where valid_until > now() and (systems is null or changed.id = any(systems))
    on conflict (subscription, system)
    do update set n = default, name = excluded.name, provider = excluded.provider`.execute(transaction);
}

/** Who is to be told something now, and what first. */
export async function due(catalogue: Catalogue): Promise<readonly Due[]> {
  const subscriptions = await asking(
    catalogue
      .selectFrom('subscription')
      .select(['id', 'client', 'callback', 'root'])
      .where(sql<SqlBool>`valid_until > now() and coalesce(again_at <= now(), true)`)
      .where(sql<SqlBool>`exists (select from notice where notice.subscription = subscription.id)`)
      .orderBy('id')
      .limit(SUBSCRIPTIONS)
      .execute(),
  );
  const all = await Promise.all(
    subscriptions.map(async ({ id, ...subscription }) => {
      const notices = await asking(
        catalogue
          .selectFrom('notice')
          .select(['n', 'system', 'name', 'provider'])
          .where('subscription', '=', id)
          .orderBy('n')
          .limit(TOGETHER)
          .execute(),
      );
      return { subscription: id, ...subscription, notices };
    }),
  );
  return all.filter(({ notices }) => notices.length > 0);
}

/** What has changed once more meanwhile has another number, and stays. */
export async function told(catalogue: Catalogue, { subscription, notices }: Due): Promise<void> {
  await asking(
    catalogue
      .deleteFrom('notice')
      .where('subscription', '=', subscription)
      .where(
        'n',
        'in',
        notices.map(({ n }) => n),
      )
      .execute(),
  );
  await asking(
    catalogue.updateTable('subscription').set({ failed: 0, again_at: null }).where('id', '=', subscription).execute(),
  );
}

/** Tried again after a while that grows. True: given up. */
export async function notTold(catalogue: Catalogue, { subscription }: Due): Promise<boolean> {
  const kept = await asking(
    catalogue
      .updateTable('subscription')
      .set({
        failed: sql`failed + 1`,
        again_at: sql`now() + make_interval(secs => least(power(2, failed), ${LONGEST_SECONDS}))`,
      })
      .where('id', '=', subscription)
      .returning('failed')
      .executeTakeFirst(),
  );
  if (kept === undefined || kept.failed < TRIES) return false;
  await forget(catalogue, subscription);
  return true;
}

/** Nothing of what was to be told to it is told. */
export async function forget(catalogue: Catalogue, subscription: string): Promise<void> {
  await asking(catalogue.deleteFrom('notice').where('subscription', '=', subscription).execute());
  await asking(
    catalogue.updateTable('subscription').set({ failed: 0, again_at: null }).where('id', '=', subscription).execute(),
  );
}

/** In how many milliseconds somebody is to be told something; null: nobody is. */
export async function dueInMs(catalogue: Catalogue): Promise<number | null> {
  const { rows } = await asking(
    sql<{ ms: number | null }>`
      select extract(epoch from min(greatest(coalesce(again_at, now()), now())) - now())::float8 * 1000 as ms
      from subscription
      where valid_until > now() and exists (select from notice where notice.subscription = subscription.id)
    `.execute(catalogue),
  );
  const ms = rows[0]?.ms ?? null;
  return ms === null ? null : Math.ceil(ms);
}

import { sql, type SqlBool, type Transaction } from 'kysely';
import type { Due } from '../activities/federation/ports.ts';
import { asking, type Catalogue, inOne } from './database.ts';
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

/**
 * What has changed once more meanwhile has another number, and stays. What somebody else has in hand, or has told, may have been
 * heard before this: where this was of an older name the one of today is told once more.
 */
export async function told(catalogue: Catalogue, { subscription, notices }: Due): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    const ours = await transaction
      .deleteFrom('notice')
      .where('subscription', '=', subscription)
      .where(sql<SqlBool>`n = any(${notices.map(({ n }) => n)}::bigint[])`)
      .returning('n')
      .execute();
    const late = notices.filter(({ n }) => ours.every((one) => one.n !== n));
    if (late.length > 0) await toldLate(transaction, subscription, late);
    await sql`update subscription set failed = 0, again_at = null
      where id = ${subscription}::uuid and (failed, again_at) is distinct from (0, null)`.execute(transaction);
  });
}

/** What is noted already is of today: whoever has it in hand leaves it then, and it is told after this. */
async function toldLate(transaction: Transaction<Tables>, subscription: string, late: Due['notices']): Promise<void> {
  await sql`
    insert into notice (subscription, system, name, provider)
    select subscription.id, system.id, system.name, system.provider
    from jsonb_to_recordset(${JSON.stringify(late)}::jsonb) as late (system uuid, name text, provider text)
    join system on system.id = late.system and (system.name, system.provider) is distinct from (late.name, late.provider)
    join subscription on subscription.id = ${subscription}::uuid and subscription.valid_until > now()
    on conflict (subscription, system) do update set n = default`.execute(transaction);
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

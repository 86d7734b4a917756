import { randomBytes } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { Reached } from '../domain/binding.ts';
import { Refusal } from '../domain/failures.ts';
import { isSpent, noteClosed, reachedUnder, roleOf } from './binding-lines.ts';
import { type Binding, type Bound, isAt, named } from './bound.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { note } from './ledger.ts';

/**
 * What is consumed across operators, as it changes. Each change is one conditional UPDATE, forwards only: admitting, open, closed. So
 * what comes late changes nothing, and a name that is closed is closed for ever.
 */

/**
 * The consumer's: there before anybody is told, so that whatever becomes of an answer it is known. The same name again is the
 * same row, in whatever state. What another run was about to bind there is closed: there is one at a time, so that one is over.
 * AlreadyBound: this platform has that offer by another name.
 */
export async function reserve(catalogue: Catalogue, bound: Bound & { readonly run: string }): Promise<Binding> {
  return await inOne(catalogue, async (transaction) => {
    await lockAgreement(transaction, bound.agreement);
    await closeOthers(transaction, bound);
    const made = await transaction
      .insertInto('binding')
      .values({
        ...bound,
        side: 'consumer',
        state: 'admitting',
        owed: true,
        path_secret: randomBytes(32).toString('base64url'),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    const there = made ?? (await named(transaction, { side: 'consumer', ...bound }));
    if (there !== undefined) return there;
    throw new Refusal('AlreadyBound', `${bound.offer_name} is bound at ${bound.platform} already`);
  });
}

async function closeOthers(transaction: Catalogue, bound: Bound & { readonly run: string }): Promise<void> {
  await closeWhere(
    transaction,
    sql<boolean>`${isAt(bound)} and state = 'admitting' and run <> ${bound.run}`,
    'its run is over',
  );
}

/** `others`: the name was used for something else. `full`: the partner holds as many as it may. `ended`: so is its agreement. */
export type Admitted = { readonly binding: Binding } | 'others' | 'full' | 'ended';

/** The producer's. The same again is the same row, in whatever state; a tombstone stays what it is. */
export async function admit(catalogue: Catalogue, bound: Bound, limit: number): Promise<Admitted> {
  return await inOne(catalogue, async (transaction) => {
    const partner = await lockAgreement(transaction, bound.agreement);
    if (partner === undefined) return 'ended';
    const before = await named(transaction, { side: 'producer', ...bound });
    if (before !== undefined)
      return before.state === 'closed' || isSame(before, bound) ? { binding: before } : 'others';
    if (await isSpent(transaction, partner, bound.name)) return 'others';
    if ((await held(transaction, bound.agreement)) >= limit) return 'full';
    const binding = await transaction
      .insertInto('binding')
      .values({ ...bound, side: 'producer', state: 'admitting' })
      .returningAll()
      .executeTakeFirstOrThrow();
    const { name: key, operator: origin, kind, offer_name: name } = bound;
    const what = { kind, name };
    await note(transaction, { partner, kind: 'announced', role: 'served', key, origin, what, outcome: 'announced' });
    return { binding };
  });
}

/** Changes take turns with whatever ends the agreement, and with each other. With whom it is; undefined: it has ended. */
async function lockAgreement(transaction: Catalogue, agreement: string): Promise<string | undefined> {
  const { rows } = await sql<{ partner: string }>`
    select partner from agreement where id = ${agreement}::uuid and ended_at is null for no key update`.execute(
    transaction,
  );
  return rows[0]?.partner;
}

async function held(transaction: Catalogue, agreement: string): Promise<number> {
  const { n } = await transaction
    .selectFrom('binding')
    .select(sql<string>`count(*)`.as('n'))
    .where('agreement', '=', agreement)
    .where('side', '=', 'producer')
    .where('state', '!=', 'closed')
    .executeTakeFirstOrThrow();
  return Number(n);
}

const isSame = (row: Binding, bound: Bound): boolean =>
  (['offer', 'for_application', 'solution'] as const).every((member) => row[member] === bound[member]);

/** From `admitting` only. False: it was closed meanwhile; true also where it is open already. `upstream`: the producer. */
export async function opened(catalogue: Catalogue, id: string, upstream: string | null): Promise<boolean> {
  const row = await asking(
    catalogue
      .updateTable('binding')
      .set({ state: 'open', opened_at: sql<Date>`coalesce(opened_at, now())`, upstream })
      .where('id', '=', id)
      .where('state', '!=', 'closed')
      .returning('id')
      .executeTakeFirst(),
  );
  return row !== undefined;
}

/** For ever. True: it was not before. */
export async function close(catalogue: Catalogue, id: string, why: string): Promise<boolean> {
  return (await closeWhere(catalogue, sql<boolean>`id = ${id}::uuid and state <> 'closed'`, why)) > 0;
}

/** With their lines in the ledger, or not at all. Returns how many. */
async function closeWhere(
  catalogue: Catalogue,
  which: RawBuilder<boolean>,
  why: string,
  unheard: { readonly owed?: false } = {},
): Promise<number> {
  return await inOne(catalogue, async (transaction) => {
    const closed = await transaction
      .updateTable('binding')
      .set({ state: 'closed', closed_at: sql<Date>`now()`, why, ...unheard })
      .where(which)
      .returning('id')
      .execute();
    await noteClosed(
      transaction,
      closed.map(({ id }) => id),
    );
    return closed.length;
  });
}

/** What a run has reserved and told nobody of. */
export async function closeRun(catalogue: Catalogue, run: string, why: string): Promise<void> {
  await closeWhere(catalogue, sql<boolean>`run = ${run} and state = 'admitting'`, why, { owed: false });
}

/** Names that a partner ends without having announced them, in a day: announcements that were lost are few. */
const NEVER_HEARD_OF = 10_000;

/**
 * The partner ends what it had announced. Of a name that was never heard of a tombstone is left, so that an announcement that is
 * still under way finds it. `closed`: the row that was closed by this. `full`: there are too many of those. Undefined: the
 * agreement has ended.
 */
export async function bury(
  catalogue: Catalogue,
  { agreement, name, why }: { agreement: string; name: string; why: string },
): Promise<{ readonly closed: Binding | undefined; readonly was: Reached } | 'full' | undefined> {
  return await inOne(catalogue, async (transaction) => {
    const partner = await lockAgreement(transaction, agreement);
    if (partner === undefined) return undefined;
    const before = await named(transaction, { side: 'producer', agreement, name });
    if (before === undefined) {
      if (await isFullOfTombstones(transaction, agreement)) return 'full';
      const tombstone = { name, agreement, side: 'producer', state: 'closed', why } as const;
      await transaction
        .insertInto('binding')
        .values({ ...tombstone, closed_at: sql`now()` })
        .execute();
    }
    const closed = before !== undefined && (await close(transaction, before.id, why)) ? before : undefined;
    return { closed, was: await reachedUnder(transaction, { partner, side: 'producer', name }) };
  });
}

async function isFullOfTombstones(transaction: Catalogue, agreement: string): Promise<boolean> {
  const { rows } = await sql`select from binding
    where side = 'producer' and agreement = ${agreement}::uuid and kind is null
    offset ${NEVER_HEARD_OF - 1} limit 1`.execute(transaction);
  return rows.length > 0;
}

/**
 * All of an agreement, as it ends. The partner closes what both know to be open there; returns the names of what it has not said
 * of how far it had come: that stays owed.
 */
export async function closeAll(transaction: Catalogue, agreement: string, why: string): Promise<readonly string[]> {
  await closeWhere(transaction, sql<boolean>`agreement = ${agreement}::uuid and state <> 'closed'`, why);
  await sql`update binding set owed = false from agreement
    where agreement.id = ${agreement}::uuid and binding.agreement = agreement.id and owed and exists (
      select from ledger where ledger.partner = agreement.partner and key = binding.name and kind = 'opened'
        and role = ${roleOf('consumer')})`.execute(transaction);
  const owed = transaction.selectFrom('binding').select('name').where('agreement', '=', agreement);
  return (await owed.where('owed', '=', true).orderBy('name').execute()).map(({ name }) => name);
}

/** The service's id at the own platform; null: it was taken off. */
export async function exposed(catalogue: Catalogue, id: string, exposed_as: string | null): Promise<void> {
  await asking(catalogue.updateTable('binding').set({ exposed_as }).where('id', '=', id).execute());
}

/** Our own orchestrator is about to be told of it, or has been told that it is over. */
export async function told(catalogue: Catalogue, id: string, is: boolean): Promise<void> {
  await asking(catalogue.updateTable('binding').set({ told: is }).where('id', '=', id).execute());
}

/** The partner has said so. True: it had not before. */
export async function isOver(catalogue: Catalogue, id: string): Promise<boolean> {
  const { numUpdatedRows } = await asking(
    catalogue
      .updateTable('binding')
      .set({ owed: false })
      .where('id', '=', id)
      .where('owed', '=', true)
      .executeTakeFirst(),
  );
  return numUpdatedRows > 0n;
}

/** Told to whoever asks why it is closed. */
export async function add(catalogue: Catalogue, id: string, more: string): Promise<void> {
  await asking(
    sql`update binding set why = concat_ws('; ', why, ${more}::text) where id = ${id}::uuid`.execute(catalogue),
  );
}

/** What the gateways counted since they last told. Of bindings that are gone: nothing. */
export async function count(
  catalogue: Catalogue,
  counted: readonly { readonly binding: string; readonly requests: number; readonly bytes: number }[],
): Promise<void> {
  if (counted.length === 0) return;
  await asking(
    sql`update binding set requests = binding.requests + told.requests, bytes = binding.bytes + told.bytes, used_at = now()
      from jsonb_to_recordset(${JSON.stringify(counted)}::jsonb) as told (binding uuid, requests bigint, bytes bigint)
      where binding.id = told.binding`.execute(catalogue),
  );
}

/**
 * Rows of what ended a day ago, tombstones among them: until then what comes late finds them. What a partner has not yet said to
 * be over stays until its agreement is forgotten.
 */
export async function sweep(catalogue: Catalogue): Promise<void> {
  await asking(sql`delete from binding where closed_at < now() - interval '1 day' and not owed`.execute(catalogue));
}

import { randomBytes } from 'node:crypto';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import { Refusal } from '../domain/failures.ts';
import type { Reached } from '../domain/binding.ts';
import { isSpent, noteClosed, servedUnder } from './binding-lines.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { note } from './ledger.ts';
import type { Tables } from './tables.ts';

/**
 * What is consumed across operators. Each change is one conditional UPDATE, forwards only: admitting, open, closed. So
 * what comes late changes nothing, and a name that is closed is closed for ever.
 */
export type Binding = Selectable<Tables['binding']>;

/** With whom. */
export type BindingKnown = Binding & { readonly partner: string | null };

type Known = { readonly [K in keyof Binding]: NonNullable<Binding[K]> };

/** What a binding is for. The same words again are the same binding. */
export type Bound = Pick<
  Known,
  'name' | 'agreement' | 'offer' | 'system' | 'platform' | 'kind' | 'offer_name' | 'solution' | 'operator'
> &
  Pick<Binding, 'for_application'>;

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
    select partner from agreement where id = ${agreement}::uuid and ended_at is null for update`.execute(transaction);
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

/**
 * The partner ends what it had announced. Of a name that was never heard of a tombstone is left, so that an announcement that is
 * still under way finds it. `closed`: the row that was closed by this. Undefined: the agreement has ended.
 */
export async function bury(
  catalogue: Catalogue,
  { agreement, name, why }: { agreement: string; name: string; why: string },
): Promise<{ readonly closed: Binding | undefined; readonly was: Reached } | undefined> {
  return await inOne(catalogue, async (transaction) => {
    const partner = await lockAgreement(transaction, agreement);
    if (partner === undefined) return undefined;
    const before = await named(transaction, { side: 'producer', agreement, name });
    if (before === undefined) {
      const tombstone = { name, agreement, side: 'producer', state: 'closed', why } as const;
      await transaction
        .insertInto('binding')
        .values({ ...tombstone, closed_at: sql`now()` })
        .execute();
    }
    const closed = before !== undefined && (await close(transaction, before.id, why)) ? before : undefined;
    return { closed, was: await servedUnder(transaction, partner, name) };
  });
}

/** All of an agreement, as it ends. */
export async function closeAll(transaction: Catalogue, agreement: string, why: string): Promise<void> {
  await closeWhere(transaction, sql<boolean>`agreement = ${agreement}::uuid and state <> 'closed'`, why);
}

/** The service's id at the own platform; null: it was taken off. */
export async function exposed(catalogue: Catalogue, id: string, exposed_as: string | null): Promise<void> {
  await asking(catalogue.updateTable('binding').set({ exposed_as }).where('id', '=', id).execute());
}

/** Our own orchestrator is about to be told of it, or has been told that it is over. */
export async function told(catalogue: Catalogue, id: string, is: boolean): Promise<void> {
  await asking(catalogue.updateTable('binding').set({ told: is }).where('id', '=', id).execute());
}

/** The partner has said so. */
export async function isOver(catalogue: Catalogue, id: string): Promise<void> {
  await asking(
    catalogue.updateTable('binding').set({ owed: false }).where('id', '=', id).where('owed', '=', true).execute(),
  );
}

/** Another offer takes the place of one that is gone, or it is reached elsewhere. */
export async function repoint(
  catalogue: Catalogue,
  id: string,
  to: { readonly offer: string; readonly upstream: string },
): Promise<void> {
  await asking(catalogue.updateTable('binding').set(to).where('id', '=', id).where('state', '!=', 'closed').execute());
}

const known = (catalogue: Catalogue) =>
  catalogue
    .selectFrom('binding')
    .leftJoin('agreement', 'agreement.id', 'binding.agreement')
    .selectAll('binding')
    .select('agreement.partner');

export async function bindingById(catalogue: Catalogue, id: string): Promise<BindingKnown | undefined> {
  return await asking(known(catalogue).where('binding.id', '=', id).executeTakeFirst());
}

/** Both sides, without tombstones, in the order of their ids. `closed`: those too. */
export async function bindingsListed(
  catalogue: Catalogue,
  { after, limit, closed }: { readonly after?: string | undefined; readonly limit: number; readonly closed: boolean },
): Promise<readonly BindingKnown[]> {
  let query = known(catalogue).where('binding.kind', 'is not', null).orderBy('binding.id').limit(limit);
  if (!closed) query = query.where('binding.state', '!=', 'closed');
  if (after !== undefined) query = query.where('binding.id', '>', after);
  return await asking(query.execute());
}

/** How old it is, in seconds: by the clock of the database. */
export type Aged = Binding & { readonly age: number };

const age = sql<number>`floor(extract(epoch from now() - asked_at))::int`.as('age');

export async function bindingNamed(
  catalogue: Catalogue,
  name: Pick<Known, 'side' | 'agreement' | 'name'>,
): Promise<Aged | undefined> {
  return await asking(named(catalogue, name));
}

const named = async (
  catalogue: Catalogue,
  { side, agreement, name }: Pick<Known, 'side' | 'agreement' | 'name'>,
): Promise<Aged | undefined> =>
  await catalogue
    .selectFrom('binding')
    .selectAll()
    .select(age)
    .where('side', '=', side)
    .where('agreement', '=', agreement)
    .where('name', '=', name)
    .executeTakeFirst();

/** What a partner uses of ours: not closed, in the order of their names, so that a page follows upon the last one. */
export async function producersOf(
  catalogue: Catalogue,
  agreement: string,
  { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly Aged[]> {
  return await asking(
    catalogue
      .selectFrom('binding')
      .selectAll()
      .select(age)
      .where('side', '=', 'producer')
      .where('agreement', '=', agreement)
      .where('state', '!=', 'closed')
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit)
      .execute(),
  );
}

/** Of the consumer: the address that applications call ends with it. */
export async function bindingOfSecret(catalogue: Catalogue, secret: string): Promise<Binding | undefined> {
  return await asking(catalogue.selectFrom('binding').selectAll().where('path_secret', '=', secret).executeTakeFirst());
}

/** Of one run, the newest candidate first. */
export async function bindingOfRun(catalogue: Catalogue, run: string): Promise<BindingKnown | undefined> {
  const newest = known(catalogue).where('binding.run', '=', run).orderBy('binding.asked_at', 'desc');
  return await asking(newest.executeTakeFirst());
}

type Place = Pick<Bound, 'system' | 'platform' | 'kind' | 'offer_name' | 'for_application'>;

/** What a platform has of what is offered by that name. */
export async function bindingAt(catalogue: Catalogue, place: Place): Promise<BindingKnown | undefined> {
  return await asking(known(catalogue).where(isAt(place)).where('binding.state', '!=', 'closed').executeTakeFirst());
}

const isAt = ({ system, platform, kind, offer_name, for_application }: Place) =>
  sql<boolean>`side = 'consumer' and system = ${system} and platform = ${platform} and kind = ${kind}
    and offer_name = ${offer_name} and for_application is not distinct from ${for_application}`;

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
 * be over stays as long as its agreement.
 */
export async function sweep(catalogue: Catalogue): Promise<void> {
  await asking(
    sql`delete from binding where closed_at < now() - interval '1 day' and not (owed and exists (
      select from agreement where agreement.id = binding.agreement and agreement.ended_at is null))`.execute(catalogue),
  );
}

import { randomBytes } from 'node:crypto';
import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Agreement, Heard, Joined } from '../activities/federation/ports.ts';
import type { Direction, Will } from '../domain/federation.ts';
import { closeAll } from './bindings.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { announce } from './notices.ts';
import type { Tables } from './tables.ts';

/** The agreement that holds with a partner, in one direction. */
export async function agreementWith(
  catalogue: Catalogue,
  { partner, direction }: { partner: string; direction: Direction },
): Promise<Agreement | undefined> {
  return await one(catalogue, { partner, direction });
}

/** By the federationContextId that we allotted. Whether its partner is who asks, the caller looks. */
export async function agreementServed(catalogue: Catalogue, context: string): Promise<Agreement | undefined> {
  return await one(catalogue, { context, direction: 'serves' });
}

/** By the end of a link that we gave. */
export async function agreementOfKey(catalogue: Catalogue, callbackKey: string): Promise<Agreement | undefined> {
  return await one(catalogue, { callback_key: callbackKey });
}

/** What the partner gave with its request, and what we allot: of an agreement that we serve. */
export interface Beginning {
  readonly context: string;
  readonly callback_url: string | null;
}

/**
 * The agreement that holds, made now where there is none: two who begin at once begin the same. What is given of one that is
 * there already replaces its links and nothing else: the context stays.
 */
export async function begin(
  catalogue: Catalogue,
  {
    given,
    ...whose
  }: {
    readonly partner: string;
    readonly direction: Direction;
    readonly operator?: string;
    readonly given?: Beginning;
  },
): Promise<Agreement> {
  const row = { ...whose, callback_key: randomBytes(32).toString('base64url'), ...given };
  const begun = await asking(
    catalogue
      .insertInto('agreement')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['partner', 'direction'])
          .where('ended_at', 'is', null)
          .doUpdateSet((before) => ({
            callback_url: given === undefined ? before.ref('agreement.callback_url') : given.callback_url,
          })),
      )
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return agreementOf(begun);
}

/** It is about to be asked for: from now on the partner may know of it. */
export async function askedFor(catalogue: Catalogue, { id }: Agreement): Promise<void> {
  await update(catalogue, id, { asked_at: sql<Date>`date_trunc('milliseconds', clock_timestamp())` });
}

/**
 * Another name of the same partner: its federator has given that context already, and gives one to each whom it knows. `among`: a
 * name that the configuration does not have any more holds up nobody.
 */
export async function namesake(
  catalogue: Catalogue,
  { id }: Agreement,
  { context, among }: { readonly context: string; readonly among: readonly string[] },
): Promise<string | null> {
  const holds = catalogue.selectFrom('agreement').select('partner').where('direction', '=', 'uses');
  const named = holds.where(sql<boolean>`partner = any(${among}::text[])`).where('ended_at', 'is', null);
  const other = named.where('context', '=', context).where('id', '!=', id);
  return (await asking(other.executeTakeFirst()))?.partner ?? null;
}

/** What the partner said to being asked. False: that agreement has ended meanwhile. */
export async function contextGiven(
  catalogue: Catalogue,
  { id }: Agreement,
  { context, capabilities }: Joined,
): Promise<boolean> {
  return await update(catalogue, id, {
    context,
    // What its callbacks have told meanwhile stays: which of them is the newest
    capabilities: sql`capabilities || ${JSON.stringify(capabilities)}::jsonb`,
    problem: null,
    silent_since: null,
  });
}

/** Only over an older question, and for that very agreement: what an earlier round hears late changes nothing. */
export async function heard(
  catalogue: Catalogue,
  { id }: Agreement,
  askedAt: Date,
  { theirs, linkMs, capabilities }: Heard,
): Promise<void> {
  await asking(
    catalogue
      .updateTable('agreement')
      .set({
        asked_at: askedAt,
        heard_at: sql`now()`,
        silent_since: null,
        problem: null,
        link_ms: linkMs,
        capabilities: sql`capabilities || ${JSON.stringify(capabilities)}::jsonb`,
        ...(theirs !== null && { theirs }),
      })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where(olderThan(askedAt))
      .execute(),
  );
}

/** It was asked and did not answer: by the same rule. */
export async function silent(catalogue: Catalogue, { id }: Agreement, askedAt: Date, problem: string): Promise<void> {
  await asking(
    catalogue
      .updateTable('agreement')
      .set({ asked_at: askedAt, silent_since: sql`coalesce(silent_since, ${askedAt})`, problem })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where(olderThan(askedAt))
      .execute(),
  );
}

/** The partner has asked something under this agreement: it is there. Written once in ten seconds at most. */
export async function seen(catalogue: Catalogue, { id }: Pick<Agreement, 'id'>): Promise<void> {
  await asking(
    catalogue
      .updateTable('agreement')
      .set({ heard_at: sql`now()`, silent_since: null })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where(sql<boolean>`(heard_at is null or heard_at < now() - interval '10 seconds')`)
      .execute(),
  );
}

/**
 * What an E/WBI-only partner tells by its status callback: the newest `modificationDate` wins, so that one that comes late or
 * twice changes nothing. One that is still to come says nothing of order: it keeps nobody out until then.
 */
export async function statusTold(
  catalogue: Catalogue,
  { id }: Pick<Agreement, 'id'>,
  { theirs, modifiedAt }: { theirs: Will; modifiedAt: Date },
): Promise<void> {
  const said = JSON.stringify({ statusAt: modifiedAt.toISOString() });
  await asking(
    catalogue
      .updateTable('agreement')
      .set({ theirs, capabilities: sql`capabilities || ${said}::jsonb` })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where(
        sql<boolean>`coalesce((capabilities ->> 'statusAt')::timestamptz not between ${modifiedAt}::timestamptz and now() + ${SKEW}::interval, true)`,
      )
      .execute(),
  );
}

/** All of joining was done. True: it was not before. */
export async function joinedNow(catalogue: Catalogue, { id }: Agreement): Promise<boolean> {
  const { numUpdatedRows } = await asking(
    catalogue
      .updateTable('agreement')
      .set({ joined_at: sql`now()`, problem: null })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .where('joined_at', 'is', null)
      .executeTakeFirst(),
  );
  return numUpdatedRows > 0n;
}

export async function willTold(catalogue: Catalogue, { id }: Agreement, will: Will): Promise<void> {
  await update(catalogue, id, { told_will: will });
}

export async function problemOf(catalogue: Catalogue, { id }: Agreement, problem: string | null): Promise<void> {
  await update(catalogue, id, { problem });
}

/** Its aliases, and what was learned under it, end with it; `problem` says what nobody knows of it. True: it was this call that ended it. */
export async function end(
  catalogue: Catalogue,
  { id }: Pick<Agreement, 'id'>,
  problem: string | null,
): Promise<boolean> {
  return await inOne(catalogue, async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('agreement')
      .set({ ended_at: sql`now()`, problem })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    const owed = await closeAll(transaction, id, problem ?? 'its agreement has ended');
    if (owed.length > 0)
      await transaction
        .updateTable('agreement')
        .set({ problem: `${problem ?? 'it has ended'}; ${unsaid(owed)}` })
        .where('id', '=', id)
        .execute();
    for (const table of ['alias', 'zone'] as const)
      await transaction.deleteFrom(table).where('agreement', '=', id).execute();
    const gone = await transaction.deleteFrom('system').where('agreement', '=', id).returningAll().execute();
    await announce(
      transaction,
      gone.filter((system) => system.valid_until === null),
    );
    return numUpdatedRows > 0n;
  });
}

/** As many are named. */
const NAMED = 3;

function unsaid(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `how far it had come with what we had announced it has not said: until it is joined again its ledger may have lines that ours has not (${names.slice(0, NAMED).join(', ')}${more})`;
}

/** Those that ended long ago. */
export async function forget(catalogue: Catalogue, days: number): Promise<void> {
  await asking(
    catalogue
      .deleteFrom('agreement')
      .where('ended_at', '<', sql<Date>`now() - make_interval(days => ${days})`)
      .execute(),
  );
}

/** So far two clocks that are set may differ. */
const SKEW = '1 minute';

/** A question that is still to come is of a clock that was put back, as that of another database server: it keeps nobody out. */
const olderThan = (askedAt: Date) =>
  sql<boolean>`(asked_at is null or asked_at < ${askedAt} or asked_at > clock_timestamp() + ${SKEW}::interval)`;

async function one(
  catalogue: Catalogue,
  known: Partial<Pick<Tables['agreement'], 'partner' | 'direction' | 'context' | 'callback_key'>>,
): Promise<Agreement | undefined> {
  let query = catalogue.selectFrom('agreement').selectAll().where('ended_at', 'is', null);
  for (const [column, value] of Object.entries(known)) query = query.where(column as keyof typeof known, '=', value);
  const row = await asking(query.executeTakeFirst());
  return row === undefined ? undefined : agreementOf(row);
}

async function update(catalogue: Catalogue, id: string, change: UpdateObject<Tables, 'agreement'>): Promise<boolean> {
  const { numUpdatedRows } = await asking(
    catalogue
      .updateTable('agreement')
      .set(change)
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst(),
  );
  return numUpdatedRows > 0n;
}

export const agreementOf = (row: Selectable<Tables['agreement']>): Agreement => ({
  id: row.id,
  partner: row.partner,
  direction: row.direction,
  context: row.context,
  theirs: row.theirs,
  askedAt: row.asked_at,
  heardAt: row.heard_at,
  silentSince: row.silent_since,
  linkMs: row.link_ms,
  callbackKey: row.callback_key,
  callbackUrl: row.callback_url,
  zonesUrl: row.zones_url,
  systemsTag: row.systems_tag,
  zonesTag: row.zones_tag,
  toldWill: row.told_will,
  problem: row.problem,
  joinedAt: row.joined_at,
  createdAt: row.created_at,
});

import { DEFAULT_MIGRATION_TABLE, Kysely, Migrator, PostgresDialect, sql, type Transaction } from 'kysely';
import type { Client, PoolClient } from 'pg';
import { Refusal } from '../domain/failures.ts';
import { membersAndAgreements } from './migrations/001-members-and-agreements.ts';
import { inventory } from './migrations/002-inventory.ts';
import { bindings } from './migrations/003-bindings.ts';
import { subscriptionsAskedFor } from './migrations/004-subscriptions-asked-for.ts';
import { owed } from './migrations/005-owed.ts';
import { operators } from './migrations/006-operators.ts';
import { lasting } from './migrations/007-lasting.ts';
import { subscriptionsByDigest } from './migrations/008-subscriptions-by-digest.ts';
import { zonesFollowed } from './migrations/009-zones-followed.ts';
import { entriesByHash } from './migrations/010-entries-by-hash.ts';
import { fitting } from './migrations/011-fitting.ts';
import { crowded } from './migrations/012-crowded.ts';
import { near } from './migrations/013-near.ts';
import type { Tables } from './tables.ts';

/** What the federator knows: shared by its programs. */
export type Catalogue = Kysely<Tables>;

export interface CataloguePlan {
  /** DATABASE_URL. */
  readonly url: string;
  /** At most so many connections of this program. */
  readonly connections: number;
  /** Of the configuration: what another world has left is thrown away. */
  readonly world?: string | undefined;
}

/** The server gives a statement up after this; one that stands still is given up itself a little later. */
const STATEMENT_MS = 5_000;
const SILENCE_MS = 1_000;
/** An index of a million entries takes its time, and whoever starts beside it waits. */
const MIGRATION_MS = 600_000;
/** So long a program that starts waits for a server that takes connections, and does not answer yet. */
const REACH_MS = 20_000;

/** In their order; what has landed is never changed. */
const migrations = {
  '001-members-and-agreements': membersAndAgreements,
  '002-inventory': inventory,
  '003-bindings': bindings,
  '004-subscriptions-asked-for': subscriptionsAskedFor,
  '005-owed': owed,
  '006-operators': operators,
  '007-lasting': lasting,
  '008-subscriptions-by-digest': subscriptionsByDigest,
  '009-zones-followed': zonesFollowed,
  '010-entries-by-hash': entriesByHash,
  '011-fitting': fitting,
  '012-crowded': crowded,
  '013-near': near,
};

/** Opens it, and brings its tables up to date: any program may be the first. Throws what PostgreSQL says. */
export async function openCatalogue({ url, connections, world }: CataloguePlan): Promise<Catalogue> {
  const catalogue = await connected(url, connections, STATEMENT_MS);
  try {
    await reach(catalogue);
    await migrate(catalogue, url);
    await belongTo(world ?? null, catalogue);
  } catch (error) {
    await catalogue.destroy();
    throw error;
  }
  return catalogue;
}

async function connected(url: string, connections: number, statementMs: number): Promise<Catalogue> {
  const { Pool } = await import('pg'); // whoever has no federation does not load it
  const pool = new Pool({
    connectionString: url,
    max: connections,
    statement_timeout: statementMs,
    query_timeout: statementMs + SILENCE_MS,
    connectionTimeoutMillis: STATEMENT_MS,
  });
  // One that is lost while it is in use fails its query, and says so beside that: nobody else would be listening
  pool.on('connect', (connection) => {
    connection.on('error', () => undefined);
    endWhereSilent(connection);
  });
  pool.on('error', () => undefined); // an idle connection was lost: the next query opens another, or says why it cannot
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** What was not answered in time may be answered later, or keep all that is asked after it waiting: it is not asked again. */
function endWhereSilent(connection: PoolClient): void {
  const query = connection.query.bind(connection) as (...asked: unknown[]) => Promise<unknown>;
  connection.query = (async (...asked: unknown[]) =>
    await query(...asked).catch((error: unknown) => {
      if ((error as Error).message === 'Query read timeout') void (connection as unknown as Client).end();
      throw error;
    })) as typeof connection.query;
}

/** A server that is there, and late, is waited for: a whole Ferry may start at once, on a machine that has much to do. */
async function reach(catalogue: Catalogue): Promise<void> {
  for (const begun = performance.now(); ; )
    try {
      return void (await sql`select 1`.execute(catalogue));
    } catch (error) {
      const late = /timeout/i.test((error as Error).message);
      if (!late || performance.now() - begun > REACH_MS) throw error;
    }
}

/** Two programs that start at once take turns. */
async function migrate(catalogue: Catalogue, url: string): Promise<void> {
  const landed = await landedIn(catalogue);
  if (Object.keys(migrations).every((name) => landed.includes(name))) return;
  const provider = { getMigrations: async () => migrations };
  const patient = await connected(url, 2, MIGRATION_MS);
  try {
    const { error } = await new Migrator({ db: patient, provider }).migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    await patient.destroy();
  }
}

/** Read where they are written down: the migrator looks through all tables first, for each program that starts. */
async function landedIn(catalogue: Catalogue): Promise<readonly string[]> {
  const place = sql<{ known: boolean }>`select to_regclass(${DEFAULT_MIGRATION_TABLE}) is not null as known`;
  if ((await place.execute(catalogue)).rows[0]?.known !== true) return [];
  const landed = sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`;
  return (await landed.execute(catalogue)).rows.map(({ name }) => name);
}

async function belongTo(world: string | null, catalogue: Catalogue): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    const { world: before } = await transaction.selectFrom('meta').selectAll().forUpdate().executeTakeFirstOrThrow();
    if (before === world) return;
    await sql`truncate will, agreement, system, zone, platform, offer, device, asked, found, alias, subscription, notice,
      ledger, binding, callback, callback_asked`.execute(transaction);
    await transaction.updateTable('meta').set({ world }).execute();
  });
}

/** What the database cannot answer now is told as that: it may be asked again. Its own refusals go through. */
export async function asking<T>(question: Promise<T>): Promise<T> {
  return await question.catch((error: unknown) => {
    throw isAway(error)
      ? new Refusal('CatalogueUnavailable', `the database does not answer (${(error as Error).message})`)
      : error;
  });
}

/** All of it or nothing: in the transaction that there is, else in one of its own. */
export async function inOne<T>(
  catalogue: Catalogue,
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  const within = catalogue.isTransaction
    ? work(catalogue as Transaction<Tables>)
    : catalogue.transaction().execute(work);
  return await asking(within);
}

/** Throws a Refusal (CatalogueUnavailable) where it does not. */
export const answers = async (catalogue: Catalogue): Promise<void> =>
  void (await asking(sql`select 1`.execute(catalogue)));

/** SQLSTATE classes: connection, resources, intervention of an operator, its system; else an error without one, of the socket. */
function isAway(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (error instanceof Refusal) return false;
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|53|57|58)/.test(code);
}

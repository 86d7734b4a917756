import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { type Catalogue, openCatalogue } from '../../catalogue/database.ts';
import type { Seen } from '../../catalogue/finding.ts';
import type { Tables } from '../../catalogue/tables.ts';
import type { Wish } from '../../domain/wish.ts';
import { createDatabase } from '../../servers/postgres.ts';
import { manyOffers } from '../../test/support/many-offers.ts';

/** A catalogue with so many offers, and what is asked of it. */
export interface Filled {
  readonly name: string;
  readonly offers: number;
  readonly url: string;
  readonly catalogue: Catalogue;
  readonly seen: Seen;
  /** Ids of some offers, for whoever changes them. */
  readonly some: readonly string[];
}

const service = (name: string): Wish['what'] => ({ kind: 'service', name });

/** By what they show. */
export const wishes = {
  'hit, rare': { what: service('rare') },
  'hit, everywhere': { what: service('everywhere') },
  'hit, of partners only': { what: service('theirs') },
  miss: { what: service('nobody') },
  revoked: { what: service('revoked') },
  expired: { what: service('expired') },
  'place and KPI': {
    what: service('everywhere'),
    where: { lat: 50, lon: 10, withinKm: 100 },
    kpi: { latencyMs: 60, bandwidthKbps: 2_000 },
  },
} as const satisfies Record<string, Pick<Wish, 'what' | 'where' | 'kpi'>>;
export type What = keyof typeof wishes;

/** One connection: what it reads is counted. */
export async function filled(server: string, name: string, offers: number): Promise<Filled> {
  const url = await createDatabase(server, name);
  const catalogue = await openCatalogue({ url, connections: 1 });
  const { usable, suspended } = await manyOffers(url, offers);
  const [first] = usable;
  const patient = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) }),
  });
  // One in ten of what a partner that is suspended has, and of what one is late to renew
  await sql`update offer set name = 'revoked' from system where system.id = offer.system and offer.foreign_id = 'o4'
    and offer.agreement = ${suspended} and hashtext(system.name) % 10 = 0`.execute(patient);
  await sql`update offer set name = 'expired', valid_until = now() - interval '1 hour' from system
    where system.id = offer.system and offer.foreign_id = 'o4' and offer.agreement = ${first?.id} and hashtext(system.name) % 10 = 0`.execute(
    patient,
  );
  await sql`vacuum analyze offer`.execute(patient);
  await patient.destroy();
  const { rows } = await sql<{ id: string }>`select id from offer limit 10000`.execute(catalogue);
  return { name, offers, url, catalogue, seen: { theirs: usable }, some: rows.map(({ id }) => id) };
}

/** Pages of the database that were looked at since it began; nobody else may be looking. */
export async function pagesRead(catalogue: Catalogue): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(catalogue);
  const { rows } = await sql<{ pages: string }>`
    select blks_hit + blks_read as pages from pg_stat_database where datname = current_database()`.execute(catalogue);
  return Number(rows[0]?.pages);
}

export async function bytesOnDisk(catalogue: Catalogue): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(
    catalogue,
  );
  return Number(rows[0]?.bytes);
}

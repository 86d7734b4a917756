import { type Kysely, type Migration, sql } from 'kysely';

/** Where one system, one zone or one appDId has very much, what is looked for is found without a look at the rest. */
export const crowded: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  'drop index offer_pool',
  'create index offer_pool on offer (kind, name, system, state, lasting(valid_until), latency_ms)',
  // Partners tell of no appDId: what they renew is in none of its pages
  'create index offer_pool_of on offer (application, kind, system) where application is not null',
  'drop index offer_near',
  'create index offer_near on offer (zone, name, latency_ms)',
];

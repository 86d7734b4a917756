import { type Kysely, type Migration, sql } from 'kysely';

/** Where one system, one zone or one appDId has very much, what is looked for is found without a look at the rest. */
export const crowded: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

/** What is wished besides stands last: of what does not fit the row is not read, however much of it is quicker. */
const wished = 'bandwidth_kbps, version, application';

const statements = [
  'drop index offer_named',
  `create index offer_named on offer (kind, name, state, agreement, lasting(valid_until), latency_ms, id, ${wished})`,
  'drop index offer_broad',
  'drop index offer_versioned',
  `create index offer_versioned
     on offer (kind, name, version, state, agreement, lasting(valid_until), latency_ms, id, bandwidth_kbps, application)`,
  'drop index offer_pool',
  `create index offer_pool on offer (kind, name, system, state, lasting(valid_until), latency_ms, ${wished})`,
  // Partners tell of no appDId: what they renew is in none of its pages
  `create index offer_pool_of on offer (application, kind, system, state, lasting(valid_until), latency_ms)
     where application is not null`,
  'drop index offer_near',
  'create index offer_near on offer (zone, kind, name, state, latency_ms, version, application)',
  'create index offer_near_of on offer (zone, application, kind, state, latency_ms) where application is not null',
];

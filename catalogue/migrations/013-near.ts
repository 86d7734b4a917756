import { type Kysely, type Migration, sql } from 'kysely';

/** Near a place, and of a system, what is too narrow is known without a look at its row. */
export const near: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

// `breadth`: each by its own
const [ofZone, ofSystem] = ['(bandwidth_kbps + 0)', '(bandwidth_kbps - 0)'];

const statements = [
  'drop index offer_near',
  `create index offer_near on offer (zone, kind, name, state, latency_ms, ${ofZone}, version, application)`,
  // Of applications alone: what produces a service is in the other one, behind the name
  'drop index offer_near_of',
  `create index offer_near_of on offer (zone, application, state, latency_ms, ${ofZone}, version)
     where kind = 'application' and application is not null`,
  'drop index offer_pool',
  `create index offer_pool
     on offer (kind, name, system, state, lasting(valid_until), latency_ms, ${ofSystem}, version, application)`,
];

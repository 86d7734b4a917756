import { type Kysely, type Migration, sql } from 'kysely';

/** Ranges of offers by when they end: what has expired is in nobody's way. */
export const lasting: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  // To two minutes, rounded down: few for what is renewed all the time. What does not expire is the last
  `create function lasting(valid_until timestamptz) returns timestamptz language sql immutable parallel safe as $$
     select date_bin('2 minutes', coalesce(valid_until, 'infinity'), '2000-01-01+00') $$`,
  'drop index offer_named',
  'create index offer_named on offer (kind, name, state, agreement, lasting(valid_until), latency_ms, id)',
  'drop index offer_of',
  `create index offer_of on offer (application, kind, state, agreement, lasting(valid_until), latency_ms, id)
     where application is not null`,
  // What is near is known without a look at rows; partners that look for ours pass over nobody else's
  'drop index zone_at',
  'create index zone_at on zone using gist (at) include (id, foreign_id, agreement, valid_until)',
  'create index zone_ours on zone using gist (at) include (id, foreign_id, valid_until) where agreement is null',
  'create index zone_place on zone (id) include (at)',
  // Narrow, so that the way to an entry is short
  'drop index offer_near',
  'create index offer_near on offer (zone, name)',
];

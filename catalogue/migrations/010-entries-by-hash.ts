import { type Kysely, type Migration, sql } from 'kysely';

/** Whose an entry is, and where, is looked up by its id: as many pages however many systems and zones there are. */
export const entriesByHash: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  'create index system_at on system using hash (id)',
  'drop index zone_place',
  'create index zone_place on zone using hash (id)',
];

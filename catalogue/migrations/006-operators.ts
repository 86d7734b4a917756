import { type Kysely, type Migration, sql } from 'kysely';

/** Whom an agreement was made with: a name of the configuration may come to mean somebody else. Null: before it was kept. */
export const operators: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('alter table agreement add column operator text').execute(db);
  },
};

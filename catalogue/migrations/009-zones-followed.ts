import { type Kysely, type Migration, sql } from 'kysely';

/** Which zones a partner offered when they were asked for last. Null: it has not been asked since it was joined. */
export const zonesFollowed: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('alter table agreement add column zones_tag text').execute(db);
  },
};

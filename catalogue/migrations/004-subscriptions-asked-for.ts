import { type Kysely, type Migration, sql } from 'kysely';

/** Where a producer of ours is asked to notify a callback: there before it is asked, for whoever has to look for it. */
export const subscriptionsAskedFor: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // `unanswered`: questions of which nobody knows what became; as many as are under way, and those that never came back
    await sql`create table callback_asked (
      callback uuid not null references callback on delete cascade,
      at text not null,
      unanswered int not null default 1,
      primary key (callback, at))`.execute(db);
  },
};

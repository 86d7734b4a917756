import { type Kysely, type Migration, sql } from 'kysely';

/** Of a consumer: the partner may have it, and has not yet said that it is over, and how far it had come there. */
export const owed: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  'alter table binding add column owed boolean not null default false',
  'drop index binding_left',
  "create index binding_left on binding (agreement) where state = 'closed' and (told or owed or exposed_as is not null)",
];

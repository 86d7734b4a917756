import { type Kysely, type Migration, sql } from 'kysely';

/** Ranges of offers by what is wished of them besides the name: of a common name, what does not fit is in nobody's way. */
export const fitting: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  'create index offer_versioned on offer (kind, name, version, state, agreement, lasting(valid_until), latency_ms, id)',
  `create index offer_broad on offer (kind, name, state, agreement, lasting(valid_until), bandwidth_kbps)
     where bandwidth_kbps is not null`,
];

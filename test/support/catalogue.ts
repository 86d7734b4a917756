import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type Catalogue, openCatalogue } from '../../catalogue/database.ts';
import { createDatabase } from '../../servers/postgres.ts';
import { TEMPLATE } from '../setup/postgres.ts';

export interface CatalogueOfTest {
  /** For a program that is started. */
  readonly url: string;
  readonly catalogue: Catalogue;
  readonly drop: () => Promise<void>;
}

/** A database of its own, on the server of this run. */
export async function catalogueOfTest(): Promise<CatalogueOfTest> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('this project of vitest.config.ts starts no PostgreSQL');
  const name = `ferry_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(server, name, TEMPLATE);
  const catalogue = await openCatalogue({ url, connections: 4 });
  const drop = async (): Promise<void> => {
    await catalogue.destroy();
    const client = new Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(`drop database ${name} with (force)`);
    } finally {
      await client.end();
    }
  };
  return { url, catalogue, drop };
}

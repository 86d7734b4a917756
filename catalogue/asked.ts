import { sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';

/**
 * Questions that were put to all partners, by their digests. An answer that was got while somebody came, went, or was told
 * otherwise is kept by nobody: it says nothing about whom there is to ask now.
 */
export async function asked(catalogue: Catalogue, digest: string): Promise<{ readonly complete: boolean } | undefined> {
  return await asking(
    catalogue
      .selectFrom('asked')
      .select('complete')
      .where('digest', '=', digest)
      .where('valid_until', '>', sql<Date>`now()`)
      .executeTakeFirst(),
  );
}

/** What partners have answered holds no longer, and what they are just answering is kept by nobody. */
export async function askAnew(transaction: Catalogue): Promise<void> {
  await sql`delete from asked`.execute(transaction);
  await sql`update meta set partners_changed_at = clock_timestamp()`.execute(transaction);
}

/** By the database's clock: taken before the partners are looked up that are asked. */
export async function nowOf(catalogue: Catalogue): Promise<Date> {
  const { rows } = await asking(
    sql<{ at: Date }>`
    select date_trunc('milliseconds', clock_timestamp()) as at`.execute(catalogue),
  );
  return rows[0]?.at ?? new Date(0);
}

/** False: whom there is to ask has changed since. */
export async function answered(
  catalogue: Catalogue,
  { digest, complete, seconds, since }: { digest: string; complete: boolean; seconds: number; since: Date },
): Promise<boolean> {
  const { numAffectedRows } = await asking(
    sql`insert into asked (digest, complete, valid_until)
      select ${digest}, ${complete}, now() + make_interval(secs => ${seconds})
      from (select from meta where partners_changed_at < ${since} for share) as unchanged
      on conflict (digest) do update
      set complete = excluded.complete, asked_at = excluded.asked_at, valid_until = excluded.valid_until`.execute(
      catalogue,
    ),
  );
  return (numAffectedRows ?? 0n) > 0n;
}

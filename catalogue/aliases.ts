import { sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';

export type AliasKind = 'system' | 'zone' | 'platform' | 'offer';

/**
 * Each id that a partner gets is an alias of its agreement, random, and ends with it: two partners cannot find out that
 * they were told of the same thing, nor one that was told of it twice.
 */
export async function alias(
  catalogue: Catalogue,
  { agreement, kind, inner }: { agreement: string; kind: AliasKind; inner: readonly string[] },
): Promise<void> {
  if (inner.length === 0) return;
  await asking(
    sql`insert into alias (agreement, kind, inner_id)
      select ${agreement}::uuid, ${kind}, inner_id from unnest(${inner}::uuid[]) inner_id
      where exists (select from agreement where id = ${agreement}::uuid and ended_at is null)
      on conflict (agreement, kind, inner_id) do nothing`.execute(catalogue),
  );
}

/** What an alias stands for under this agreement. */
export async function behind(
  catalogue: Catalogue,
  { agreement, kind, aliases }: { agreement: string; kind: AliasKind; aliases: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  const found = await asking(
    catalogue
      .selectFrom('alias')
      .select(['id', 'inner_id'])
      .where(sql<boolean>`id = any(${aliases.filter(isUuid)}::uuid[])`)
      .where('agreement', '=', agreement)
      .where('kind', '=', kind)
      .execute(),
  );
  return new Map(found.map(({ id, inner_id }) => [id, inner_id]));
}

/** A text that is none names nothing. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

import { sql } from 'kysely';
import type { Federation } from '../configuration/federation.ts';
import { asking, type Catalogue } from './database.ts';

export interface Usable {
  /** Of the agreement. */
  readonly id: string;
  readonly partner: string;
  /** The way to the partner, there and back; null: not known yet. */
  readonly linkMs: number | null;
}

/** Agreements by which we use what a partner serves: our will open, theirs as last heard, and not silent for too long. */
export async function usableAgreements(catalogue: Catalogue, federation: Federation): Promise<readonly Usable[]> {
  const partners = Object.entries(federation.partners);
  const named = partners.map(([name]) => name);
  const always = partners.filter(([, { join }]) => join === 'always').map(([name]) => name);
  if (named.length === 0) return [];
  return await asking(
    catalogue
      .selectFrom('agreement')
      .leftJoin('will', (join) =>
        join.onRef('will.partner', '=', 'agreement.partner').onRef('will.direction', '=', 'agreement.direction'),
      )
      .select(['agreement.id', 'agreement.partner', 'agreement.link_ms as linkMs'])
      .where('agreement.direction', '=', 'uses')
      .where('agreement.ended_at', 'is', null)
      .where('agreement.theirs', '=', 'open')
      .where(sql`agreement.partner`, '=', sql`any(${named}::text[])`)
      .where(sql`coalesce(will.ours = 'open', agreement.partner = any(${always}::text[]))`, '=', true)
      .where(
        sql`coalesce(agreement.silent_since > now() - make_interval(secs => ${federation.pace.lostAfterSeconds}), true)`,
        '=',
        true,
      )
      .execute(),
  );
}

import { sql } from 'kysely';
import { asking, type Catalogue } from '../../catalogue/database.ts';
import type { Candidate, Seen } from '../../catalogue/finding.ts';
import type { Wish } from '../../domain/wish.ts';

/** The bad variant: what one would write first. All that is called so is joined and sorted, and then cut. */
export async function fiveTables(
  catalogue: Catalogue,
  { what, kpi }: Pick<Wish, 'what' | 'where' | 'kpi'>,
  { theirs }: Seen,
): Promise<readonly Pick<Candidate, 'offer'>[]> {
  const { rows } = await asking(
    sql<{ offer: string }>`
      select offer.id as offer from offer
      join platform on platform.id = offer.platform
      join zone on zone.id = platform.zone
      join system on system.id = platform.system
      left join agreement on agreement.id = system.agreement
      where offer.name = ${what.name} and offer.state = 'ACTIVE'
        and (agreement.id is null or agreement.id = any(${theirs.map(({ id }) => id)}::uuid[]))
        and (offer.valid_until is null or offer.valid_until > now())
        and (system.valid_until is null or system.valid_until > now())
        and offer.latency_ms + coalesce(agreement.link_ms, 0) <= ${kpi?.latencyMs ?? 1e9}
      order by agreement.id nulls first, offer.latency_ms + coalesce(agreement.link_ms, 0), offer.id limit 20`.execute(
      catalogue,
    ),
  );
  return rows;
}

import { sql } from 'kysely';
import type { Federation, Partner } from '../configuration/federation.ts';
import { type Direction, NOT_NAMED, type Will } from '../domain/federation.ts';
import { asking, type Catalogue } from './database.ts';
import { unsaid } from './wills.ts';

/** How one direction with a partner stands: what each side wants, and what was heard. */
export interface DirectionSeen {
  readonly ours: Will;
  readonly since: Date | null;
  readonly theirs: Will | null;
  readonly agreed: boolean;
  readonly joinedAt: Date | null;
  readonly usable: boolean;
  readonly heardAt: Date | null;
  readonly silentSince: Date | null;
  readonly linkMs: number | null;
  readonly problem: string | null;
}

interface Row {
  partner: string;
  direction: Direction;
  ours: Will | null;
  since: Date | null;
  theirs: Will | null;
  agreed: boolean;
  joined_at: Date | null;
  heard_at: Date | null;
  silent_since: Date | null;
  link_ms: number | null;
  problem: string | null;
  lost: boolean;
}

/** Partners that the configuration does not name any more, where something is left of them, or was until lately: it is told why. */
export async function unnamed(catalogue: Catalogue, names: readonly string[]): Promise<readonly string[]> {
  const found = await asking(
    catalogue
      .selectFrom('agreement')
      .select('partner')
      .distinct()
      .where(sql<boolean>`partner <> all(${names}::text[])`)
      .where((where) => where.or([where('ended_at', 'is', null), where('problem', 'like', `${NOT_NAMED}%`)]))
      .orderBy('partner')
      .execute(),
  );
  return found.map(({ partner }) => partner);
}

/** Every partner of the configuration, and those that it names no more; whether or not there has ever been an agreement; the last one that ended tells why. */
export async function federationsSeen(
  catalogue: Catalogue,
  { partners, pace }: Pick<Federation, 'partners' | 'pace'>,
): Promise<ReadonlyMap<string, Readonly<Record<Direction, DirectionSeen>>>> {
  const names = Object.keys(partners);
  const gone = await unnamed(catalogue, names);
  const { rows } = await asking(
    sql<Row>`
      select distinct on (wanted.partner, wanted.direction)
        wanted.partner, wanted.direction, will.ours, will.since,
        case when agreement.ended_at is null then agreement.theirs end as theirs,
        agreement.id is not null and agreement.ended_at is null as agreed,
        case when agreement.ended_at is null then agreement.joined_at end as joined_at,
        agreement.heard_at, agreement.silent_since, agreement.link_ms, agreement.problem,
        coalesce(agreement.silent_since < now() - make_interval(secs => ${pace.lostAfterSeconds}), false) as lost
      from (select partner, direction from unnest(${[...names, ...gone]}::text[]) as partner,
              unnest(array['uses', 'serves']) as direction) as wanted
      left join will using (partner, direction)
      left join agreement using (partner, direction)
      order by wanted.partner, wanted.direction, agreement.ended_at desc nulls first`.execute(catalogue),
  );
  const seen = new Map<string, Record<Direction, DirectionSeen>>();
  for (const row of rows) {
    const direction = directionOf(row, partners[row.partner]);
    const before = seen.get(row.partner) ?? { uses: direction, serves: direction };
    seen.set(row.partner, { ...before, [row.direction]: direction });
  }
  return seen;
}

function directionOf(row: Row, partner: Partner | undefined): DirectionSeen {
  if (partner === undefined) return { ...seenOf(row, 'ended'), usable: false, problem: row.problem ?? NOT_NAMED };
  return seenOf(row, unsaid(row.direction, partner.join === 'always'));
}

function seenOf(row: Row, otherwise: Will): DirectionSeen {
  const ours = row.ours ?? otherwise;
  const open = row.direction === 'serves' || (row.theirs === 'open' && !row.lost);
  return {
    ours,
    since: row.since,
    theirs: row.theirs,
    agreed: row.agreed,
    joinedAt: row.joined_at,
    usable: row.agreed && ours === 'open' && open,
    heardAt: row.heard_at,
    silentSince: row.silent_since,
    linkMs: row.link_ms,
    problem: row.problem,
  };
}

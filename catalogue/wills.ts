import { sql } from 'kysely';
import { type Direction, type Will, wills } from '../domain/federation.ts';
import { asking, type Catalogue } from './database.ts';

export interface OurWill {
  readonly partner: string;
  readonly direction: Direction;
  readonly ours: Will;
  /** Null: nobody has ever said anything. */
  readonly since: Date | null;
  readonly why: string;
}

/** `joins`: whether the partner is joined without being asked for (`join: 'always'` of the configuration). */
export async function willTowards(
  catalogue: Catalogue,
  { partner, direction, joins }: { partner: string; direction: Direction; joins: boolean },
): Promise<OurWill> {
  const said = await asking(
    catalogue
      .selectFrom('will')
      .selectAll()
      .where('partner', '=', partner)
      .where('direction', '=', direction)
      .executeTakeFirst(),
  );
  if (said !== undefined) return said;
  return { partner, direction, ours: unsaid(direction, joins), since: null, why: 'configuration' };
}

/** As long as our operator has said nothing. */
export const unsaid = (direction: Direction, joins: boolean): Will =>
  direction === 'uses' && !joins ? 'ended' : 'open';

export type Wanted = Omit<OurWill, 'since'>;

/** Whatever was wanted before. */
export async function want(catalogue: Catalogue, wanted: Wanted): Promise<void> {
  await decide(catalogue, wanted);
}

/**
 * One statement, so that it holds at once for every program. `since` stays where nothing changes. `over`: only such a will is
 * changed. True: it was.
 */
export async function decide(
  catalogue: Catalogue,
  { partner, direction, ours, why }: Wanted,
  over: readonly Will[] = wills,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await asking(
    catalogue
      .insertInto('will')
      .values({ partner, direction, ours, why })
      .onConflict((conflict) =>
        conflict
          .columns(['partner', 'direction'])
          .doUpdateSet({ ours, why, since: sql`now()` })
          .where('will.ours', '!=', ours)
          .where('will.ours', 'in', over),
      )
      .executeTakeFirstOrThrow(),
  );
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

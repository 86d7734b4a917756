import { sql } from 'kysely';
import type { Federation } from '../configuration/federation.ts';
import type { Direction, Will } from '../domain/federation.ts';
import { end } from './agreements.ts';
import type { Catalogue } from './database.ts';
import { note } from './ledger.ts';

interface Former {
  readonly id: string;
  readonly partner: string;
  readonly direction: Direction;
  readonly operator: string;
}

/** A name under which our operator has said something of an operator, which has another one now. */
interface Renamed {
  readonly partner: string;
  readonly former: string;
  readonly operator: string;
  readonly direction: Direction;
  readonly ours: Will;
}

/**
 * Agreements are with an operator, and known by the partner's name. Where the configuration gives the name to another one,
 * what was agreed with the former ends: nobody inherits contexts, ids and bindings. What our operator has said of the name holds;
 * and what was said of the operator under a name that is gone, where nothing has been said of the new one: a suspension outlives
 * a word in a file. In a transaction. Returns what is to be told of it.
 */
export async function keepOperators(
  transaction: Catalogue,
  { partners, operator: own }: Pick<Federation, 'partners' | 'operator'>,
): Promise<readonly string[]> {
  const named = Object.entries(partners).map(([partner, { operator }]) => ({ partner, operator }));
  const now = sql`jsonb_to_recordset(${JSON.stringify(named)}::jsonb) as now (partner text, operator text)`;
  await sql`
    update agreement set operator = now.operator from ${now}
    where agreement.partner = now.partner and agreement.operator is null and agreement.ended_at is null`.execute(
    transaction,
  );
  // What the former one owes an answer for nobody asks its successor
  await sql`
    update binding set owed = false from agreement, ${now}
    where agreement.id = binding.agreement and binding.owed and agreement.partner = now.partner
      and agreement.operator <> now.operator`.execute(transaction);
  const { rows } = await sql<Former>`
    select agreement.id, agreement.partner, agreement.direction, agreement.operator from agreement, ${now}
    where agreement.partner = now.partner and agreement.operator <> now.operator and agreement.ended_at is null`.execute(
    transaction,
  );
  for (const { id, partner, direction, operator } of rows) {
    const why = `the configuration names another operator as ${partner} now, and no longer ${operator}`;
    await end(transaction, { id }, why);
    const [role, origin] = direction === 'uses' ? (['asked', own.id] as const) : (['served', operator] as const);
    await note(transaction, { partner, kind: 'left', role, key: id, origin, what: { direction }, outcome: why });
  }
  const { rows: renamed } = await sql<Renamed>`
    with said as (
      select distinct on (now.partner, will.direction) now.partner, will.partner as former, now.operator, will.direction, will.ours, will.since
      from ${now} join agreement on agreement.operator = now.operator and agreement.partner <> now.partner
      join will on will.partner = agreement.partner and will.since <= coalesce(agreement.ended_at, now())
      where (agreement.partner, agreement.operator) not in (select partner, operator from ${now})
      order by now.partner, will.direction, will.since desc),
    inherited as (
      insert into will (partner, direction, ours, since, why)
      select partner, direction, ours, since, 'said of ' || former from said
      on conflict (partner, direction) do nothing returning partner, direction)
    select said.* from said join inherited using (partner, direction) order by partner, direction`.execute(transaction);
  return renamed.map(
    ({ partner, former, operator, direction, ours }) =>
      `${partner} is ${operator}, which was called ${former}: what was said of ${former} holds, ${direction} ${ours}; ` +
      `where it should not, say so: ferry federation resume ${partner}, or join`,
  );
}

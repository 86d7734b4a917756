import { sql } from 'kysely';
import type { Federation } from '../configuration/federation.ts';
import type { Direction } from '../domain/federation.ts';
import { end } from './agreements.ts';
import type { Catalogue } from './database.ts';
import { note } from './ledger.ts';

interface Former {
  readonly id: string;
  readonly partner: string;
  readonly direction: Direction;
  readonly operator: string;
}

/**
 * Agreements are with an operator, and known by the partner's name. Where the configuration gives the name to another one,
 * what was agreed with the former ends: nobody inherits contexts, ids and bindings. What our operator has said of the name holds.
 * In a transaction.
 */
export async function keepOperators(
  transaction: Catalogue,
  { partners, operator: own }: Pick<Federation, 'partners' | 'operator'>,
): Promise<void> {
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
}

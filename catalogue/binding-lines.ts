import { sql } from 'kysely';
import type { BindingSide, Reached } from '../domain/binding.ts';
import { asking, type Catalogue } from './database.ts';
import { type Line, noteAll } from './ledger.ts';

/** What one insert takes. */
const AT_ONCE = 1_000;

export const roleOf = (side: BindingSide): Line['role'] => (side === 'consumer' ? 'asked' : 'served');

/**
 * In the transaction that closes them. Of what was announced only: else it has crossed no border. Why it was closed is told to
 * nobody, so it is the same line on both sides. Each is looked up by its index: who knows of few lines, as they were when they
 * were counted last, would compare all with all.
 */
export async function noteClosed(transaction: Catalogue, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const { rows } = await sql<Announced>`
      select ledger.partner, ledger.role, ledger.key, ledger.origin, ledger.what, binding.requests, binding.bytes,
        coalesce(round(extract(epoch from binding.closed_at - binding.opened_at)), 0)::int as seconds
      from binding join agreement on agreement.id = binding.agreement
      cross join lateral (select * from ledger where ledger.partner = agreement.partner and ledger.key = binding.name
        and ledger.kind = 'announced' and ledger.role = case binding.side when 'consumer' then 'asked' else 'served' end
        offset 0) as ledger
      where binding.id = any(${ids.slice(from, from + AT_ONCE)}::uuid[]) and binding.kind is not null
      order by binding.name`.execute(transaction);
    const lines = rows.map(
      ({ requests, bytes, seconds, ...line }): Line => ({
        ...line,
        kind: 'closed',
        outcome: 'closed',
        units: { requests: Number(requests), bytes: Number(bytes), seconds },
      }),
    );
    await noteAll(transaction, lines);
  }
}

/** How far one side had come under that name, as our ledger tells. */
export async function reachedUnder(
  catalogue: Catalogue,
  { partner, side, name }: { readonly partner: string; readonly side: BindingSide; readonly name: string },
): Promise<Reached> {
  const lines = await asking(
    catalogue
      .selectFrom('ledger')
      .select('kind')
      .where('partner', '=', partner)
      .where('role', '=', roleOf(side))
      .where('key', '=', name)
      .execute(),
  );
  const kinds = new Set(lines.map(({ kind }) => kind));
  return kinds.has('opened') ? 'opened' : kinds.has('announced') ? 'announced' : 'nothing';
}

/** A name that was used before, however long ago: its lines could not be told from those of another one. */
export const isSpent = async (transaction: Catalogue, partner: string, name: string): Promise<boolean> =>
  (await reachedUnder(transaction, { partner, side: 'producer', name })) !== 'nothing';

interface Announced extends Pick<Line, 'partner' | 'role' | 'key' | 'origin' | 'what'> {
  readonly requests: string;
  readonly bytes: string;
  readonly seconds: number;
}

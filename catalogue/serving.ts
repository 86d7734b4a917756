import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Will } from '../domain/federation.ts';
import { begin, end } from './agreements.ts';
import { asking, type Catalogue, inOne } from './database.ts';
import { type Line, note } from './ledger.ts';

/** An agreement by which a partner uses what we serve, as it is judged for each request. */
export interface Served {
  readonly id: string;
  readonly partner: string;
  readonly context: string;
  readonly ours: Will;
  /** Since when we want that. */
  readonly since: Date;
}

/** Of this very partner. What our operator has ended is not there any more, whether or not it was cleaned up. */
export async function served(
  catalogue: Catalogue,
  wanted: { readonly partner: string; readonly context?: string },
): Promise<Served | undefined> {
  let query = catalogue
    .selectFrom('agreement')
    .leftJoin('will', (join) =>
      join.onRef('will.partner', '=', 'agreement.partner').onRef('will.direction', '=', 'agreement.direction'),
    )
    .select([
      'agreement.id',
      'agreement.partner',
      'agreement.context',
      'agreement.created_at',
      'will.ours',
      'will.since',
    ])
    .where('agreement.direction', '=', 'serves')
    .where('agreement.partner', '=', wanted.partner)
    .where('agreement.ended_at', 'is', null);
  if (wanted.context !== undefined) query = query.where('agreement.context', '=', wanted.context);
  const row = await asking(query.executeTakeFirst());
  if (row === undefined || row.context === null || row.ours === 'ended') return undefined;
  const { id, partner, context, ours, since, created_at } = row;
  return { id, partner, context, ours: ours ?? 'open', since: since ?? created_at };
}

/** What a partner tells of the networks of its users. */
export interface Networks {
  readonly mobile?: { readonly mcc: string; readonly mncs: readonly string[] };
  readonly fixed?: readonly string[];
}

/** Whose federator asks, and what it gave with its request. */
export interface Request {
  readonly partner: string;
  readonly operator: string;
  readonly callbackUrl: string;
  readonly networks: Networks;
}

/** The agreement with a partner, made now where there is none; asked again it is the same, with the links of the latest. */
export async function serve(catalogue: Catalogue, request: Request): Promise<void> {
  const { partner, operator, callbackUrl, networks } = request;
  const given = { context: randomUUID(), callback_url: callbackUrl };
  await inOne(catalogue, async (transaction) => {
    const { id, context } = await begin(transaction, { partner, direction: 'serves', operator, given });
    await changeNetworks(transaction, id, () => networks);
    if (context === given.context) await note(transaction, line({ id, partner }, operator, 'joined'));
  });
}

/** Ended by its partner: at once, with the aliases that it was told. Once, of however many who ask for it. */
export async function leave(catalogue: Catalogue, agreement: Served, operator: string): Promise<void> {
  await inOne(catalogue, async (transaction) => {
    if (await end(transaction, agreement, 'the partner has ended it'))
      await note(transaction, line(agreement, operator, 'left'));
  });
}

const line = ({ id, partner }: Pick<Served, 'id' | 'partner'>, operator: string, kind: 'joined' | 'left'): Line => ({
  partner,
  kind,
  role: 'served',
  key: id,
  origin: operator,
  what: { direction: 'serves' },
  outcome: kind,
});

export async function networksOf(catalogue: Catalogue, id: string): Promise<Networks> {
  const row = await asking(
    catalogue.selectFrom('agreement').select('capabilities').where('id', '=', id).executeTakeFirst(),
  );
  return row?.capabilities['networks'] ?? {};
}

/** What is said to be still to come says nothing of order. */
const SKEW_MS = 60_000;

/** What came late, of an earlier change, changes nothing. Returns what there is then; undefined: the change is none. */
export async function changeNetworks(
  catalogue: Catalogue,
  id: string,
  change: (networks: Networks) => Networks | undefined,
  modifiedAt?: Date,
): Promise<Networks | undefined> {
  return await inOne(catalogue, async (transaction) => {
    const row = await transaction
      .selectFrom('agreement')
      .select('capabilities')
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .forUpdate()
      .executeTakeFirst();
    const before = (row?.capabilities['networks'] ?? {}) as Networks;
    const changedAt = row?.capabilities['networksAt'];
    const changed = typeof changedAt === 'string' ? new Date(changedAt).getTime() : -Infinity;
    const isLate = modifiedAt !== undefined && changed >= modifiedAt.getTime() && changed <= Date.now() + SKEW_MS;
    if (row === undefined || isLate) return before;
    const networks = change(before);
    if (networks === undefined) return undefined;
    const at = modifiedAt === undefined ? {} : { networksAt: modifiedAt.toISOString() };
    await transaction
      .updateTable('agreement')
      .set({ capabilities: sql`capabilities || ${JSON.stringify({ networks, ...at })}::jsonb` })
      .where('id', '=', id)
      .execute();
    return networks;
  });
}

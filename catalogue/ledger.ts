import { createHash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { asking, type Catalogue } from './database.ts';
import type { LedgerKind, Tables } from './tables.ts';

/** Charging record and audit in one: a line for each thing that crossed a border between operators. */
export interface Line {
  readonly partner: string;
  readonly kind: LedgerKind;
  /** Did we ask for it, or serve it? */
  readonly role: 'asked' | 'served';
  /** Counts a repetition once. */
  readonly key: string;
  readonly origin: string;
  readonly what: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  /** What it came to: of a binding requests, bytes, seconds. */
  readonly units?: Readonly<Record<string, number>>;
}

/**
 * In a transaction: with what it tells of. Each line of a partner holds the hash of the one before, so that none can be taken
 * out or changed unseen.
 */
export async function note(transaction: Catalogue, line: Line): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`ledger ${line.partner}`}, 0))`.execute(transaction);
  const last = await linesOf(transaction, line.partner).orderBy('n', 'desc').limit(1).executeTakeFirst();
  const { rows } = await sql<{ at: Date }>`select date_trunc('milliseconds', clock_timestamp()) as at`.execute(
    transaction,
  );
  const at = rows[0]?.at ?? new Date();
  const prev = last?.hash ?? null;
  const units = line.units ?? {};
  await transaction
    .insertInto('ledger')
    .values({
      ...line,
      at,
      what: JSON.stringify(line.what),
      units: JSON.stringify(units),
      prev,
      hash: hashOf({ ...line, at, units, prev }),
    })
    .onConflict((conflict) => conflict.columns(['partner', 'key', 'kind']).doNothing())
    .execute();
}

/** The number of the first line that is not what was written, or that does not follow the one before; null: all do. */
export async function brokenAt(catalogue: Catalogue, partner: string): Promise<string | null> {
  let prev: Buffer | null = null;
  for (const line of await asking(linesOf(catalogue, partner).orderBy('n').execute())) {
    const follows = prev === null ? line.prev === null : line.prev !== null && prev.equals(line.prev);
    if (!follows || !hashOf({ ...line, prev }).equals(line.hash)) return line.n;
    prev = line.hash;
  }
  return null;
}

const linesOf = (catalogue: Catalogue, partner: string) =>
  catalogue.selectFrom('ledger').selectAll().where('partner', '=', partner);

type Hashed = Omit<Selectable<Tables['ledger']>, 'n' | 'hash'>;

function hashOf({ partner, at, kind, role, key, origin, what, outcome, units, prev }: Hashed): Buffer {
  const line = { partner, at: at.toISOString(), kind, role, key, origin, what, outcome, units };
  return createHash('sha256')
    .update(prev ?? '')
    .update(canonical(line))
    .digest();
}

/** The database keeps members in an order of its own. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

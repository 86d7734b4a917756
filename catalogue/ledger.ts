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
  await noteAll(transaction, [line]);
}

/** All of one partner. A repetition is left out before the hashes are made: each follows one that is there. */
export async function noteAll(transaction: Catalogue, lines: readonly Line[]): Promise<void> {
  const partner = lines[0]?.partner;
  if (partner === undefined) return;
  await sql`select pg_advisory_xact_lock(hashtextextended(${`ledger ${partner}`}, 0))`.execute(transaction);
  const last = await linesOf(transaction, partner).orderBy('n', 'desc').limit(1).executeTakeFirst();
  const there = await linesOf(transaction, partner)
    .where(
      'key',
      'in',
      lines.map(({ key }) => key),
    )
    .execute();
  const known = new Set(there.map(idOf));
  const { rows } = await sql<{ at: Date }>`select date_trunc('milliseconds', clock_timestamp()) as at`.execute(
    transaction,
  );
  const at = rows[0]?.at ?? new Date();
  let prev = last?.hash ?? null;
  const values = lines
    .filter((line) => !known.has(idOf(line)))
    .map((line) => {
      const units = line.units ?? {};
      const before = prev;
      prev = hashOf({ ...line, at, units, prev: before });
      return { ...line, at, what: JSON.stringify(line.what), units: JSON.stringify(units), prev: before, hash: prev };
    });
  if (values.length > 0) await transaction.insertInto('ledger').values(values).execute();
}

const idOf = ({ role, key, kind }: Pick<Line, 'role' | 'key' | 'kind'>): string => `${role} ${kind} ${key}`;

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

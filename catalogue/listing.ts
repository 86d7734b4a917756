import { sql, type SqlBool } from 'kysely';
import { asking, type Catalogue } from './database.ts';
import type { Sight } from './systems.ts';
import type { OfferKind, OfferState } from './tables.ts';

/** What there is, page by page, in the order of its ids. */
interface Asked extends Sight {
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Listed<Row> {
  readonly rows: readonly Row[];
  /** The id after which the next page begins; null: this is the last. */
  readonly next: string | null;
}

export interface OfferListed {
  readonly id: string;
  readonly kind: OfferKind;
  readonly name: string;
  readonly version: string;
  readonly state: OfferState;
  readonly application: string | null;
  readonly provider: string | null;
  readonly category: string | null;
  readonly transport: string | null;
  readonly serializer: string | null;
  readonly latencyMs: number | null;
  readonly bandwidthKbps: number | null;
  readonly platform: string;
  readonly system: string;
  readonly systemName: string;
  readonly operator: string;
  readonly agreement: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly seenAt: Date;
}

export async function offersListed(
  catalogue: Catalogue,
  {
    agreements,
    after,
    limit,
    kind,
    name,
  }: Asked & { readonly kind?: OfferKind | undefined; readonly name?: string | undefined },
): Promise<Listed<OfferListed>> {
  let query = catalogue
    .selectFrom('offer')
    .innerJoin('system', 'system.id', 'offer.system')
    .leftJoin('zone', 'zone.id', 'offer.zone')
    .select([
      'offer.id',
      'offer.kind',
      'offer.name',
      'offer.version',
      'offer.state',
      'offer.application',
      'offer.provider',
      'offer.category',
      'offer.transport',
      'offer.serializer',
      'offer.latency_ms as latencyMs',
      'offer.bandwidth_kbps as bandwidthKbps',
      'offer.platform_foreign_id as platform',
      'offer.system',
      'offer.agreement',
      'system.name as systemName',
      'system.operator',
      sql<number | null>`zone.at[1]`.as('lat'),
      sql<number | null>`zone.at[0]`.as('lon'),
      sql<Date>`greatest(offer.seen_at, system.told_at)`.as('seenAt'),
    ])
    .where(seen('offer', agreements))
    .where(isValid('offer'))
    .where(isValid('system'));
  if (kind !== undefined) query = query.where('offer.kind', '=', kind);
  if (name !== undefined) query = query.where('offer.name', '=', name);
  if (after !== undefined) query = query.where('offer.id', '>', after);
  const rows = await asking(
    query
      .orderBy('offer.id')
      .limit(limit + 1)
      .execute(),
  );
  return paged(rows, limit);
}

export interface ZoneListed {
  readonly id: string;
  /** Of ours as it is configured or told; of a partner's its id there. */
  readonly zone: string;
  readonly agreement: string | null;
  /** Null: the partner did not say. */
  readonly systemName: string | null;
  readonly operator: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly country: string | null;
  readonly details: string;
  readonly compute: unknown;
  readonly latencyMs: number | null;
  readonly accepted: boolean;
  readonly seenAt: Date;
}

export async function zonesListed(
  catalogue: Catalogue,
  { agreements, after, limit }: Asked,
): Promise<Listed<ZoneListed>> {
  let query = catalogue
    .selectFrom('zone')
    .leftJoin('system', (join) =>
      join.on(
        sql<SqlBool>`system.id = coalesce(zone.system, (select id from system as named where named.local = zone.local))`,
      ),
    )
    .select([
      'zone.id',
      'zone.foreign_id as zone',
      'zone.agreement',
      'system.operator',
      'zone.country',
      'zone.details',
      'zone.compute',
      'zone.latency_ms as latencyMs',
      'zone.accepted',
      sql<string | null>`coalesce(system.name, zone.local)`.as('systemName'),
      sql<number | null>`zone.at[1]`.as('lat'),
      sql<number | null>`zone.at[0]`.as('lon'),
      'zone.seen_at as seenAt',
    ])
    .where(seen('zone', agreements))
    .where(isValid('zone'));
  if (after !== undefined) query = query.where('zone.id', '>', after);
  const rows = await asking(
    query
      .orderBy('zone.id')
      .limit(limit + 1)
      .execute(),
  );
  return paged(rows, limit);
}

function paged<Row extends { readonly id: string }>(found: readonly Row[], limit: number): Listed<Row> {
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.id ?? null) : null };
}

const seen = (table: 'offer' | 'zone', agreements: readonly string[]) =>
  sql<SqlBool>`(${sql.ref(`${table}.agreement`)} is null or ${sql.ref(`${table}.agreement`)} = any(${agreements}::uuid[]))`;

const isValid = (table: 'offer' | 'system' | 'zone') =>
  sql<SqlBool>`coalesce(${sql.ref(`${table}.valid_until`)} > now(), true)`;

import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { By, Place, What, Wish } from '../domain/wish.ts';
import { breadth } from './breadth.ts';
import { asking, type Catalogue } from './database.ts';
import { isValid, quickestOf } from './lifetimes.ts';
import { kmBetween } from './places.ts';
import type { Member } from './systems.ts';
import type { OfferKind, OfferState } from './tables.ts';
import type { Usable } from './usable.ts';
import { around, SCARCE } from './zones-near.ts';

/**
 * Look-ups. Each is one range of an index for each side that is seen, ours and every usable agreement; whatever else is told
 * of an entry is joined for what was found. So what it costs does not grow with what there is.
 */

const ENTRIES = 20;

/** Whose offers are looked through. */
export interface Seen {
  /** Systems of ours by their names in the configuration; absent: all. */
  readonly ours?: readonly string[];
  readonly theirs: readonly Pick<Usable, 'id' | 'linkMs'>[];
  readonly limit?: number;
}

/** An offer that is as wished for, and where it is. */
export interface Candidate {
  readonly offer: string;
  readonly platform: string;
  /** Of ours: the host's id at its MEO. */
  readonly platformForeignId: string;
  readonly foreignId: string;
  /** Null: ours. */
  readonly agreement: string | null;
  readonly system: string;
  readonly systemName: string;
  readonly provider: string;
  readonly operator: string;
  /** Of ours: its system's name in the configuration. */
  readonly local: string | null;
  readonly kind: OfferKind;
  readonly name: string;
  readonly version: string;
  readonly application: string | null;
  readonly category: string | null;
  readonly state: OfferState;
  readonly transport: string | null;
  readonly serializer: string | null;
  /** As declared, of the offer or of its zone. */
  readonly latencyMs: number | null;
  /** With the way to the partner. */
  readonly achievableMs: number | null;
  readonly bandwidthKbps: number | null;
  readonly lat: number | null;
  readonly lon: number | null;
  /** From the place that was named. */
  readonly km: number | null;
}

type Found = Omit<Candidate, 'km'>;

/** Ours first, then those of partners, the quickest first; near a place the nearest first. */
export async function candidates(
  catalogue: Catalogue,
  { what, where, kpi }: Pick<Wish, 'what' | 'where' | 'kpi'>,
  seen: Seen,
): Promise<readonly Candidate[]> {
  const limit = seen.limit ?? ENTRIES;
  const of = (bandwidth: RawBuilder<unknown>, link = sql`side.link`) =>
    conditions(what, kpi, seen, { link, bandwidth });
  const fitting = {
    named: of(breadth.named),
    ofSystem: of(breadth.ofSystem),
    ofZone: of(breadth.ofZone, sql`near.link`),
  };
  const chosen = where === undefined ? byName(what, fitting, seen, limit) : byPlace(what, fitting, seen, where, limit);
  const { rows } = await asking(
    sql<Found>`
      with chosen as (${chosen})
      select chosen.id as offer, chosen.platform, chosen.platform_foreign_id as "platformForeignId",
        chosen.foreign_id as "foreignId", chosen.agreement, chosen.system, system.name as "systemName", system.provider,
        system.operator, system.local, chosen.kind, chosen.name, chosen.version, chosen.application, chosen.category,
        chosen.state, chosen.transport, chosen.serializer, chosen.latency_ms as "latencyMs",
        chosen.achievable as "achievableMs", chosen.bandwidth_kbps as "bandwidthKbps",
        chosen.place[1] as lat, chosen.place[0] as lon
      from chosen
      join (select * from system where id = any(array(select system from chosen)) and ${isValid('system')}) as system
        on system.id = chosen.system
      order by chosen.rank, chosen.achievable, chosen.id`.execute(catalogue),
  );
  return rows.map((row) => ({ ...row, km: where === undefined ? null : kmBetween(where, row) }));
}

type Condition = RawBuilder<SqlBool>;
type Fitting = Readonly<Record<keyof typeof breadth, Condition>>;

/** What an entry of the range has to be besides. What is unknown of it does not satisfy a wish. */
function conditions(
  { version, of }: What,
  kpi: Wish['kpi'],
  { ours }: Seen,
  { link, bandwidth }: { link: RawBuilder<unknown>; bandwidth: RawBuilder<unknown> },
): Condition {
  const all: Condition[] = [isValid('offer')];
  if (version !== undefined) all.push(sql`offer.version = ${version}`);
  if (of !== undefined) all.push(sql`offer.application = ${of}`);
  if (kpi?.bandwidthKbps !== undefined) all.push(sql`${bandwidth} >= ${kpi.bandwidthKbps}`);
  if (kpi?.latencyMs !== undefined) all.push(sql`offer.latency_ms <= ${kpi.latencyMs} - ${link}`); // so the range ends there
  if (ours !== undefined)
    all.push(sql`(offer.agreement is not null or offer.system = any(array(
      select id from system where local = any(${ours}::text[]) and agreement is null)))`);
  return sql.join(all, sql` and `);
}

/** Each side has a range of its own, so that none has to pass over what another one offers. */
function byName(what: What, { named: fitting, ofSystem }: Fitting, seen: Seen, limit: number): RawBuilder<unknown> {
  const ofOne = ranges(what, (named) => {
    const called: Condition = sql`offer.kind = ${what.kind} and ${named}`;
    return quickestOf({ called, system: sql`side.system`, entry: achievable, fitting: ofSystem }, limit);
  });
  return sql`
    with ours as materialized (
      select found.*, 0 as rank from ${own(seen)} as side cross join lateral (
        ${seen.ours === undefined ? ofSide(what, fitting, limit) : ofOne}) as found)
    select either.*, zone.at as place from (
      select * from ours
      union all
      (select found.*, 1 as rank from ${sides(seen)} as side
      cross join lateral (${ofSide(what, fitting, limit, sql`side.agreement`)}) as found
      where (select count(*) from ours) < ${limit})
      order by rank, achievable, id limit ${limit}
    ) as either
    left join zone on zone.id = either.zone`;
}

const achievable = sql`offer.*, offer.latency_ms + side.link as achievable`;

/** Of one side; absent: ours. */
const ofSide = (what: What, fitting: Condition, limit: number, agreement?: RawBuilder<unknown>): RawBuilder<unknown> =>
  ranges(what, (named) => {
    const called: Condition = sql`offer.kind = ${what.kind} and ${named}`;
    return quickestOf({ called, ...(agreement && { agreement }), entry: achievable, fitting }, limit);
  });

/** An application by its name or its appDId: what is called so twice is found once. */
function ranges({ kind, name }: What, of: (called: Condition) => RawBuilder<unknown>): RawBuilder<unknown> {
  const named = sql<SqlBool>`offer.name = ${name}`;
  if (kind === 'service') return of(named);
  return sql`(${of(named)}) union all (${of(sql`offer.application = ${name} and offer.name <> ${name}`)})`;
}

/** One range for all of ours, or one for each system: of a few the others are not passed over. */
const own = ({ ours }: Seen): RawBuilder<unknown> =>
  ours === undefined
    ? sql`(select 0::float8 as link)`
    : sql`(select 0::float8 as link, id as system from system where local = any(${ours}::text[]) and agreement is null)`;

const sides = ({ theirs }: Seen): RawBuilder<unknown> =>
  sql`(select * from unnest(
    ${theirs.map(({ id }) => id)}::uuid[], ${theirs.map(({ linkMs }) => linkMs)}::float8[]) as each (agreement, link))`;

/** What is offered in the zones around a place, the nearest first, until there is enough. */
function byPlace(
  what: What,
  { named: fitting, ofZone }: Fitting,
  seen: Seen,
  where: Place,
  limit: number,
): RawBuilder<unknown> {
  const theirs = seen.theirs.map(({ id }) => id);
  const there = ranges(
    what,
    (called) => sql`
      select offer.*, offer.latency_ms + near.link as achievable from offer
      where offer.zone = near.id and offer.kind = ${what.kind} and ${called} and offer.state = 'ACTIVE' and ${ofZone}
      order by offer.latency_ms, offer.id limit ${limit}`,
  );
  return around({
    where,
    whose: sql`(zone.agreement is null or zone.agreement = any(${theirs}::uuid[]))`,
    agreement: sql`zone.agreement`,
    of: (near) => sql`
      select offer.*, near.km as rank, near.at as place
      from (
        select zone.*, coalesce((select link from ${sides(seen)} as side where side.agreement = zone.agreement), 0) as link
        from ${near} as zone order by km, id) as near
      cross join lateral (${there}) as offer
      order by near.km, achievable, offer.id limit ${limit}`,
    order: sql`rank, achievable, id`,
    limit,
    anywhere: sql`
      (select found.zone from (select 0::float8 as link) as side
      cross join lateral (${ofSide(what, fitting, SCARCE + 1)}) as found)
      union all
      (select found.zone from ${sides(seen)} as side
      cross join lateral (${ofSide(what, fitting, SCARCE + 1, sql`side.agreement`)}) as found)`,
  });
}

/** Members that have an application or a service, serve one of these devices, or are one: in the order of their ids. */
export async function systemsBy(
  catalogue: Catalogue,
  by: By,
  { after, digest, ...seen }: Seen & { readonly after?: string; readonly digest?: string },
): Promise<readonly Member[]> {
  const theirs = seen.theirs.map(({ id }) => id);
  const side: Condition = sql`(system.agreement = any(${theirs}::uuid[]) or system.agreement is null
    ${seen.ours === undefined ? sql`` : sql`and system.local = any(${seen.ours}::text[])`})`;
  const limit = seen.limit ?? ENTRIES;
  const wanted = { visible: sql<SqlBool>`${side} and ${isValid('system')}`, theirs, after: after ?? FIRST, limit };
  const { rows } = await asking(
    sql<Member>`
      select system.* from system join (${having(by, wanted)}
        union select system from found where digest = ${digest ?? null} and valid_until > now()) as wanted on wanted.system = system.id
      where ${side} and ${isValid('system')} and system.id > ${after ?? FIRST}::uuid
      order by system.id limit ${limit}`.execute(catalogue),
  );
  return rows;
}

const FIRST = '00000000-0000-0000-0000-000000000000';

interface Pool {
  /** Of `system`. */
  readonly visible: Condition;
  readonly theirs: readonly string[];
  readonly after: string;
  readonly limit: number;
}

function having(by: By, pool: Pool): RawBuilder<unknown> {
  if ('system' in by) return sql`select ${by.system}::uuid as system`;
  if ('devices' in by)
    return sql`select system from device where tag = any(${by.devices}::text[]) and valid_until > now()`;
  if ('service' in by) return poolOf(sql`offer.kind = 'service' and offer.name = ${by.service}`, pool);
  const { application } = by;
  return sql`
    (${poolOf(sql`offer.kind = 'application' and offer.name = ${application}`, pool)})
    union (${poolOf(sql`offer.kind = 'application' and offer.application = ${application}`, pool)})`;
}

/** One system after the other, in the order of their ids: of however much it has the first is enough. */
function poolOf(called: Condition, { visible, theirs, after, limit }: Pool): RawBuilder<unknown> {
  const next = (last: RawBuilder<unknown>) => sql`
    select offer.system from offer join system on system.id = offer.system
    where ${called} and offer.system > ${last} and offer.state = 'ACTIVE' and ${isValid('offer')}
      and (offer.agreement is null or offer.agreement = any(${theirs}::uuid[])) and ${visible}
    order by offer.system limit 1`;
  return sql`
    with recursive pool (system, n) as (
      (select next.system, 1 from (${next(sql`${after}::uuid`)}) as next)
      union all
      select next.system, n + 1 from pool cross join lateral (${next(sql`pool.system`)}) as next where n < ${limit}::int)
    select system from pool`;
}

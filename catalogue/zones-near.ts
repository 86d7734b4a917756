import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { EARTH_KM, radians } from '../domain/earth.ts';
import type { Place } from '../domain/wish.ts';
import { isValid } from './lifetimes.ts';
import { type Box, boxesAround, kmFrom } from './places.ts';

type Query = RawBuilder<unknown>;
type Condition = RawBuilder<SqlBool>;

/** So many zones are looked at one by one, before all are. */
const FEW = 36;
/** Of what there is so much of at most, each is looked up where it is; of more, zone after zone is asked for it. */
export const SCARCE = 200;
/** Distances up to which nothing is missing are judged by this many boxes, each half as wide as the one before. */
const HALVINGS = 10;

interface Wanted {
  readonly where: Place;
  /** What there is in zones that are given with `id`, `foreign_id`, `at` and `km`: in this order, and at most so much. */
  readonly of: (near: Query) => Query;
  readonly order: Query;
  readonly limit: number;
  /** `zone` of whatever can be found anywhere, where it is no more than SCARCE; else one more than that. */
  readonly anywhere: Query;
}

export interface Near extends Wanted {
  /** Of `zone`. */
  readonly whose: Condition;
  /** Of `zone`: the agreement whose it is, given besides. What the index does not have is not asked for. */
  readonly agreement: Query;
}

export interface Among extends Wanted {
  readonly zones: Query;
}

/**
 * What there is around a place, the nearest first. First in the few zones that are the nearest on the map, as their index has
 * them; a map (degrees) is not the earth, but up to `reach` nothing is missing. Where that is not enough, in all that are within
 * reach, or in those where there is anything, if they are few.
 */
export function around({ where, whose, agreement, of, order, limit, anywhere }: Near): Query {
  const { withinKm } = where;
  const wide = boxesAround(where);
  const near = radiiOf(where)[0] ?? 0;
  const zones = (boxes: readonly Box[], each: (box: Box, n: number) => Query) =>
    sql.join(
      boxes.map((box, n) => sql`(${each(box, n)})`),
      sql` union all `,
    );
  const placed = sql`zone.id, zone.foreign_id, zone.at, ${agreement} as agreement`; // all that the index has
  const there = sql`zone.at is not null and ${whose} and ${isValid('zone')}`;
  const inside = ({ south, west, north, east }: Box) =>
    sql`${there} and zone.at <@ box(point(${west}, ${south}), point(${east}, ${north}))`;
  const nearest = (box: Box, n: number) => {
    const apart = sql`zone.at <-> point(${lonFor(box, where)}, ${where.lat})`;
    return sql`select ${placed}, ${apart} as apart, ${n}::int as box from zone where ${there} order by ${apart} limit ${FEW}`;
  };
  const scarce = sql`(select count(*) from anywhere) <= ${SCARCE}`;
  return sql`
    with few as materialized (
      select zone.*, ${kmFrom(where)} as km from (${zones(boxesAround({ ...where, withinKm: near }), nearest)}) as zone),
    cut as materialized (
      select min(apart) as apart from (select max(apart) as apart from few group by box having count(*) >= ${FEW}) as full_ones),
    reach as materialized (
      select case when apart is null then ${near}::float8 else ${reached(where, sql`apart`)} end as km from cut),
    first as materialized (
      ${of(sql`(select * from few where km <= (select km from reach) order by km, id)`)}),
    anywhere as materialized (
      select zone from (${anywhere}) as found where (select count(*) from first) < ${limit})
    select * from (
      select * from first
      union all
      (${of(sql`(select zone.*, km from (
            select ${placed} from zone
            where ${scarce} and id = any(array(select zone from anywhere)) and ${there}
            union all
            select * from (${zones(wide, (box) => sql`select ${placed} from zone where ${inside(box)}`)}) as zone where not ${scarce}) as zone,
          lateral (select ${kmFrom(where)} as km offset 0) as distance
        where km > (select km from reach) and km <= ${withinKm}::float8
        order by km, id)`)})
      ) as either
    order by ${order} limit ${limit}`;
}

/** The same of zones that are known: `id`, `foreign_id` and `at`. */
export function among({ where, zones, of, order, limit, anywhere }: Among): Query {
  const scarce = sql`(select count(*) from anywhere) <= ${SCARCE}`;
  return sql`
    with there as materialized (
      select zone.*, km from (${zones}) as zone, lateral (select ${kmFrom(where)} as km offset 0) as distance
      where km <= ${where.withinKm}::float8 order by km, id),
    few as materialized (select * from there order by km, id limit ${FEW}),
    first as materialized (${of(sql`(select * from few order by km, id)`)}),
    anywhere as materialized (
      select zone from (${anywhere}) as found where (select count(*) from first) < ${limit})
    select * from (
      select * from first
      union all
      (${of(sql`(select * from there where id <> all(array(select id from few))
        and (not ${scarce} or id = any(array(select zone from anywhere))) order by km, id)`)})
      ) as either
    order by ${order} limit ${limit}`;
}

/** Whatever is as far away as \`apart\` on the map, and farther, is farther from the place than that. */
function reached(where: Place, apart: Query): Query {
  const each = radiiOf(where).map(
    (withinKm) => sql`least(${withinKm}::float8, ${apart} * ${leastKmOfDegree({ ...where, withinKm })}::float8)`,
  );
  return sql`greatest(${sql.join([sql`0::float8`, ...each])})`;
}

/** Of circles around the place in which no pole is, each half as wide as the one before. */
const radiiOf = (where: Place): readonly number[] =>
  Array.from({ length: HALVINGS }, (_, n) => where.withinKm / 2 ** n).filter((withinKm) =>
    boxesAround({ ...where, withinKm }).every(({ south, north }) => south > -90 && north < 90),
  );

/** The place's longitude, as seen from where the box is: beyond the world's edge. */
function lonFor({ west, east }: Box, { lon }: Place): number {
  const away = (each: number) => Math.max(0, west - each, each - east);
  return [lon, lon - 360, lon + 360].reduce((one, other) => (away(other) < away(one) ? other : one));
}

/** Within these boxes nothing is nearer than that for each degree that it is away on the map. */
function leastKmOfDegree(where: Place): number {
  const boxes = boxesAround(where);
  const spans = boxes.flatMap((box) => [
    Math.max(box.north - where.lat, where.lat - box.south),
    Math.max(box.east - lonFor(box, where), lonFor(box, where) - box.west),
  ]);
  const half = radians(Math.max(...spans)) / 2 || Number.MIN_VALUE;
  const narrow = Math.min(...boxes.flatMap(({ south, north }) => [south, north].map((lat) => Math.cos(radians(lat)))));
  return (EARTH_KM * radians(1) * narrow * Math.sin(half)) / half;
}

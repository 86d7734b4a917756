import { type RawBuilder, type SqlBool, sql } from 'kysely';

type Query = RawBuilder<unknown>;
type Condition = RawBuilder<SqlBool>;

/** A range of `offer`, what of each entry is wanted, and what it has to be besides. */
export interface Range {
  /** Kind, name or application. */
  readonly called: Condition;
  /** Absent: ours. */
  readonly agreement?: Query;
  /** Of one system only, whosesoever it is. */
  readonly system?: Query;
  readonly entry: Query;
  /** Of an entry, each by its index. */
  readonly joins?: Query;
  readonly fitting: Condition;
}

/**
 * The quickest of a range. What expires stays a day, as a rule far more of it
 * than holds: the index has a range by when its entries end (`lasting`, to two minutes), and only what has not is gone through.
 */
export function quickestOf({ called, agreement, system, entry, joins, fitting }: Range, limit: number): Query {
  const ofSide = agreement === undefined ? sql`offer.agreement is null` : sql`offer.agreement = ${agreement}`;
  const side = system === undefined ? ofSide : sql`offer.system = ${system}`;
  const range = sql`${called} and offer.state = 'ACTIVE' and ${side}`;
  // As the index has it, else all is sorted; the planner takes what is equal for ordered, and not what is null
  const ordered = agreement === undefined && system === undefined ? sql`offer.agreement, ` : sql``;
  const quickest = sql`${ordered} offer.latency_ms, offer.id`;
  const entries = sql`offer where ${range} and lasting(offer.valid_until) = lifetime.ends and ${isValid('offer')}`;
  const first = (lasting: Condition) => sql`
    (select lasting(offer.valid_until) from offer where ${range} and ${lasting}
    order by ${ordered} lasting(offer.valid_until) limit 1)`;
  const from =
    joins === undefined
      ? sql`${entries} and`
      : sql`(select * from ${entries} order by ${quickest}) as offer ${joins} where`;
  return sql`
    select found.* from (
      with recursive lifetime (ends) as (
        select ${first(sql`lasting(offer.valid_until) >= lasting(now())`)}
        union all
        select ${first(sql`lasting(offer.valid_until) > lifetime.ends`)} from lifetime where lifetime.ends < 'infinity')
      select ends from lifetime where ends is not null) as lifetime
    cross join lateral (
      select ${entry} from ${from} ${fitting} order by ${quickest} limit ${limit}) as found
    order by found.latency_ms, found.id limit ${limit}`;
}

export const isValid = (table: string): Condition =>
  sql`(${sql.ref(`${table}.valid_until`)} is null or ${sql.ref(`${table}.valid_until`)} > now())`;

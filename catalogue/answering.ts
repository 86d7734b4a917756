import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { SystemOpen } from '../domain/policy.ts';
import type { By, Place, What, Wish } from '../domain/wish.ts';
import { isUuid } from './aliases.ts';
import { breadth } from './breadth.ts';
import { asking, type Catalogue } from './database.ts';
import { isValid, quickestOf } from './lifetimes.ts';
import type { OfferKind } from './tables.ts';
import { among, around, SCARCE } from './zones-near.ts';

/**
 * What partners are answered: what of ours they may see, by the aliases of their agreement. Policy stands in the conditions,
 * so that hidden and absent take the same way.
 */

/** Whom is shown what of which system. */
export interface Opened {
  readonly agreement: string;
  readonly systems: readonly SystemOpen[];
  /** So many systems are ours, shown or not. */
  readonly ours: number;
}

/** An offer of ours, as a partner sees it. */
export interface OfferShown {
  readonly system: string;
  readonly platform: string;
  readonly offer: string;
  readonly operator: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly kind: 'service' | 'application';
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly transport: string | null;
  readonly serializer: string | null;
  readonly latencyMs: number | null;
  readonly bandwidthKbps: number | null;
}

/** The quickest first; near a place the nearest first. */
export async function offersShown(
  catalogue: Catalogue,
  opened: Opened,
  wish: Wish,
  limit: number,
): Promise<readonly OfferShown[]> {
  const found = offersOf(opened, wish, limit);
  await name(
    catalogue,
    opened,
    sql`select each.kind, each.inner_id from (${found}) as found,
      lateral (values ('system', found.system), ('platform', found.platform), ('offer', found.id)) as each (kind, inner_id)`,
  );
  const { rows } = await asking(
    sql<OfferShown>`
      select system.id as system, platform.id as platform, offer.id as offer, found.operator, found.lat, found.lon,
        found.kind, found.name, found.version, found.state, found.transport, found.serializer,
        found.latency_ms as "latencyMs", found.bandwidth_kbps as "bandwidthKbps"
      from (${found}) as found
      ${aliased(opened, 'system', sql`found.system`)} ${aliased(opened, 'platform', sql`found.platform`)}
      ${aliased(opened, 'offer', sql`found.id`)}
      order by found.km, found.latency_ms, offer.id`.execute(catalogue),
  );
  return rows;
}

/** A system of ours that answers a question, as a partner sees it. */
export interface SystemAnswering {
  readonly system: string;
  readonly operator: string;
  readonly devices: readonly string[];
}

export async function systemsAnswering(
  catalogue: Catalogue,
  opened: Opened,
  by: By,
  limit: number,
): Promise<readonly SystemAnswering[]> {
  const found = systemsHaving(opened, by);
  await name(catalogue, opened, sql`select 'system' as kind, found.id as inner_id from (${found}) as found`);
  const { rows } = await asking(
    sql<SystemAnswering>`
      select system.id as system, found.operator, found.devices
      from (${found}) as found ${aliased(opened, 'system', sql`found.id`)} order by system.id limit ${limit}`.execute(
      catalogue,
    ),
  );
  return rows;
}

type Query = RawBuilder<unknown>;
type Condition = RawBuilder<SqlBool>;

/** Systems that are shown, with what of them is. */
const shown = ({ systems }: Opened): Query =>
  sql`(select system.id, system.local, system.operator, opened.services, opened.applications, opened.zones, opened.devices
    from jsonb_to_recordset(${JSON.stringify(systems)}::jsonb)
      as opened (local text, services jsonb, applications jsonb, zones jsonb, devices boolean)
    join system on system.local = opened.local where system.agreement is null offset 0) as shown`;

/** The same of one system, by its id. */
const shownOne = ({ systems }: Opened, id: Query): Query =>
  sql`(select system.operator, opened -> 'services' as services, opened -> 'applications' as applications,
      opened -> 'zones' as zones
    from system, lateral (
      select ${JSON.stringify(Object.fromEntries(systems.map((each) => [each.local, each])))}::jsonb -> system.local as opened
    ) as policy
    where system.id = ${id} and system.agreement is null and opened is not null offset 0) as shown`;

/**
 * The planner takes an operator of JSON to hold for one row in a hundred, and would read and sort all of a name. Of a `case` it
 * has no opinion.
 */
const listed = (list: Query, entry: Query): Condition =>
  sql`case when ${list} ? '*' then true else ${list} ? ${entry} end`;

/** What is shown is judged by its name, as the configuration lists it. */
const isShown = (kind: OfferKind): Condition =>
  listed(kind === 'service' ? sql`shown.services` : sql`shown.applications`, sql`offer.name`);

/**
 * So many systems are gone through one by one; more are found by going through what has the name, the quickest first, and
 * passing over what is not shown: the fewer of all are, the more of that. Either way is the shorter one at about this many.
 */
const areFew = ({ systems, ours }: Opened): boolean => systems.length <= Math.max(32, Math.sqrt(8 * ours));

/** Where a zone is hidden, nobody is told where its platforms are, or that one is near. */
function offersOf(whole: Opened, wish: Wish, limit: number): Query {
  const opened = { ...whole, systems: whole.systems.filter((system) => mayShow(system, wish)) };
  if (wish.where !== undefined) return offersNear(opened, wish, wish.where, limit);
  const { what } = wish;
  const fitting = (of: keyof typeof breadth) =>
    sql.join<SqlBool>([isShown(what.kind), ...conditions(wish, breadth[of])], sql` and `);
  const zones = sql`left join lateral (select at from zone where zone.id = offer.zone
    and ${listed(sql`shown.zones`, sql`zone.foreign_id`)} and ${isValid('zone')} offset 0) as zone on true`;
  const found = sql`offer.*, shown.operator, zone.at[1] as lat, zone.at[0] as lon, 0::float8 as km`;
  if (areFew(opened)) {
    // Of its platform it is judged as of itself: with a join the planner would read all that is called so, and sort it
    const isThere = sql<SqlBool>`${fitting('ofSystem')} and exists (select ${onPlatform} offset 0)`;
    const ofSystem = (called: Condition) =>
      quickestOf({ called, system: sql`shown.id`, entry: sql`offer.*`, fitting: isThere }, limit);
    return sql`
      select ${found} from ${shown(opened)} cross join lateral (${ranges(what, ofSystem, limit)}) as offer ${zones}
      order by offer.latency_ms, offer.id limit ${limit}`;
  }
  const joins = sql`cross join lateral ${shownOne(opened, sql`offer.system`)} ${onPlatforms} ${zones}`;
  return ranges(what, (called) => quickestOf({ called, entry: found, joins, fitting: fitting('named') }, limit), limit);
}

/** What nothing of is shown need not be gone through. An application that is asked for by its appDId is shown by its name. */
function mayShow({ services, applications, zones }: SystemOpen, { what, where }: Wish): boolean {
  if (where !== undefined && zones.length === 0) return false;
  if (what.kind === 'application') return applications.length > 0;
  return services.some((each) => each === '*' || each === what.name);
}

/** An application by its name or its appDId: what is called so twice is found once. */
function ranges({ kind, name: wanted }: What, of: (called: Condition) => Query, limit: number): Query {
  const called = sql<SqlBool>`offer.kind = ${kind} and offer.name = ${wanted}`;
  if (kind === 'service') return of(called);
  return sql`
    select * from ((${of(called)})
      union all (${of(sql`offer.kind = ${kind} and offer.application = ${wanted} and offer.name <> ${wanted}`)})) as either
    order by latency_ms, id limit ${limit}`;
}

/** Zones near the place, the nearest first, and what is offered in each until there is enough. */
function offersNear(opened: Opened, wish: Wish, where: Place, limit: number): Query {
  const { what } = wish;
  // Judged in the range itself: with joins the planner would read all that is called so, and sort it
  const judged = sql`from ${shownOne(opened, sql`offer.system`)}
    where ${isShown(what.kind)} and ${listed(sql`shown.zones`, sql`near.foreign_id`)}`;
  const there = (called: Condition) => sql`
    select offer.* from offer where offer.zone = near.id and ${called} and ${sql.join(conditions(wish, breadth.ofZone), sql` and `)}
      and exists (select ${judged} offset 0) and exists (select ${onPlatform} offset 0)
    order by offer.latency_ms, offer.id limit ${limit}`;
  const anywhere = (of: 'named' | 'ofSystem') => {
    const fitting: Condition = sql.join(conditions(wish, breadth[of]), sql` and `);
    const side = of === 'ofSystem' ? { system: sql`shown.id` } : {};
    return ranges(
      what,
      (called) => quickestOf({ called, ...side, entry: sql`offer.*`, fitting }, SCARCE + 1),
      SCARCE + 1,
    );
  };
  const near = {
    where,
    of: (zones: Query) => sql`
      select offer.*, shown.operator, near.at[1] as lat, near.at[0] as lon, near.km
      from ${zones} as near cross join lateral (${ranges(what, there, limit)}) as offer
      cross join lateral ${shownOne(opened, sql`offer.system`)}
      order by near.km, offer.latency_ms, offer.id limit ${limit}`,
    order: sql`km, latency_ms, id`,
    limit,
  };
  if (!areFew(opened))
    return around({
      ...near,
      whose: sql`zone.agreement is null`,
      agreement: sql`null::uuid`,
      anywhere: anywhere('named'),
    });
  return among({
    ...near,
    zones: zonesShown(opened),
    anywhere: sql`
      select found.zone from ${shown(opened)} cross join lateral (${anywhere('ofSystem')}) as found
      limit ${SCARCE + 1}`,
  });
}

/** Of the systems that are shown: those that go with one, and those of the configuration. */
const zonesShown = (opened: Opened): Query => sql`
  select zone.id, zone.foreign_id, zone.at from ${shown(opened)} cross join lateral (
    select * from zone where zone.system = shown.id
    union all
    select * from zone where zone.system is null and zone.local = shown.local) as zone
  where zone.agreement is null and zone.at is not null and ${isValid('zone')}
    and ${listed(sql`shown.zones`, sql`zone.foreign_id`)}`;

const onPlatform = sql`from platform where platform.id = offer.platform and ${isValid('platform')}`;
const onPlatforms = sql`cross join lateral (select ${onPlatform} offset 0) as platform`;

function conditions({ what, kpi }: Wish, bandwidth: Query): readonly Condition[] {
  const all: Condition[] = [sql`offer.state = 'ACTIVE'`, isValid('offer')];
  if (what.version !== undefined) all.push(sql`offer.version = ${what.version}`);
  if (what.of !== undefined) all.push(sql`offer.application = ${what.of}`);
  if (kpi?.latencyMs !== undefined) all.push(sql`offer.latency_ms <= ${kpi.latencyMs}`);
  if (kpi?.bandwidthKbps !== undefined) all.push(sql`${bandwidth} >= ${kpi.bandwidthKbps}`);
  return all;
}

function systemsHaving(opened: Opened, by: By): Query {
  const none = sql`'{}'::text[]`;
  if ('system' in by)
    return sql`select shown.id, shown.operator, ${none} as devices from ${shown(opened)}
      where shown.id = (select inner_id from alias where id = ${isUuid(by.system) ? by.system : null}::uuid
        and agreement = ${opened.agreement}::uuid and kind = 'system')`;
  if ('devices' in by)
    return sql`select shown.id, shown.operator, array_agg(device.tag order by device.tag) as devices from ${shown(opened)}
      join device on device.system = shown.id and device.tag = any(${by.devices}::text[]) and device.valid_until > now()
      where shown.devices group by shown.id, shown.operator`;
  const [kind, wanted] =
    'service' in by ? (['service', by.service] as const) : (['application', by.application] as const);
  const offers = (called: Condition) => sql`
    select from offer where offer.system = shown.id and offer.agreement is null and offer.kind = ${kind} and ${called}
      and ${isShown(kind)} and offer.state = 'ACTIVE' and ${isValid('offer')}`;
  const whose = sql`select shown.id, shown.operator, ${none} as devices from ${shown(opened)}`;
  const either =
    kind === 'service'
      ? sql<SqlBool>`offer.name = ${wanted}`
      : sql<SqlBool>`${wanted} in (offer.name, offer.application)`;
  if (!areFew(opened)) return sql`${whose} where exists (${offers(either)})`;
  // One is enough, however many the planner thinks that there are; in the order of the index, else all of the table is gone
  // through where what was so called has been told anew since
  const one = (called: Condition) => sql`(${offers(called)} order by lasting(offer.valid_until) desc limit 1)`;
  const named = one(sql<SqlBool>`offer.name = ${wanted}`);
  const any = kind === 'service' ? named : sql`${named} union all ${one(sql<SqlBool>`offer.application = ${wanted}`)}`;
  return sql`${whose} cross join lateral (select from (${any}) as any_of_it limit 1) as has`;
}

/** Only what has no alias is written: as a rule nothing. */
async function name(catalogue: Catalogue, { agreement }: Opened, found: Query): Promise<void> {
  await asking(
    sql`insert into alias (agreement, kind, inner_id)
      select distinct agreement.id, found.kind, found.inner_id from agreement, (${found}) as found
      where agreement.id = ${agreement}::uuid and agreement.ended_at is null and not exists (
        select from alias where alias.agreement = agreement.id and alias.kind = found.kind and alias.inner_id = found.inner_id)
      on conflict (agreement, kind, inner_id) do nothing`.execute(catalogue),
  );
}

const aliased = ({ agreement }: Opened, kind: 'system' | 'platform' | 'offer', inner: Query): Query =>
  sql`join lateral (select id from alias where alias.agreement = ${agreement}::uuid
      and alias.kind = ${kind} and alias.inner_id = ${inner} offset 0) as ${sql.ref(kind)} on true`;

/** Has one of these systems neither told what it has, nor been looked at lately? */
export async function anyUnheard(
  catalogue: Catalogue,
  { systems }: Pick<Opened, 'systems'>,
  validSeconds: number,
): Promise<boolean> {
  const row = await asking(
    catalogue
      .selectFrom('system')
      .select('id')
      .where('agreement', 'is', null)
      .where('told_at', 'is', null)
      .where(sql<boolean>`local = any(${systems.map(({ local }) => local)}::text[])`)
      .where(sql<boolean>`coalesce(observed_at, '-infinity') < now() - make_interval(secs => ${validSeconds})`)
      .limit(1)
      .executeTakeFirst(),
  );
  return row !== undefined;
}

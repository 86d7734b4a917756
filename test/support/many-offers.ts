import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import type { Tables } from '../../catalogue/tables.ts';
import type { Usable } from '../../catalogue/usable.ts';

export interface Many {
  readonly usable: readonly Usable[];
  /** Has as many, and is not usable. */
  readonly suspended: string;
}

/**
 * Two platforms for each system, five offers for each platform: `everywhere` at each of them, `rare` at one of ours and one of
 * a partner's, and others. A third of the systems is ours, the others are of three partners and of one that is suspended.
 */
export async function manyOffers(url: string, offers: number): Promise<Many> {
  // Without the limits of a program: on a busy machine it takes its time
  const pool = new Pool({ connectionString: url, max: 1 });
  const patient = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await filled(patient, offers);
  } finally {
    await patient.destroy();
  }
}

async function filled(catalogue: Kysely<Tables>, offers: number): Promise<Many> {
  const systems = Math.ceil(offers / 10);
  const { rows } = await sql<{ id: string; partner: string }>`
    insert into agreement (partner, direction, context, theirs, link_ms, callback_key)
    select 'partner-' || n, 'uses', 'context-' || n, 'open', n, 'key-' || n from generate_series(1, 4) as n
    returning id, partner`.execute(catalogue);
  const [first, second, third, suspended] = rows.map(({ id }) => id);
  await sql`
    insert into system (agreement, foreign_id, local, name, provider, operator)
    select (array[null, null, ${first}, ${second}, ${third}, ${suspended}]::uuid[])[1 + n % 6],
      case when n % 6 > 1 then 's' || n end, case when n % 6 < 2 then 's' || n end, 's' || n, 'P', 'operator-' || n % 6
    from generate_series(1, ${systems}::int) as n`.execute(catalogue);
  await sql`
    insert into zone (agreement, system, foreign_id, at)
    select agreement, id, 'z', point(abs(hashtext(name)) % 2000 / 100.0, 40 + abs(hashtext(name || 'y')) % 2000 / 100.0)
    from system`.execute(catalogue);
  await sql`
    insert into platform (system, zone, foreign_id)
    select zone.system, zone.id, 'p' || n from zone, generate_series(1, 2) as n`.execute(catalogue);
  await sql`
    insert into offer (platform, platform_foreign_id, agreement, system, zone, kind, foreign_id, name, version, application, state, transport, latency_ms, bandwidth_kbps)
    select platform.id, platform.foreign_id, zone.agreement, zone.system, zone.id, case n when 5 then 'application' else 'service' end, 'o' || n,
      case when n = 1 then 'everywhere' when n = 2 and system.name in ('s6', 's7', 's8', 's11') then 'rare'
        when n = 3 and zone.agreement is not null then 'theirs' else 'service-' || hashtext(platform.id::text || n) % 5000 end,
      '1.0', case n when 5 then 'appd-' || hashtext(platform.id::text) % 5000 end, 'ACTIVE', 'REST_HTTP',
      5 + abs(hashtext(platform.id::text || n)) % 100, 1000 + abs(hashtext(platform.id::text || n)) % 100000
    from platform join zone on zone.id = platform.zone join system on system.id = zone.system, generate_series(1, 5) as n`.execute(
    catalogue,
  );
  await sql`
    insert into device (tag, system, valid_until)
    select 'ue-' || name, id, now() + interval '1 hour' from system where agreement is null`.execute(catalogue);
  await sql`vacuum analyze`.execute(catalogue);
  const usable = rows.slice(0, 3).map(({ id, partner }, n) => ({ id, partner, linkMs: n + 1 }));
  return { usable, suspended: suspended ?? '' };
}

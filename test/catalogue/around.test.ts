import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { candidates } from '../../catalogue/finding.ts';
import { kilometres } from '../../domain/earth.ts';
import type { Place } from '../../domain/wish.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';

const LIMIT = 20;

let own: CatalogueOfTest;
let zones: readonly { readonly zone: string; readonly lat: number; readonly lon: number }[];

/** Spread over the whole earth, and crowded around its edge, a pole, and where people live. */
beforeAll(async () => {
  own = await catalogueOfTest();
  await sql`
    with member as (insert into system (name, provider, operator, local) values ('s', 'P', 'o', 's') returning id),
    placed as (insert into zone (system, foreign_id, at)
      select member.id, 'z' || n, case n % 4
        when 0 then point(abs(hashint4(n)) % 36000 / 100.0 - 180, abs(hashint4(n + 7777)) % 18000 / 100.0 - 90)
        when 1 then point(case when n % 8 = 1 then 179 else -180 end + abs(hashint4(n)) % 100 / 100.0, abs(hashint4(n + 7777)) % 200 / 100.0 - 17)
        when 2 then point(abs(hashint4(n)) % 36000 / 100.0 - 180, 88 + abs(hashint4(n + 7777)) % 200 / 100.0)
        else point(10 + abs(hashint4(n)) % 400 / 100.0, 60 + abs(hashint4(n + 7777)) % 400 / 100.0) end
      from member, generate_series(1, 1200) as n returning id, system),
    hosts as (insert into platform (system, zone, foreign_id) select system, id, id::text from placed returning id, system, zone)
    insert into offer (platform, platform_foreign_id, system, zone, kind, foreign_id, name, version, state, latency_ms)
    select id, 'p', system, zone, 'service', 'o', 'everywhere', '1', 'ACTIVE', 5 from hosts`.execute(own.catalogue);
  await sql`update offer set name = 'some' where hashtext(zone::text) % 10 = 0`.execute(own.catalogue);
  await sql`analyze`.execute(own.catalogue);
  const { rows } = await sql<{ zone: string; lat: number; lon: number; name: string }>`
    select zone.id as zone, zone.at[1] as lat, zone.at[0] as lon, offer.name from zone join offer on offer.zone = zone.id`.execute(
    own.catalogue,
  );
  zones = rows;
});
afterAll(async () => await own?.drop());

const centres: Record<string, Omit<Place, 'withinKm'>> = {
  'where people live': { lat: 62, lon: 12 },
  'at the earth’s edge': { lat: -16, lon: 179.9 },
  'beyond it': { lat: -16.5, lon: -179.8 },
  'at a pole': { lat: 90, lon: 0 },
  'near a pole': { lat: 89, lon: -100 },
  'at the other one': { lat: -89.5, lon: 30 },
  'where nobody is': { lat: 0, lon: 0 },
};

it.each(Object.entries(centres))(
  'finds the nearest of all that is %s, however wide it looks',
  async (_what, centre) => {
    for (const withinKm of [1, 40, 300, 2_500, 9_000, 20_000])
      for (const name of ['everywhere', 'some'] as const) {
        const where = { ...centre, withinKm };
        const found = await candidates(
          own.catalogue,
          { what: { kind: 'service', name }, where },
          { theirs: [], limit: LIMIT },
        );
        const there = zones
          .filter((zone) => (zone as unknown as { name: string }).name === name)
          .map((zone) => kilometres(centre, zone))
          .filter((km) => km <= withinKm)
          .toSorted((one, other) => one - other)
          .slice(0, LIMIT);
        expect(found.map(({ km }) => km?.toFixed(6))).toEqual(there.map((km) => km.toFixed(6)));
      }
  },
);

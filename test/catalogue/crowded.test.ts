import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { begin } from '../../catalogue/agreements.ts';
import { offersShown } from '../../catalogue/answering.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { candidates, systemsBy } from '../../catalogue/finding.ts';
import type { Wish } from '../../domain/wish.ts';
import { busy } from '../support/busy.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { explained } from '../support/explained.ts';

/** Ten thousand services of one name, and as many applications of one appDId, half of them ours, of which few or none fit. */
const [CANDIDATES, LIMIT] = [10_000, 300];
/** Of what nowhere is enough of, its part of two indexes is read: of what is called so around the place, and anywhere. */
const NEAR = 400;

let own: CatalogueOfTest;
let uses: string;
let serves: string;
beforeAll(async () => {
  own = await catalogueOfTest();
  uses = (await begin(own.catalogue, { partner: 'b', direction: 'uses' })).id;
  serves = (await begin(own.catalogue, { partner: 'b', direction: 'serves' })).id;
  // Without the limits of a program: on a busy machine it takes its time
  const patient = new Client({ connectionString: own.url });
  await patient.connect();
  await patient.query(
    `insert into system (id, agreement, foreign_id, local, name, provider, operator)
     values (md5('one')::uuid, null, null, 'one', 'one', 'P', 'a'), (md5('two')::uuid, $1::uuid, 's', null, 'two', 'P', 'b')`,
    [uses],
  );
  await patient.query(
    `insert into zone (id, agreement, system, foreign_id, at)
     select md5('z' || id)::uuid, agreement, id, 'z', point(10, 50) from system`,
  );
  await patient.query(`insert into platform (id, system, zone, foreign_id)
    select md5(zone.id::text || n)::uuid, zone.system, zone.id, 'p' || n from zone, generate_series(1, 100) as n`);
  // The quick are narrow and of version 1, the broad are slow and of version 2; what the one produces is not what the other does
  await patient.query(
    `insert into offer (id, platform, platform_foreign_id, agreement, system, zone, kind, foreign_id, name, version,
       application, state, transport, latency_ms, bandwidth_kbps)
     select md5(platform.id::text || kind || n)::uuid, platform.id, platform.foreign_id, zone.agreement, zone.system, zone.id, kind, kind || n, 'crowded',
       case when quick then '1' else '2' end,
       case when kind = 'application' then 'appd' when quick then 'quick' else 'broad' end, 'ACTIVE', 'REST_HTTP',
       case when quick then 5 else 500 end + abs(hashtext(platform.id::text || n)) % 100,
       case when quick then 1000 else 1000000 end + abs(hashtext(n || platform.id::text)) % 500
     from platform join zone on zone.id = platform.zone, generate_series(1, $1::int) as n,
       unnest(array['service', 'application']) as kind, lateral (select n % 2 = 0 as quick) as half
     order by hashtext(platform.id::text || n)`,
    [CANDIDATES / 200],
  );
  await patient.query('vacuum analyze');
  await patient.end();
}, 60_000 * busy());
afterAll(async () => await own?.drop());

const crowded = { kind: 'service', name: 'crowded' } as const;
const appd = { kind: 'application', name: 'appd' } as const;
const near = { where: { lat: 50, lon: 10, withinKm: 100 } };
const wishes: Readonly<Record<string, Wish>> = {
  'a name': { what: crowded },
  'an appDId': { what: appd },
  'a version that half of them have': { what: { ...crowded, version: '2' } },
  'a version that none of them has': { what: { ...crowded, version: '3' } },
  'a bandwidth that half of them have, the slow ones': { what: crowded, kpi: { bandwidthKbps: 500_000 } },
  'a bandwidth that few of them have': { what: crowded, kpi: { bandwidthKbps: 1_000_499 } },
  'a bandwidth that half of them have, and a latency that the others have': {
    what: crowded,
    kpi: { bandwidthKbps: 500_000, latencyMs: 200 },
  },
  'a version and a bandwidth that never come together': {
    what: { ...crowded, version: '1' },
    kpi: { bandwidthKbps: 500_000 },
  },
  'what one application produces, in a version of the others': { what: { ...crowded, version: '1', of: 'broad' } },
  'what an application produces that none has': { what: { ...crowded, of: 'nobody' } },
};

const dear = async (look: (catalogue: Catalogue) => Promise<unknown>, limit = LIMIT): Promise<number[]> => {
  await look(own.catalogue);
  return (await explained(own.catalogue, look)).flatMap(({ buffers }) => (buffers > limit ? [buffers] : []));
};

describe(`of ${CANDIDATES} that are called alike no more than ${LIMIT} pages are touched`, () => {
  const seen = () => ({ theirs: [{ id: uses, linkMs: 1 }] });
  it.each(Object.entries(wishes))('for %s', async (_what, wish) => {
    expect(await dear(async (catalogue) => await candidates(catalogue, wish, seen()))).toEqual([]);
  });
  it.each(Object.entries(wishes))('for %s, near a place', async (_what, wish) => {
    const look = async (catalogue: Catalogue) => await candidates(catalogue, { ...wish, ...near }, seen());
    expect(await dear(look, NEAR)).toEqual([]);
  });
  it.each(Object.entries(wishes))('for %s, of one system of ours', async (_what, wish) => {
    expect(await dear(async (catalogue) => await candidates(catalogue, wish, { ours: ['one'], theirs: [] }))).toEqual(
      [],
    );
  });
  it.each(Object.entries(wishes))('for %s, by a partner', async (_what, wish) => {
    const systems = [{ local: 'one', services: ['*'], applications: ['*'], zones: ['*'], devices: true }];
    expect(
      await dear(
        async (catalogue) =>
          await offersShown(catalogue, { agreement: serves, systems, ours: systems.length }, wish, 20),
      ),
    ).toEqual([]);
  });
  // Few are gone through one by one, of many the zones
  const shown = ['few systems', 'many systems'].flatMap((which) =>
    Object.entries(wishes).map(([what, wish]) => [what, which, wish] as const),
  );
  it.each(shown)('for %s, near a place, by a partner that is shown %s', async (_what, which, wish) => {
    const others = Array.from({ length: which === 'few systems' ? 1 : 100 }, (_, n) => `other-${n}`);
    const all = { services: ['*'], applications: ['*'], zones: ['*'], devices: true };
    const systems = ['one', ...others].map((local) => ({ local, ...all }));
    const look = async (catalogue: Catalogue) =>
      await offersShown(catalogue, { agreement: serves, systems, ours: systems.length }, { ...wish, ...near }, 20);
    expect(await dear(look, NEAR)).toEqual([]);
  });
  it.each([{ service: 'crowded' }, { application: 'appd' }, { application: 'crowded' }])(
    'for members by %o',
    async (by) => {
      expect(await dear(async (catalogue) => await systemsBy(catalogue, by, seen()))).toEqual([]);
      expect(await systemsBy(own.catalogue, by, seen())).toHaveLength(2);
    },
  );
});

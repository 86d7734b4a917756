import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { Client } from 'pg';
import { begin } from '../../catalogue/agreements.ts';
import { anyUnheard, offersShown, type Opened, systemsAnswering } from '../../catalogue/answering.ts';
import { candidates, type Seen, systemsBy } from '../../catalogue/finding.ts';
import { offersListed, zonesListed } from '../../catalogue/listing.ts';
import { SCARCE } from '../../catalogue/zones-near.ts';
import type { Wish } from '../../domain/wish.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { busy } from '../support/busy.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { type Explained, explained } from '../support/explained.ts';
import { type Many, manyOffers } from '../support/many-offers.ts';

const OFFERS = 20_000;
const LIMIT = 200;

let own: CatalogueOfTest;
let many: Many;
let seen: Seen;
beforeAll(async () => {
  own = await catalogueOfTest();
  many = await manyOffers(own.url, OFFERS);
  seen = { theirs: many.usable };
  // Without the limits of a program: on a busy machine it takes its time
  const patient = new Client({ connectionString: own.url });
  await patient.connect();
  // What is not renewed is there for a day: more of it than fits into LIMIT pages
  await patient.query(
    `update offer set name = 'expired', valid_until = now() - interval '1 hour'
      where foreign_id = 'o4' and (agreement is null or agreement = $1)`,
    [many.usable[0]?.id],
  );
  // Neither rare nor common: more of it than is looked at one by one, and nowhere near a place where it is looked for
  await patient.query(
    `update offer set name = 'middling' where foreign_id = 'o4' and agreement = $1 and hashtext(id::text) % 7 = 0`,
    [many.usable[1]?.id],
  );
  // Zones as far apart as among a million: few to a page
  await patient.query('alter table zone set (fillfactor = 10)');
  for (const table of ['zone', 'offer']) await patient.query(`vacuum (full, analyze) ${table}`);
  await patient.query('vacuum zone'); // which pages need no look
  await patient.end();
}, 60_000 * busy());
afterAll(async () => await own?.drop());

const service = (name: string): Wish['what'] => ({ kind: 'service', name });
const where = { lat: 50, lon: 10, withinKm: 100 };
const wide = { ...where, withinKm: 1_000 };

const costly = ({ buffers }: Explained): boolean => buffers > LIMIT;

describe(`a look-up among ${OFFERS} offers touches no more than ${LIMIT} pages`, () => {
  const wishes: Record<string, Wish> = {
    'a name that every platform has': { what: service('everywhere') },
    'a name that all of the partners have, and we have not': { what: service('theirs') },
    'a rare name': { what: service('rare') },
    'a name that nobody has': { what: service('nobody') },
    'an application by its name or appDId': { what: { kind: 'application', name: 'appd-77' } },
    'a name with KPI': { what: service('everywhere'), kpi: { latencyMs: 20, bandwidthKbps: 2_000 } },
    'a name with KPI that nobody keeps': { what: service('everywhere'), kpi: { latencyMs: 4 } },
    'a name in a version that nobody has': { what: { ...service('everywhere'), version: '9' } },
    'a name with more bandwidth than anybody has': { what: service('everywhere'), kpi: { bandwidthKbps: 9_000_000 } },
    'a name with more bandwidth than many have': { what: service('everywhere'), kpi: { bandwidthKbps: 100_900 } },
    'a name in a version that nobody has near a place': {
      what: { ...service('everywhere'), version: '9' },
      where: wide,
    },
    'a name with more bandwidth than anybody has near a place': {
      what: service('everywhere'),
      where: wide,
      kpi: { bandwidthKbps: 9_000_000 },
    },
    'a name of which all has expired': { what: service('expired') },
    'a name near a place': { what: service('everywhere'), where },
    'a name near a place, of much that is within reach': { what: service('everywhere'), where: wide },
    'a name with KPI near a place, of much that is within reach': {
      what: service('everywhere'),
      where: wide,
      kpi: { latencyMs: 90, bandwidthKbps: 2_000 },
    },
    'a rare name near a place': { what: service('rare'), where },
    'a rare name near a place, of much that is within reach': { what: service('rare'), where: wide },
    'a name near a place of which all has expired': { what: service('expired'), where: wide },
  };
  it('a name that some have, near a place, no more than four pages of each', async () => {
    const wish = { what: service('middling'), where: wide };
    const there = await candidates(own.catalogue, { what: wish.what }, { ...seen, limit: 500 });
    expect(there.length).toBeGreaterThan(60);
    const look = async (catalogue: Catalogue) => await candidates(catalogue, wish, seen);
    const dear = ({ buffers }: Explained) => buffers > LIMIT + 4 * there.length;
    expect((await explained(own.catalogue, look)).filter(dear)).toEqual([]);
  });
  it.each(Object.entries(wishes))('%s', async (_what, wish) => {
    const queries = await explained(own.catalogue, async (catalogue) => await candidates(catalogue, wish, seen));
    expect(queries.filter(costly)).toEqual([]);
    expect(queries).toHaveLength(1);
  });

  it('a name that all of ours have, and none of ours is wanted', async () => {
    const none = async (catalogue: Catalogue) =>
      await candidates(catalogue, { what: service('everywhere') }, { ours: [], theirs: many.usable });
    expect((await explained(own.catalogue, none)).filter(costly)).toEqual([]);
    expect((await none(own.catalogue)).filter(({ agreement }) => agreement === null)).toEqual([]);
  });

  it('a name, of few of our systems', async () => {
    const queries = await explained(
      own.catalogue,
      async (catalogue) =>
        await candidates(catalogue, { what: service('everywhere') }, { ours: ['s6', 's7'], theirs: [] }),
    );
    expect(queries.filter(costly)).toEqual([]);
  });

  const members = {
    'by a service that all have': { service: 'everywhere' },
    'by a service that few have': { service: 'rare' },
    'by an application': { application: 'appd-77' },
    'by devices': { devices: ['ue-s6', 'ue-s7', 'ue-none'] },
  };
  it.each(Object.entries(members))('members %s', async (_what, by) => {
    const queries = await explained(own.catalogue, async (catalogue) => await systemsBy(catalogue, by, seen));
    expect(queries.filter(costly)).toEqual([]);
  });
});

describe('what a partner is told of ours touches no more either, once each has its alias,', () => {
  let agreement: string;
  /** Of all our systems, and of few of them. */
  const openedOf = async (which: 'all' | 'some' | 'few'): Promise<Opened> => {
    const { rows } = await sql<{ local: string }>`select local from system where local is not null`.execute(
      own.catalogue,
    );
    const locals = rows.map(({ local }) => local).filter((_local, n) => which !== 'some' || n % 10 === 0);
    const all = { services: ['*'], applications: ['*'], zones: ['*'], devices: true };
    return {
      agreement,
      systems: (which === 'few' ? ['s6', 's7'] : locals).map((local) => ({ local, ...all })),
      ours: rows.length,
    };
  };
  beforeAll(async () => {
    agreement = (await begin(own.catalogue, { partner: 'partner-1', direction: 'serves' })).id;
  });

  const wishes: Record<string, Wish> = {
    'a name that every platform has': { what: service('everywhere') },
    'a rare name': { what: service('rare') },
    'a name that nobody has': { what: service('nobody') },
    'an application by its name or appDId': { what: { kind: 'application', name: 'appd-77' } },
    'a name with KPI': { what: service('everywhere'), kpi: { latencyMs: 20, bandwidthKbps: 2_000 } },
    'a name with KPI that nobody keeps': { what: service('everywhere'), kpi: { latencyMs: 4 } },
    'a name of which all has expired': { what: service('expired') },
    'a name near a place': { what: service('everywhere'), where },
    'a name near a place, of much that is within reach': { what: service('everywhere'), where: wide },
    'a name with KPI near a place': {
      what: service('everywhere'),
      where: wide,
      kpi: { latencyMs: 90, bandwidthKbps: 60_000 },
    },
    'a name with more bandwidth than anybody has near a place': {
      what: service('everywhere'),
      where: wide,
      kpi: { bandwidthKbps: 9_000_000 },
    },
    'a rare name near a place': { what: service('rare'), where: wide },
    'an application by its appDId near a place': { what: { kind: 'application', name: 'appd-77' }, where: wide },
  };
  const members = {
    'by a service that all have': { service: 'everywhere' },
    'by a service that few have': { service: 'rare' },
    'by an application': { application: 'appd-77' },
    'by devices': { devices: ['ue-s6', 'ue-s7', 'ue-none'] },
  };
  /** Of each entry three aliases are looked for beside it: as many pages again. Members are told in whole. */
  const dear =
    (entries: number) =>
    ({ buffers }: Explained): boolean =>
      buffers > 2 * LIMIT * Math.max(1, entries / 20);

  for (const which of ['few', 'all'] as const) {
    it.each(Object.entries(wishes))(`%s, of ${which} of our systems`, async (_what, wish) => {
      const opened = await openedOf(which);
      const look = async (catalogue: Catalogue) => await offersShown(catalogue, opened, wish, 20);
      await look(own.catalogue);
      // Where the nearest do not fit, some of what does is looked for anywhere, and then zone after zone
      const anywhere = wish.where && wish.kpi ? 2 * SCARCE : 0;
      const dearThen = ({ buffers, ...query }: Explained) => dear(20)({ ...query, buffers: buffers - anywhere });
      expect((await explained(own.catalogue, look)).filter(dearThen)).toEqual([]);
    });

    it.each(Object.entries(members))(`members %s, of ${which} of our systems`, async (_what, by) => {
      const opened = await openedOf(which);
      const look = async (catalogue: Catalogue) => await systemsAnswering(catalogue, opened, by, 1_000);
      const { length } = await look(own.catalogue);
      expect((await explained(own.catalogue, look)).filter(dear(length))).toEqual([]);
    });

    it(`whether all of them were heard, of ${which}`, async () => {
      const opened = await openedOf(which);
      const look = async (catalogue: Catalogue) => await anyUnheard(catalogue, opened, 60);
      expect((await explained(own.catalogue, look)).filter(costly)).toEqual([]);
    });
  }

  it.each(Object.entries(wishes))('%s, of some of our systems, no more of each than one costs', async (_what, wish) => {
    const opened = await openedOf('some');
    const look = async (catalogue: Catalogue) => await offersShown(catalogue, opened, wish, 20);
    await look(own.catalogue);
    expect(opened.systems.length).toBeGreaterThan(60);
    const dearEach = ({ buffers }: Explained) => buffers > 2 * LIMIT + 30 * opened.systems.length;
    expect((await explained(own.catalogue, look)).filter(dearEach)).toEqual([]);
  });

  it.each(Object.entries(wishes))('%s is the same, whichever way it is looked for', async (_what, wish) => {
    const opened = await openedOf('some');
    const each = await offersShown(own.catalogue, { ...opened, ours: 1_000_000 }, wish, 20);
    expect(await offersShown(own.catalogue, { ...opened, ours: 0 }, wish, 20)).toEqual(each);
  });

  it.each(Object.entries(wishes))(
    '%s is the same to whoever is shown few of many systems, and few',
    async (_what, wish) => {
      const few = await openedOf('few');
      const all = await openedOf('all');
      const shownToo = new Set(few.systems.map(({ local }) => local));
      const systems = all.systems.map((system) =>
        shownToo.has(system.local)
          ? system
          : { local: system.local, services: ['others'], applications: [], zones: [], devices: false },
      );
      const farther = { ...wish, ...(wish.where && { where: { ...wish.where, withinKm: 5_000 } }) };
      const found = await offersShown(own.catalogue, { ...all, systems }, farther, 20);
      expect(found).toEqual(await offersShown(own.catalogue, few, farther, 20));
    },
  );
});

describe('a page of what there is touches no more either', () => {
  const agreements = () => many.usable.map(({ id }) => id);
  const middle = '80000000-0000-0000-0000-000000000000';
  const pages = {
    'of all offers': async (catalogue: Catalogue) =>
      await offersListed(catalogue, { agreements: agreements(), after: middle, limit: 20 }),
    'of offers of a common name': async (catalogue: Catalogue) =>
      await offersListed(catalogue, { agreements: agreements(), name: 'everywhere', after: middle, limit: 20 }),
    'of offers of a rare name': async (catalogue: Catalogue) =>
      await offersListed(catalogue, { agreements: agreements(), name: 'rare', kind: 'service', limit: 20 }),
    'of zones': async (catalogue: Catalogue) =>
      await zonesListed(catalogue, { agreements: agreements(), after: middle, limit: 20 }),
  };
  it.each(Object.entries(pages))('%s', async (_what, page) => {
    expect((await explained(own.catalogue, page)).filter(costly)).toEqual([]);
    expect((await page(own.catalogue)).rows.length).toBeGreaterThan(5);
  });
});

it('finds what there is', async () => {
  const rare = await candidates(own.catalogue, { what: service('rare') }, seen);
  expect(rare.map(({ systemName }) => systemName).toSorted()).toEqual(['s6', 's6', 's7', 's7', 's8', 's8']);
  const near = await candidates(own.catalogue, { what: service('everywhere'), where }, seen);
  expect(near).toHaveLength(20);
  const km = near.map((candidate) => candidate.km ?? Number.NaN);
  expect(km).toEqual(km.toSorted((one, other) => one - other));
  expect(Math.max(...km)).toBeLessThanOrEqual(100);
  expect((await systemsBy(own.catalogue, { service: 'rare' }, seen)).map(({ name }) => name).toSorted()).toEqual([
    's6',
    's7',
    's8',
  ]);
});

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mfmDocument } from '../../../api/mfm/face.ts';
import { referred } from '../../support/referred.ts';
import { mfmTable } from '../../../api/mfm/table.ts';
import { keepConfigured } from '../../../catalogue/configured.ts';
import { inventoryTold } from '../../../catalogue/inventory.ts';
import { candidates, systemsBy } from '../../../catalogue/finding.ts';
import type { OfferList, ZoneList } from '../../../api/offered.ts';
import type { Inventory } from '../../../protocols/mfm/inventory.ts';
import { named } from '../../support/api.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { explained } from '../../support/explained.ts';
import { federationOfTest } from '../../support/federation.ts';
import { type Answered, Federator, memberSystems } from '../../support/mec040.ts';

const SYSTEMS = '/fed_enablement/v1/fed_resources/system_info';

let own: CatalogueOfTest;
let federator: Federator;
let system: string;
beforeAll(async () => {
  own = await catalogueOfTest();
  federator = await Federator.start(own);
});
afterAll(async () => {
  await federator?.stop();
  await own?.drop();
});
beforeEach(async () => {
  await sql`truncate system, zone, alias, agreement cascade`.execute(own.catalogue);
  await keepConfigured(own.catalogue, configuration);
  system = await registered('one', 'meo-one');
});

const configuration = {
  systems: memberSystems,
  federation: federationOfTest(),
  sites: {
    a1: { ...named.sites['a1'], system: 'one', zone: { id: 'north', lat: 52, lon: 13, details: 'Up', latencyMs: 4 } },
  } as typeof named.sites,
};

async function registered(name: string, client: string): Promise<string> {
  const body = { systemName: name, systemProvider: 'Operator A' };
  const answer = await federator.ask<{ systemId: string }>('POST', SYSTEMS, { body, client });
  expect(answer.status).toBe(201);
  return answer.body.systemId;
}

const speech = {
  kind: 'service',
  id: 'ser-1',
  name: 'speech',
  version: '1.2',
  state: 'ACTIVE',
  transport: 'REST_HTTP',
  serializer: 'JSON',
  endpoint: 'http://127.0.0.1:9/speech',
} as const;
const inventory: Inventory = {
  zones: [
    { zone: 'north', lat: 0, lon: 0, compute: { cpus: 8 } },
    { zone: 'own', lat: 48, lon: 11, details: 'Cellar', latencyMs: 9 },
  ],
  platforms: [
    { platform: 'a1', zone: 'north', offers: [speech, { ...speech, id: 'ser-2', name: 'rni', latencyMs: 1 }] },
    {
      platform: 'a2',
      zone: 'own',
      offers: [
        { ...speech, state: 'INACTIVE' },
        { kind: 'application', id: 'i-1', name: 'guide', version: '3', application: 'appd-1', state: 'ACTIVE' },
        { ...speech, id: 'ser-3', name: 'secret', consumedLocalOnly: true },
      ],
    },
  ],
};

const inventoryPath = (id = system): string => `/mfm/v1/systems/${id}/inventory`;
const devicePath = (tag = 'ue-1', id = system): string => `/mfm/v1/systems/${id}/devices/${tag}`;
type Asking = Parameters<Federator['ask']>[2] & { readonly ifMatch?: string };
const ask = async <Body = unknown>(method: string, path: string, asking: Asking = {}): Promise<Answered<Body>> =>
  await federator.ask<Body>(method, path, { scope: 'mfm', ...asking });
const tell = async (body: unknown = inventory, asking: Asking = {}): Promise<Answered> =>
  await ask('PUT', inventoryPath(), { body, ...asking });

const found = async (name: string, kind: 'service' | 'application' = 'service') =>
  await candidates(own.catalogue, { what: { kind, name } }, { theirs: [] });
const offerIds = async (): Promise<string[]> =>
  (await own.catalogue.selectFrom('offer').select('id').orderBy('id').execute()).map(({ id }) => id);

describe('every operation answers as its description says', () => {
  interface Described {
    readonly paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
    >;
    readonly components: object;
  }
  const document = referred(mfmDocument()) as Described;
  const ajv = new Ajv2020({ strict: false, formats: { uri: true } });
  const schemaOf = (operation: keyof typeof mfmTable, status: number): ValidateFunction | undefined => {
    const { path, method } = mfmTable[operation];
    const content = document.paths[path]?.[method]?.responses[String(status)]?.content;
    const [media] = Object.values(content ?? {});
    return media === undefined ? undefined : ajv.compile({ ...media.schema, components: document.components });
  };
  const told = async (asked: () => Promise<Answered>) => await tell().then(asked);

  const cases: readonly (readonly [keyof typeof mfmTable, number, () => Promise<Answered>])[] = [
    ['tellInventory', 200, async () => await tell()],
    ['tellInventory', 400, async () => await tell({ zones: [] })],
    ['tellInventory', 401, async () => await tell(inventory, { scope: null })],
    ['tellInventory', 403, async () => await tell(inventory, { scope: 'fed_enablement' })],
    ['tellInventory', 404, async () => await ask('PUT', inventoryPath('nothing'), { body: inventory })],
    ['tellInventory', 412, async () => await told(async () => await tell(inventory, { ifMatch: '"7"' }))],
    ['showInventory', 200, async () => await told(async () => await ask('GET', inventoryPath()))],
    ['showInventory', 403, async () => await ask('GET', inventoryPath(), { client: 'meo-two' })],
    ['showInventory', 404, async () => await ask('GET', inventoryPath('00000000-0000-4000-8000-000000000000'))],
    ['tellDevice', 204, async () => await ask('PUT', devicePath(), { body: { expiresInSeconds: 60 } })],
    ['tellDevice', 400, async () => await ask('PUT', devicePath(), { body: { expiresInSeconds: 86_401 } })],
    [
      'tellDevice',
      403,
      async () => await ask('PUT', devicePath(), { body: { expiresInSeconds: 60 }, client: 'meo-two' }),
    ],
    ['deviceLeft', 204, async () => await ask('DELETE', devicePath())],
    ['deviceLeft', 404, async () => await ask('DELETE', devicePath('ue-1', 'nothing'))],
  ];

  it('in all of them', () => {
    const good = cases.flatMap(([operation, status]) => (status < 300 ? [operation] : []));
    expect(good.toSorted()).toEqual(Object.keys(mfmTable).toSorted());
  });

  it.each(cases)('%s: %d', async (operation, status, asked) => {
    const answer = await asked();
    expect(answer.status).toBe(status);
    const validate = schemaOf(operation, status);
    expect(answer.body === undefined).toBe(validate === undefined);
    validate?.(answer.body);
    expect(validate?.errors ?? []).toEqual([]);
  });

  it('and is served', async () => {
    expect((await ask('GET', '/mfm/v1/openapi.json', { scope: null })).body).toEqual(mfmDocument());
  });
});

describe('what a MEO tells', () => {
  it('is found after one PUT: platforms, services and applications, by name and by appDId', async () => {
    await tell();
    const [service, ...more] = await found('speech');
    expect([service, more.length]).toEqual([
      expect.objectContaining({
        platformForeignId: 'a1',
        local: 'one',
        agreement: null,
        transport: 'REST_HTTP',
        latencyMs: 4,
        lat: 52,
        lon: 13,
      }),
      0,
    ]);
    expect(await found('rni')).toMatchObject([{ latencyMs: 1 }]);
    for (const name of ['guide', 'appd-1']) expect(await found(name, 'application')).toHaveLength(1);
    expect(await systemsBy(own.catalogue, { application: 'appd-1' }, { theirs: [] })).toMatchObject([{ id: system }]);
    const where = { lat: 48.1, lon: 11.1, withinKm: 50 };
    const what = { kind: 'application', name: 'guide' } as const;
    expect(await candidates(own.catalogue, { what, where }, { theirs: [] })).toHaveLength(1);
    expect(await candidates(own.catalogue, { what, where: { ...where, lat: 50 } }, { theirs: [] })).toEqual([]);
  });

  it('is told back as it is kept: a configured zone is where the file says, and what is local only is left out', async () => {
    await tell();
    const { body, headers } = await ask<Inventory>('GET', inventoryPath());
    expect(headers.get('etag')).toBe('"1"');
    expect(body.zones).toEqual([
      { zone: 'north', lat: 52, lon: 13, details: 'Up', compute: { cpus: 8 }, latencyMs: 4 },
      inventory.zones[1],
    ]);
    expect(
      body.platforms.map(({ platform, zone, offers }) => [platform, zone, offers.map(({ name }) => name)]),
    ).toEqual([
      ['a1', 'north', ['speech', 'rni']],
      ['a2', 'own', ['guide', 'speech']],
    ]);
  });

  it('has the same tag while it is the same, and is not written again', async () => {
    const tags = [];
    for (const _ of [1, 2]) tags.push((await tell()).headers.get('etag'));
    expect(tags).toEqual(['"1"', '"1"']);
    const changed = { ...inventory, platforms: inventory.platforms.slice(0, 1) };
    expect((await tell(changed, { ifMatch: '"1"' })).headers.get('etag')).toBe('"2"');
    expect((await tell(inventory, { ifMatch: '"1"' })).status).toBe(412);
    expect((await tell(inventory, { ifMatch: '"1", "2"' })).status).toBe(200);
    expect((await tell(inventory, { ifMatch: '*' })).status).toBe(200);
  });

  it('is gone at once when it is not told any more, and the same again when it comes back', async () => {
    await tell();
    const before = await offerIds();
    await tell({ zones: [], platforms: [{ platform: 'a1', offers: [] }] });
    expect([await found('speech'), await found('guide', 'application')]).toEqual([[], []]);
    await tell();
    expect(await offerIds()).toEqual(before);
    expect(await found('speech')).toHaveLength(1);
  });

  it('is refused where a platform is in a zone that nobody knows, and where anything is there twice', async () => {
    const [first] = inventory.platforms;
    const zoneless = { zones: [], platforms: [{ ...first, zone: 'nowhere' }] };
    const twice = { zones: [], platforms: [first, first] };
    const offers = { zones: [], platforms: [{ ...first, zone: undefined, offers: [speech, speech] }] };
    for (const [body, said] of [
      [zoneless, 'zone nowhere of a platform'],
      [twice, 'a1 is there twice'],
      [offers, 'service ser-1 is there twice'],
    ] as const) {
      const answer = await tell(body);
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(said)]);
    }
    expect(await offerIds()).toEqual([]);
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half a character', '\ud800'],
  ])('with %s anywhere is refused', async (_what, odd) => {
    const [zone] = inventory.zones;
    for (const body of [
      { zones: [], platforms: [{ platform: odd, offers: [] }] },
      { zones: [], platforms: [{ platform: 'p', offers: [{ ...speech, version: odd }] }] },
      { zones: [{ ...zone, details: odd }], platforms: [] },
      { zones: [{ ...zone, compute: { deep: [{ [odd]: odd }] } }], platforms: [] },
    ])
      expect((await tell(body)).status).toBe(400);
  });

  it('with levels without end is refused', async () => {
    const compute = `{"deep":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
    const text = JSON.stringify({ zones: [{ ...inventory.zones[0], compute: 'HERE' }], platforms: [] });
    expect((await tell(text.replace('"HERE"', compute))).status).toBe(400);
  });

  it('may be longer than what others send, and 4 MB at most', async () => {
    const offers = Array.from({ length: 2_000 }, (_, n) => ({ ...speech, id: `ser-${n}` }));
    expect((await tell({ zones: [], platforms: [{ platform: 'a1', offers }] })).status).toBe(200);
    expect(await offerIds()).toHaveLength(2_000);
    const long = { zones: [], platforms: [], more: 'x'.repeat(4_300_000) };
    expect((await tell(long)).status).toBe(413);
  });

  const application = (n: number, version: number) => ({
    kind: 'application',
    id: `i-${n}`,
    name: `app-${n}`,
    version: `${version}`,
    state: 'ACTIVE',
  });
  /** At two platforms; three of all are of this version. */
  const all = (version: number, offers = 5_000): Inventory => ({
    zones: inventory.zones,
    platforms: ['a1', 'a2'].map((platform, half) => ({
      platform,
      zone: 'own',
      offers: Array.from({ length: offers }, (_, n) => application(n, half === 0 && n < 3 ? version : 0)),
    })) as Inventory['platforms'],
  });

  it('of ten thousand applications of which three have changed is three rows written, and that of the system', async () => {
    // Whatever is in a row's header after that was written: a row that was only locked as well
    const tables = ['offer', 'platform', 'zone', 'system'] as const;
    const writtenIn = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
      const { rows } = await sql<{ n: string }>`select pg_current_xact_id()::text as n`.execute(own.catalogue);
      const before = rows[0]?.n;
      await work();
      const counts = tables.map(async (table) => {
        const counted = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}
          where greatest(xmin::text::bigint, xmax::text::bigint) > ${before}::bigint`.execute(own.catalogue);
        return [table, counted.rows[0]?.n] as const;
      });
      return Object.fromEntries(await Promise.all(counts)) as Record<string, number>;
    };
    expect(await tell(all(1))).toMatchObject({ status: 200 });
    const again = async () => expect(await tell(all(2))).toMatchObject({ status: 200 });
    expect(await writtenIn(again)).toEqual({ offer: 3, platform: 0, zone: 0, system: 1 });
    expect(await writtenIn(again)).toEqual({ offer: 0, platform: 0, zone: 0, system: 1 });
    expect(await found('app-2', 'application')).toHaveLength(2);
  });

  it('of ten thousand looks for each in its place, though the database has counted two that were told before', async () => {
    expect(await tell(all(1, 1))).toMatchObject({ status: 200 });
    await sql`analyze`.execute(own.catalogue);
    expect(await tell(all(1))).toMatchObject({ status: 200 });
    const statements = await explained(own.catalogue, async (catalogue) =>
      inventoryTold(catalogue, { id: system, client: 'meo-one' }, all(2)),
    );
    expect(Math.max(...statements.map(({ buffers }) => buffers))).toBeLessThan(100_000);
  });

  it('told twice at once is one or the other', async () => {
    const other = { zones: [], platforms: [{ platform: 'a1', offers: [{ ...speech, name: 'other' }] }] };
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => await tell(n % 2 === 0 ? inventory : other)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await found('speech')).length + (await found('other')).length).toBe(1);
  });

  it('goes with its system', async () => {
    await tell();
    await federator.ask('DELETE', `${SYSTEMS}/${system}`);
    expect(await offerIds()).toEqual([]);
  });
});

describe('our own network is told', () => {
  it('of offers, all or by name and kind, page by page', async () => {
    await tell();
    const listed = async (query: string) => (await federator.api.get<OfferList>(`/v1/offers${query}`)).body;
    const all = await listed('');
    expect(all.offers.map(({ name, partner }) => `${name} ${partner}`).toSorted()).toEqual(
      ['guide', 'rni', 'speech', 'speech'].map((name) => `${name} null`),
    );
    expect((await listed('?name=speech&kind=application')).offers).toEqual([]);
    const first = await listed('?name=speech&limit=1');
    expect([first.offers.length, first.next]).toEqual([1, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const second = await listed(`?name=speech&limit=1&next=${first.next}`);
    expect([...first.offers, ...second.offers].map(({ platform }) => platform).toSorted()).toEqual(['a1', 'a2']);
    expect([second.next, JSON.stringify(all)]).toEqual([null, expect.not.stringContaining(speech.endpoint)]);
  });

  it('of zones, configured and told', async () => {
    await tell();
    const { zones } = (await federator.api.get<ZoneList>('/v1/zones')).body;
    expect(zones.map(({ zone, system: at, operator, lat }) => `${zone} ${at} ${operator} ${lat}`).toSorted()).toEqual([
      'north one operator-a 52',
      'own one operator-a 48',
    ]);
  });
});

describe('a device', () => {
  it('is found at the system that serves it, until it leaves or expires', async () => {
    await tell();
    const at = async () => await systemsBy(own.catalogue, { devices: ['ue-1', 'ue-2'] }, { theirs: [] });
    await ask('PUT', devicePath(), { body: { platform: 'a1', expiresInSeconds: 60 } });
    expect(await at()).toMatchObject([{ id: system }]);
    await sql`update device set valid_until = now()`.execute(own.catalogue);
    expect(await at()).toEqual([]);
    await ask('PUT', devicePath('ue-2'), { body: { expiresInSeconds: 60 } });
    expect(await at()).toHaveLength(1);
    await ask('DELETE', devicePath('ue-2'));
    expect(await at()).toEqual([]);
  });

  it('is at a platform of the inventory, and has a tag that is no number of a subscriber', async () => {
    const answer = await ask('PUT', devicePath(), { body: { platform: 'a9', expiresInSeconds: 60 } });
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      400,
      expect.stringContaining('there is no platform a9'),
    ]);
    expect((await ask('PUT', devicePath('+49123'), { body: { expiresInSeconds: 60 } })).status).toBe(400);
  });
});

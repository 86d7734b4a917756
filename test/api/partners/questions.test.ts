import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenAt } from '../../../catalogue/ledger.ts';
import { want } from '../../../catalogue/wills.ts';
import { PlatformsAnswered, SystemsAnswered } from '../../../protocols/mff/queries.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { Offered } from '../../support/offered.ts';
import { type Heard, nothingLeaked, Outer } from '../../support/outer.ts';

let own: CatalogueOfTest;
let ferry: Outer;
let offered: Offered;
let shown: string;
let hidden: string;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());

beforeEach(async () => {
  await sql`truncate will, agreement, system, zone, alias, ledger, asked cascade`.execute(own.catalogue);
  ferry = await Outer.start(own.catalogue);
  offered = new Offered(own.catalogue);
  shown = await offered.system('system-shown');
  hidden = await offered.system('system-hidden');
  return async () => {
    await ferry.stop();
    await nothingLeaked(ferry, own.catalogue);
  };
});

const via = { origin: 'operator-b', visited: ['operator-b'], hops: 2, patienceMs: 5_000 };
const put = async <T>(what: string, question: object, who = 'b', path?: string): Promise<Heard<T>> => {
  const context = path ?? (await ferry.context(who));
  return await ferry.ask<T>(who, 'POST', `/mff/v1/${context}/${what}`, {
    body: { message: randomUUID(), via, later: 'is ignored', ...question },
  });
};
const platforms = async (wish: object, who = 'b'): Promise<PlatformsAnswered> => {
  const { status, body } = await put('platform-queries', { wish }, who);
  expect(status).toBe(200);
  return PlatformsAnswered.parse(body);
};
const systems = async (by: object, who = 'b'): Promise<SystemsAnswered> => {
  const { status, body } = await put('system-queries', { by }, who);
  expect(status).toBe(200);
  return SystemsAnswered.parse(body);
};
const speech = { what: { kind: 'service', name: 'speech' } };
const munich = { lat: 48.137_43, lon: 11.575_49 };

describe('a question for platforms', () => {
  it('is answered with those that offer it, by ids of that agreement, and how they may be used', async () => {
    const zone = await offered.zone(shown, 'zone-east', munich);
    const platform = await offered.platform(shown, 'host-one', zone);
    await offered.offer(platform, 'speech', { latency_ms: 4.2, bandwidth_kbps: 900.9 });
    const answer = await platforms(speech);
    expect(answer).toMatchObject({
      platforms: [
        {
          operator: 'operator-a',
          zone: { lat: 48.1374, lon: 11.5755 },
          offers: [
            {
              kind: 'service',
              name: 'speech',
              state: 'ACTIVE',
              transport: 'REST_HTTP',
              latencyMs: 5,
              bandwidthKbps: 900,
            },
          ],
        },
      ],
      policy: { scope: 'mpp', atOnce: 64 },
      complete: true,
      validSeconds: 60,
    });
    const again = await platforms(speech);
    expect(again).toEqual(answer);
    const other = await platforms(speech, 'c');
    for (const id of ['platform', 'system'] as const)
      expect(other.platforms[0]?.[id]).not.toBe(answer.platforms[0]?.[id]);
    expect(other.platforms[0]?.offers[0]?.offer).not.toBe(answer.platforms[0]?.offers[0]?.offer);
    expect(ferry.refreshed).toEqual([]);
  });

  it('finds an application by its name and by its descriptor, as far as its name is shared', async () => {
    const platform = await offered.platform(shown, 'host-one');
    await offered.offer(platform, 'navigation', { kind: 'application', application: 'appd-1' });
    await offered.offer(platform, 'private', { kind: 'application', application: 'appd-2' });
    const named = async (name: string) =>
      (await platforms({ what: { kind: 'application', name } })).platforms.flatMap(({ offers }) =>
        offers.map((each) => each.name),
      );
    expect(await named('navigation')).toEqual(['navigation']);
    expect(await named('appd-1')).toEqual(['navigation']);
    expect(await named('private')).toEqual([]);
    expect(await named('appd-2')).toEqual([]);
  });

  it('leaves out what is slower, narrower, older or elsewhere than is wished, and what is not known of', async () => {
    const zone = await offered.zone(shown, 'zone-east', munich);
    const near = await offered.platform(shown, 'host-near', zone);
    const far = await offered.platform(shown, 'host-far');
    await offered.offer(near, 'speech', { latency_ms: 5, bandwidth_kbps: 1_000, version: '2' });
    await offered.offer(far, 'speech');
    const count = async (more: object) => (await platforms({ ...speech, ...more })).platforms.length;
    expect(await count({})).toBe(2);
    expect(await count({ kpi: { latencyMs: 5 } })).toBe(1);
    expect(await count({ kpi: { latencyMs: 4 } })).toBe(0);
    expect(await count({ kpi: { bandwidthKbps: 1_001 } })).toBe(0);
    expect(await count({ what: { ...speech.what, version: '2' } })).toBe(1);
    expect(await count({ where: { lat: 48.2, lon: 11.5, withinKm: 20 } })).toBe(1);
    expect(await count({ where: { lat: 52.5, lon: 13.4, withinKm: 20 } })).toBe(0);
  });

  it('is answered with 200 offers at most, and says that there are more', async () => {
    const platform = await offered.platform(shown, 'host-one');
    await offered.crowd(platform, 'crowded', 201);
    const { platforms: found, complete } = await platforms({ what: { kind: 'service', name: 'crowded' } });
    expect([found[0]?.offers.length, complete]).toEqual([200, false]);
  });

  it('does not tell what is inactive, has gone, or is of partners', async () => {
    const platform = await offered.platform(shown, 'host-one');
    await offered.offer(platform, 'speech', { state: 'INACTIVE' });
    await offered.offer(platform, 'speech', { foreign_id: 'gone-inside', valid_until: new Date(0) });
    const { id: agreement } = await own.catalogue
      .insertInto('agreement')
      .values({
        partner: 'c',
        direction: 'uses',
        callback_key: 'a-key-that-nobody-is-told',
        capabilities: '{}',
      } as never)
      .returning('id')
      .executeTakeFirstOrThrow();
    const theirs = await own.catalogue
      .insertInto('system')
      .values({ agreement, foreign_id: 'x', name: 'theirs', provider: 'C', operator: 'operator-c' })
      .returning('id')
      .executeTakeFirstOrThrow();
    await offered.offer(await offered.platform(theirs.id, 'host-theirs'), 'speech', { agreement });
    expect((await platforms(speech)).platforms).toEqual([]);
  });
});

describe('what is hidden', () => {
  it('is answered byte for byte like what is not there, after our orchestrators were asked alike', async () => {
    const platform = await offered.platform(shown, 'host-one');
    await offered.offer(platform, 'secret');
    await offered.offer(await offered.platform(hidden, 'host-hidden'), 'speech');
    const told = async (what: string, question: object) => {
      const { status, headers, text } = await put<unknown>(what, question);
      return [status, text, [...headers].filter(([name]) => name !== 'date')];
    };
    const service = (name: string) => ({ wish: { what: { kind: 'service', name } } });
    expect(await told('platform-queries', service('secret'))).toEqual(
      await told('platform-queries', service('absent')),
    );
    expect(await told('platform-queries', service('speech'))).toEqual(
      await told('platform-queries', service('absent')),
    );
    expect(await told('system-queries', { by: { service: 'secret' } })).toEqual(
      await told('system-queries', { by: { service: 'absent' } }),
    );
    expect(ferry.refreshed).toHaveLength(6);
    const aliases = await own.catalogue.selectFrom('alias').select('kind').where('kind', '!=', 'zone').execute();
    expect(aliases).toEqual([]);
  });

  it('is also where a platform is, when its zone is not shared', async () => {
    const zone = await offered.zone(shown, 'zone-west', { lat: 52.5, lon: 13.4 });
    await offered.offer(await offered.platform(shown, 'host-one', zone), 'speech');
    expect((await platforms(speech)).platforms).toMatchObject([{ system: expect.any(String) as string }]);
    expect((await platforms(speech)).platforms[0]).not.toHaveProperty('zone');
    const where = { lat: 52.5, lon: 13.4, withinKm: 100 };
    expect((await platforms({ ...speech, where })).platforms).toEqual([]);
  });

  it('is a context of another partner, before anything of the question is judged', async () => {
    const context = await ferry.context('b');
    const { status, text } = await put('platform-queries', { wish: 'malformed' }, 'c', context);
    const absent = await put('platform-queries', { wish: speech }, 'c', randomUUID());
    expect([status, text]).toEqual([404, absent.text]);
  });
});

describe('a question for systems', () => {
  it('names those that have a service or an application, each once', async () => {
    const platform = await offered.platform(shown, 'host-one');
    await offered.offer(platform, 'speech');
    await offered.offer(await offered.platform(shown, 'host-two'), 'speech');
    await offered.offer(platform, 'navigation', { kind: 'application', application: 'appd-1' });
    const listed = await ferry.ask<{ system: string }[]>('b', 'GET', `/mff/v1/${await ferry.context()}/systems`);
    const system = listed.body[0]?.system;
    expect((await systems({ service: 'speech' })).systems).toEqual([{ system, operator: 'operator-a' }]);
    expect((await systems({ application: 'navigation' })).systems).toEqual([{ system, operator: 'operator-a' }]);
    expect((await systems({ application: 'appd-1' })).systems).toHaveLength(1);
    expect((await systems({ system })).systems).toEqual([{ system, operator: 'operator-a' }]);
    expect((await systems({ system: randomUUID() })).systems).toEqual([]);
  });

  it('is answered with a thousand at most, and says that there are more', async () => {
    const names = Array.from({ length: 1_001 }, (_, n) => `many-${n}`);
    for (const name of names) ferry.configuration.systems[name] = { meo: 'meo-inner', network: 'net-inner' };
    await ferry.stop();
    ferry = await Outer.start(own.catalogue, { systems: names });
    ferry.configuration.federation?.shares.push({
      of: '*',
      with: 'b',
      services: ['speech'],
      applications: [],
      zones: [],
      devices: false,
    });
    await sql`insert into system (local, name, provider, operator, told_at)
      select 'many-' || n, 'many-' || n, 'x', 'operator-a', now() from generate_series(0, 1000) as n`.execute(
      own.catalogue,
    );
    await sql`insert into platform (system, foreign_id) select id, 'host' from system where local like 'many-%'`.execute(
      own.catalogue,
    );
    await sql`insert into offer (platform, platform_foreign_id, system, kind, foreign_id, name, version, state)
      select id, 'host', system, 'service', 'speech', 'speech', '1', 'ACTIVE' from platform`.execute(own.catalogue);
    const { systems: found, complete } = await systems({ service: 'speech' });
    expect([found.length, complete]).toEqual([1_000, false]);
  });

  it('names who serves devices, by their tags, and where that is shared only', async () => {
    for (const tag of ['car-1', 'car-2']) await offered.device(tag, shown);
    await offered.device('car-3', hidden);
    const { systems: found } = await systems({ devices: ['car-3', 'car-2', 'car-1', 'car-9'] });
    expect(found).toMatchObject([{ devices: ['car-1', 'car-2'] }]);
    expect((await systems({ devices: ['car-3'] })).systems).toEqual([]);
    expect((await systems({ devices: ['car-1'] }, 'e')).systems).toHaveLength(1);
  });
});

describe('our orchestrators', () => {
  it('are asked where nothing is known, once in a while for the same question, and what they have is answered', async () => {
    const platform = await offered.platform(shown, 'host-one');
    ferry.refresh = async () => {
      await offered.offer(platform, 'speech');
      return true;
    };
    expect(await platforms(speech)).toMatchObject({ platforms: [{ offers: [{ name: 'speech' }] }], complete: true });
    expect(ferry.refreshed).toMatchObject([{ query: { find: 'platforms', wish: speech }, patienceMs: 3_000 }]);
    await platforms(speech);
    expect(ferry.refreshed).toHaveLength(1);
  });

  it('are not asked for the same miss again while the last answer is fresh', async () => {
    await platforms(speech);
    await sql`insert into asked values (${ferry.refreshed[0]?.digest ?? ''}, true, now(), now() + interval '1 minute')`.execute(
      own.catalogue,
    );
    expect(await platforms(speech, 'c')).toMatchObject({ platforms: [], complete: true });
    expect(ferry.refreshed).toHaveLength(1);
  });

  it('are asked where one has told nothing lately, and an answer without them is not complete', async () => {
    await own.catalogue.updateTable('system').set({ told_at: null }).where('id', '=', shown).execute();
    await offered.offer(await offered.platform(shown, 'host-one'), 'speech');
    ferry.refresh = async () => false;
    expect(await platforms(speech)).toMatchObject({ platforms: [{}], complete: false });
    expect(ferry.refreshed).toHaveLength(1);
    await own.catalogue.updateTable('system').set({ observed_at: new Date() }).execute();
    expect(await platforms(speech)).toMatchObject({ platforms: [{}], complete: true });
    expect(ferry.refreshed).toHaveLength(1);
  });

  it('are waited for no longer than the partner waits', async () => {
    await put('platform-queries', { wish: speech, via: { ...via, patienceMs: 700 } });
    expect(ferry.refreshed[0]?.patienceMs).toBe(200);
  });
});

describe('a question', () => {
  it('that was here before is a loop', async () => {
    const question = { wish: speech, via: { ...via, visited: ['operator-b', 'operator-a'] } };
    const { status, body } = await put<{ type: string }>('platform-queries', question);
    expect([status, body.type]).toEqual([409, 'urn:ferry:federation:loop']);
    expect(ferry.refreshed).toEqual([]);
  });

  it.each([
    ['no message', { message: undefined }],
    ['a message that is no UUID', { message: 'mine' }],
    ['no way', { via: undefined }],
    ['more than four hops', { via: { ...via, hops: 5 } }],
    ['no wish', { wish: undefined }],
    ['a place beyond the poles', { wish: { ...speech, where: { lat: 91, lon: 0, withinKm: 1 } } }],
    ['twenty-one devices', { by: { devices: Array.from({ length: 21 }, (_, at) => `car-${at}`) } }],
  ])('with %s is malformed', async (_, more) => {
    const what = 'by' in more ? 'system-queries' : 'platform-queries';
    expect((await put(what, { wish: speech, ...more })).status).toBe(400);
  });

  it('is not answered while our operator has suspended the partner', async () => {
    const context = await ferry.context();
    await want(own.catalogue, { partner: 'b', direction: 'serves', ours: 'suspended', why: 'test' });
    const { status, body } = await put<{ type: string }>('platform-queries', { wish: speech }, 'b', context);
    expect([status, body.type]).toEqual([403, 'urn:ferry:federation:suspended']);
  });

  it.each(['suspended', 'ended'] as const)(
    'is not answered either where it was %s while orchestrators were asked',
    async (ours) => {
      const platform = await offered.platform(shown, 'host-one');
      ferry.refresh = async () => {
        await offered.offer(platform, 'speech');
        await want(own.catalogue, { partner: 'b', direction: 'serves', ours, why: 'test' });
        return true;
      };
      const { status, text } = await put('platform-queries', { wish: speech });
      expect([status, text.includes('speech')]).toEqual([ours === 'suspended' ? 403 : 404, false]);
    },
  );

  it('is a line in the ledger, however often it is repeated, that names no device and no place', async () => {
    const message = randomUUID();
    await put('system-queries', { message, by: { devices: ['car-1', 'car-2'] } });
    await put('system-queries', { message, by: { devices: ['car-1', 'car-2'] } });
    await put('platform-queries', { wish: { ...speech, where: { lat: 48, lon: 11, withinKm: 9 } } });
    const lines = await own.catalogue
      .selectFrom('ledger')
      .selectAll()
      .where('kind', '=', 'answered')
      .orderBy('n')
      .execute();
    expect(lines).toMatchObject([
      {
        partner: 'b',
        role: 'served',
        key: message,
        origin: 'operator-b',
        what: { find: 'systems', devices: 2 },
        outcome: '0',
      },
      { what: { find: 'platforms', service: 'speech' }, outcome: '0' },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/car-|withinKm/);
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
  });
});

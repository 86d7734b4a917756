import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { begin, end } from '../../../catalogue/agreements.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { type Heard, nothingLeaked, Outer } from '../../support/outer.ts';

let own: CatalogueOfTest;
let ferry: Outer;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());

beforeEach(async () => {
  for (const table of ['will', 'agreement'] as const) await own.catalogue.deleteFrom(table).execute();
  ferry = await Outer.start(own.catalogue);
  return async () => {
    await ferry.stop();
    await nothingLeaked(ferry, own.catalogue);
  };
});

const keyOf = async (partner: string): Promise<string> =>
  (await begin(own.catalogue, { partner, direction: 'uses' })).callbackKey;
const call = async (key: string, link = 'partnerStatusLink', body: unknown = status('LOCKED')): Promise<Heard> =>
  await ferry.ask(null, 'POST', `/callbacks/v1/${key}/${link}`, { body });
const status = (federationStatus: string, modificationDate = '2026-03-03T00:00:00Z'): object => ({
  federationContextId: 'x',
  objectType: 'FEDERATION',
  operationType: 'STATUS',
  federationStatus,
  modificationDate,
});
const theirs = async (): Promise<unknown> =>
  (await own.catalogue.selectFrom('agreement').select('theirs').executeTakeFirstOrThrow()).theirs;

describe('what a partner calls back', () => {
  it('needs no token, wakes its tending, and is believed nothing', async () => {
    const key = await keyOf('b');
    expect((await call(key)).status).toBe(204);
    expect(ferry.poked).toEqual(['b']);
    expect(await theirs()).toBeNull();
  });

  it('at a time that no database has is none, and one far ahead keeps out nothing that comes later', async () => {
    const key = await keyOf('e');
    expect((await call(key, 'partnerStatusLink', status('LOCKED', '0000-01-01T00:00:00Z'))).status).toBe(204);
    expect(await theirs()).toBeNull();
    for (const ahead of ['9999-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00']) {
      expect((await call(key, 'partnerStatusLink', status('LOCKED', ahead))).status).toBe(204);
      expect(await theirs()).toBe('suspended');
    }
    await call(key, 'partnerStatusLink', status('AVAILABLE', '2026-03-03T00:00:00Z'));
    expect(await theirs()).toBe('open');
    await call(key, 'partnerStatusLink', status('LOCKED', '2026-03-02T00:00:00Z'));
    expect(await theirs()).toBe('open');
  });

  it('may be about zones, or about anything', async () => {
    const key = await keyOf('b');
    expect((await call(key, 'availZoneNotifLink', { zoneId: 'x', zoneResUpdInfo: [] })).status).toBe(200);
    expect((await call(key, 'partnerStatusLink', { objectType: 7, more: [] })).status).toBe(204);
  });

  it('pokes once for a hundred who call at the same time', async () => {
    const key = await keyOf('b');
    await Promise.all(Array.from({ length: 100 }, async () => await call(key)));
    expect(ferry.poked).toEqual(['b']);
  });

  it('is the only way in which one that speaks E/WBI alone tells its will; what is older changes nothing', async () => {
    const key = await keyOf('e');
    await call(key);
    expect(await theirs()).toBe('suspended');
    await call(key, 'partnerStatusLink', status('AVAILABLE', '2026-03-02T00:00:00Z'));
    expect(await theirs()).toBe('suspended');
    await call(key, 'partnerStatusLink', status('AVAILABLE', '2026-03-04T00:00:00Z'));
    expect(await theirs()).toBe('open');
  });

  it('is refused without the key, in one way', async () => {
    await keyOf('b');
    const { callbackKey: served } = await begin(own.catalogue, { partner: 'b', direction: 'serves' });
    const { callbackKey: stranger } = await begin(own.catalogue, { partner: 'zed', direction: 'uses' });
    const earlier = await begin(own.catalogue, { partner: 'c', direction: 'uses' });
    await end(own.catalogue, earlier, 'test');
    await keyOf('c'); // it has joined again
    const keys = [randomBytes(32).toString('base64url'), 'x', '%00', served, stranger, earlier.callbackKey];
    const answers = await Promise.all(keys.map(async (key) => await call(key, 'partnerStatusLink', '{')));
    expect(answers.map((answer) => answer.status)).toEqual(keys.map(() => 404));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(ferry.poked).toEqual([]);
  });

  it('is refused when it is no JSON', async () => {
    const answer = await call(await keyOf('b'), 'partnerStatusLink', '{');
    expect([answer.status, answer.body.title]).toEqual([400, 'Bad Request']);
  });
});

describe('what is logged', () => {
  it('is the route and the partner, never the URL', async () => {
    const key = await keyOf('b');
    await call(key);
    await call('x'.repeat(43));
    const context = await ferry.context();
    await ferry.ask('b', 'GET', `/mff/v1/${context}`);
    await ferry.ask('b', 'GET', `/mff/v1/${context}/systems?after=1`);
    await ferry.ask(null, 'GET', `/mff/v1/${context}`);
    const lines = ferry.logged.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ route }) => route);
    expect(lines.map(({ route, partner, status: told }) => [route, partner, told])).toEqual([
      ['/callbacks/v1/{key}/partnerStatusLink', 'b', 204],
      ['/callbacks/v1/{key}/partnerStatusLink', 'nobody', 404],
      ['/operatorplatform/federation/v1/partner', 'b', 200],
      ['/mff/v1/{federationContextId}', 'b', 200],
      ['/mff/v1/{federationContextId}/systems', 'b', 400],
      ['none', 'nobody', 401],
    ]);
    expect(ferry.logged.join('')).not.toMatch(new RegExp(`${key}|${context}|xxxxx|Bearer|eyJ`));
  });
});

describe('the description', () => {
  it('of the extension is there for anybody, and tells of nothing else', async () => {
    const { status: told, body } = await ferry.ask(null, 'GET', '/openapi.json');
    expect(told).toBe(200);
    expect(Object.keys(body.paths)).toEqual(
      ['', '/systems', '/bindings', '/bindings/{name}', '/system-queries', '/platform-queries'].map(
        (below) => `/mff/v1/{federationContextId}${below}`,
      ),
    );
  });
});

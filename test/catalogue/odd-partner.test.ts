import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreementWith } from '../../catalogue/agreements.ts';
import { federationOf } from '../../worker/federation.ts';
import { attemptOf } from '../support/attempt.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import type { Heard } from '../support/faulty-server.ts';
import { longText } from '../support/long-text.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

let own: CatalogueOfTest;
let partner: PlayedPartner;
beforeAll(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  for (const table of ['will', 'agreement', 'asked'] as const) await own.catalogue.deleteFrom(table).execute();
  partner = await PlayedPartner.start();
});
afterEach(async () => await partner.server.close());

const tending = () => {
  const { tendPartner, requestFederation, acceptZones, exchangeSystems } = federationOf(
    partner.federation({ partner: { timeoutMs: 20_000 } }),
    own.catalogue,
    60_000,
    pino({ level: 'silent' }),
  );
  const steps = { tendPartner, requestFederation, acceptZones, exchangeSystems };
  return async (step: keyof typeof steps) => await attemptOf({ attempt: 1 }).run(steps[step], { partner: 'b' });
};

async function join(): Promise<void> {
  const run = tending();
  for (const step of ['requestFederation', 'acceptZones', 'exchangeSystems', 'tendPartner'] as const) await run(step);
}

const joined = async (): Promise<boolean> =>
  (await agreementWith(own.catalogue, { partner: 'b', direction: 'uses' }))?.joinedAt != null;
const systems = async (): Promise<readonly string[]> =>
  (await own.catalogue.selectFrom('system').select('name').orderBy('name').execute()).map(({ name }) => name);
const zones = async (): Promise<readonly { readonly foreign_id: string; readonly accepted: boolean }[]> =>
  await own.catalogue.selectFrom('zone').select(['foreign_id', 'accepted']).orderBy('foreign_id').execute();

const zone = (zoneId: string, more: object = {}): object => ({ zoneId, geolocation: '48.1,11.5', ...more });
const system = (name: string, more: object = {}): object => ({ system: `of ${name}`, name, provider: 'B', ...more });

describe('an entry that no database keeps hides none of the others', () => {
  it.each([
    ['NUL in its id', zone('a\0b')],
    ['half a character in its id', zone('a\ud800')],
    ['an id without end', zone('x'.repeat(10_000))],
    ['no id', { geolocation: '1,1' }],
  ])('of zones: %s', async (_, odd) => {
    partner.zones = [odd, zone('good')];
    await join();
    expect(await joined()).toBe(true);
    expect(await zones()).toEqual([{ foreign_id: 'good', accepted: true }]);
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['more than a page', 'x'.repeat(100_000)],
  ])('and words about a zone that have %s are none', async (_, geographyDetails) => {
    partner.zones = [zone('good', { geographyDetails })];
    await join();
    expect(await zones()).toEqual([{ foreign_id: 'good', accepted: true }]);
  });

  it.each([
    ['NUL in its name', system('a\0b')],
    [
      'a name and a provider that are too long for an index',
      system(longText(500), { system: 's', provider: longText(500) }),
    ],
    ['an id that is too long for one', system('x', { system: longText(2_000) })],
  ])('of systems: %s', async (_, odd) => {
    partner.systems = [odd, system('good')];
    await join();
    expect(await joined()).toBe(true);
    expect(await systems()).toEqual(['good']);
  });
});

describe('what a partner says of itself', () => {
  const says = (part: object): void => {
    partner.before = ({ method, path }: Heard) =>
      method === 'GET' && /^\/mff\/v1\/[^/]+$/.test(path)
        ? { status: 200, json: { role: 'manager', will: 'open', version: '1', systemsTag: 't', ...part } }
        : undefined;
  };
  it.each<[string, object]>([
    ['a version with NUL', { version: '1\0' }],
    ['a version without end', { version: 'x'.repeat(1_000_000) }],
    ['assurances without end', { assurance: Array.from({ length: 50_000 }, (_, n) => `assurance-${n}`) }],
    ['assurances with NUL', { assurance: ['a\0'] }],
    ['a gateway with NUL', { gateway: 'https://b.example/\0' }],
    ['a tag with NUL', { systemsTag: 'a\0' }],
  ])('%s: it is tended all the same, and no more than a page of it is kept', async (_, part) => {
    await join();
    says(part);
    await tending()('tendPartner');
    const { capabilities } = await own.catalogue
      .selectFrom('agreement')
      .select('capabilities')
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(capabilities).length).toBeLessThan(4_000);
  });

  it.each<[string, object]>([
    ['a capability with NUL', { platformCaps: ['a\0'] }],
    ['capabilities without end', { platformCaps: Array.from({ length: 50_000 }, (_, n) => `capability-${n}`) }],
  ])('%s, as it is joined', async (_, part) => {
    partner.before = ({ method, path }: Heard) => {
      if (method !== 'POST' || !path.endsWith('/v1/partner')) return undefined;
      partner.context = 'c';
      return { status: 200, json: { federationContextId: 'c', offeredAvailabilityZones: [], ...part } };
    };
    await join();
    expect(await joined()).toBe(true);
    const { capabilities } = await own.catalogue
      .selectFrom('agreement')
      .select('capabilities')
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(capabilities).length).toBeLessThan(4_000);
  });

  it('why it does not answer, with NUL and without end: it is silent, and its problem is a line', async () => {
    await join();
    partner.before = ({ path }: Heard) =>
      path.startsWith('/mff') ? { status: 503, json: { detail: `a\0b\ud800${'c'.repeat(100_000)}` } } : undefined;
    await tending()('tendPartner');
    const { problem } = (await agreementWith(own.catalogue, { partner: 'b', direction: 'uses' })) ?? {};
    expect(problem).toMatch(/^b: GET \/mff\/v1\/\{federationContextId\} answered 503.{0,500}$/);
  });

  it('a context with NUL is none: its problem says so, and nothing of ours has failed', async () => {
    partner.before = ({ method, path }: Heard) =>
      method === 'POST' && path.endsWith('/v1/partner')
        ? { status: 200, json: { federationContextId: 'c\0', offeredAvailabilityZones: [] } }
        : undefined;
    await expect(tending()('requestFederation')).rejects.toMatchObject({ type: 'PeerMalformed' });
  });
});

describe('zones', () => {
  const accepted = (): readonly string[][] =>
    partner.server.heard
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/zones'))
      .map(({ json }) => json['acceptedAvailabilityZones'] as string[]);

  it.each([10, 10_000])('%i of them are accepted in pieces that a partner takes', async (count) => {
    partner.zones = Array.from({ length: count }, (_, n) => zone(`zone-${String(n).padStart(40, '0')}`));
    await join();
    expect((await zones()).filter((each) => each.accepted)).toHaveLength(count);
    expect(accepted()).toHaveLength(Math.ceil(count / 250));
    expect(Math.max(...accepted().map((piece) => Buffer.byteLength(JSON.stringify(piece))))).toBeLessThan(60_000);
  });

  it('of more than anybody has are no answer', async () => {
    partner.zones = Array.from({ length: 20_000 }, (_, n) => ({ zoneId: `zone-${n}` }));
    await expect(tending()('requestFederation')).rejects.toMatchObject({ type: 'PeerMalformed' });
  });
});

describe('of a partner that has much', () => {
  const ask = async () => {
    const { askPartners } = federationOf(
      partner.federation({ partner: { timeoutMs: 20_000 }, pace: { askMs: 20_000 } }),
      own.catalogue,
      60_000,
      pino({ level: 'silent' }),
    );
    const query = { find: 'platforms', wish: { what: { kind: 'service', name: 'speech' } } } as const;
    return await attemptOf({ attempt: 1 }).run(askPartners, { query, digest: 'a' });
  };
  const rows = async (table: 'offer' | 'platform'): Promise<number> => {
    const { n } = await own.catalogue.selectFrom(table).select(sql<string>`count(*)`.as('n')).executeTakeFirstOrThrow();
    return Number(n);
  };

  it.each([
    [10, 10, true],
    [10_000, 200, false],
  ])('%i offers are one question, and %i rows; complete: %s', async (has, kept, complete) => {
    await join();
    for (let n = 0; n < has; n += 1) partner.offers('speech');
    const found = await ask();
    expect(found).toMatchObject({ complete, asked: [{ partner: 'b', said: 'answered', found: kept }] });
    expect(partner.count(/platform-queries$/)).toBe(1);
    expect([await rows('offer'), await rows('platform')]).toEqual([kept, kept]);
  });

  it.each([10, 9_999])(
    '%i systems of which one changes with each round are one list and one row a round',
    async (has) => {
      const named = (nth: number, name = `n-${nth}`): object => system(name, { system: `s-${nth}` });
      partner.systems = Array.from({ length: has }, (_, nth) => named(nth));
      await join();
      const versions = async (): Promise<number> =>
        Number(
          (await own.catalogue.selectFrom('system').select(sql<string>`sum(version)`.as('n')).executeTakeFirstOrThrow())
            .n,
        );
      const before = await versions();
      const lists = partner.count(/systems$/);
      for (const round of [1, 2, 3]) {
        partner.systems[7] = named(7, `changed ${round}`);
        partner.tag = `tag of ${round}`;
        await tending()('tendPartner');
        await tending()('tendPartner'); // and nothing has changed since
      }
      expect([(await versions()) - before, partner.count(/systems$/) - lists]).toEqual([3, 3]);
    },
  );
});

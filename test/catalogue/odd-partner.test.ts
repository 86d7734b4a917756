import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tended } from '../../activities/federation/tend-partner.ts';
import type { DialectName } from '../../adapters/ewbi/dialects.ts';
import { agreementWith } from '../../catalogue/agreements.ts';
import { answered, asked, nowOf } from '../../catalogue/asked.ts';
import { candidates } from '../../catalogue/finding.ts';
import { platformsTold } from '../../catalogue/told.ts';
import { want } from '../../catalogue/wills.ts';
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

const tending = (dialect: DialectName = 'ferry') => {
  const { tendPartner, requestFederation, acceptZones, exchangeSystems } = federationOf(
    partner.federation({ partner: { timeoutMs: 20_000, dialect } }),
    own.catalogue,
    60_000,
    pino({ level: 'silent' }),
  );
  const steps = { tendPartner, requestFederation, acceptZones, exchangeSystems };
  return async (step: keyof typeof steps) => await attemptOf({ attempt: 1 }).run(steps[step], { partner: 'b' });
};

async function join(dialect?: DialectName): Promise<void> {
  const run = tending(dialect);
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
  /** How much it had heard when a test begins to look. */
  let from = 0;
  beforeEach(() => void (from = 0));
  const heard = (): readonly Heard[] => partner.server.heard.slice(from);
  const accepted = (): readonly string[][] =>
    heard()
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/zones'))
      .map(({ json }) => json['acceptedAvailabilityZones'] as string[]);

  it.each([10, 10_000])('%i of them are accepted in pieces that a partner takes', async (count) => {
    partner.zones = Array.from({ length: count }, (_, n) => zone(`zone-${String(n).padStart(40, '0')}`));
    await join();
    expect((await zones()).filter((each) => each.accepted)).toHaveLength(count);
    expect(accepted()).toHaveLength(Math.ceil(count / 250));
    expect(Math.max(...accepted().map((piece) => Buffer.byteLength(JSON.stringify(piece))))).toBeLessThan(60_000);
  });

  describe('that it adds or takes away after it was joined', () => {
    type Row = {
      readonly id: string;
      readonly foreign_id: string;
      readonly accepted: boolean;
      readonly there: boolean;
    };
    const rows = async (): Promise<readonly Row[]> =>
      (
        await sql<Row>`select id, foreign_id, accepted, valid_until is null as there from zone where system is null
          order by foreign_id`.execute(own.catalogue)
      ).rows;
    const there = async (): Promise<readonly string[]> =>
      (await rows()).filter((row) => row.there && row.accepted).map((row) => row.foreign_id);
    const givenBack = (): readonly string[] =>
      heard().flatMap(({ method, path }) => (method === 'DELETE' ? [path.replace(/.*\//, '')] : []));
    const id = async (): Promise<string | undefined> =>
      (await agreementWith(own.catalogue, { partner: 'b', direction: 'uses' }))?.id;

    /** A round as its workflow does it. */
    async function round(dialect: DialectName = 'ferry'): Promise<string> {
      const { next } = (await tending(dialect)('tendPartner')) as Tended;
      if (next === 'zones') await tending(dialect)('acceptZones');
      return next;
    }

    async function joinedWith(dialect: DialectName, ...names: readonly string[]): Promise<void> {
      offer(...names);
      await join(dialect);
      await round(dialect);
      from = partner.server.heard.length;
    }

    function offer(...names: readonly string[]): void {
      partner.zones = names.map((name, n) => zone(name, { geolocation: `48.${n},11.5` }));
      partner.zonesTag = names.join();
    }

    it.each<[DialectName, readonly string[]]>([
      ['ferry', []],
      ['katalis', []],
      ['openop', ['two']],
    ])('are accepted, and let go, in a round: %s', async (dialect, backs) => {
      await joinedWith(dialect, 'one', 'two');
      expect(await round(dialect)).toBe('wait');
      offer('one', 'three');
      expect([await round(dialect), await round(dialect)]).toEqual(['zones', 'wait']);
      expect(accepted()).toEqual([['three']]);
      expect(givenBack()).toEqual(backs);
      expect(await there()).toEqual(['one', 'three']);
    });

    it('are asked for only where a tag says that they are others, and of one without tags each time', async () => {
      await joinedWith('ferry', 'one');
      const looks = () => heard().filter(({ method, path }) => method === 'GET' && path.endsWith('/partner')).length;
      await round();
      expect(looks()).toBe(0);
      offer('two');
      await round();
      await round();
      expect(looks()).toBe(1);
      partner.zonesTag = null;
      await round();
      await round();
      expect(looks()).toBe(3);
    });

    it.each([true, false])(
      'and one that comes back within a day is the same, and is accepted anew: %s',
      async (isGivenBack) => {
        await joinedWith('openop', 'one', 'two');
        const before = await rows();
        offer('one');
        await (isGivenBack ? round('openop') : tending('openop')('tendPartner'));
        offer('one', 'two');
        await round('openop');
        expect(await rows()).toEqual(before);
        expect(accepted()).toEqual([['two']]);
      },
    );

    it.each<[string, object | null]>([
      ['no word of them', {}],
      ['null', { offeredAvailabilityZones: null }],
      ['something else', { offeredAvailabilityZones: 'one' }],
      ['nothing at all', null],
    ])('are not known of a partner whose answer has %s: what was known stays', async (_, json) => {
      await joinedWith('katalis', 'one');
      partner.before = ({ method, path }) =>
        method === 'GET' && path.endsWith('/partner') ? { status: 200, ...(json === null ? {} : { json }) } : undefined;
      expect(await round('katalis')).toBe('wait');
      expect(await there()).toEqual(['one']);
      expect((await agreementWith(own.catalogue, { partner: 'b', direction: 'uses' }))?.silentSince).toBeNull();
    });

    it('are all let go where it says that it offers none', async () => {
      await joinedWith('katalis', 'one');
      offer();
      await round('katalis');
      expect(await there()).toEqual([]);
    });

    it('and are withdrawn as they are accepted: the agreement goes on, and the next round knows', async () => {
      await joinedWith('ferry', 'one');
      const before = await id();
      offer('one', 'two');
      await tending()('tendPartner');
      partner.before = ({ method, path }) =>
        method === 'POST' && path.endsWith('/zones') ? { status: 404, json: { title: 'Not Found' } } : undefined;
      await expect(tending()('acceptZones')).rejects.toMatchObject({ type: 'PeerRejected' });
      expect((await agreementWith(own.catalogue, { partner: 'b', direction: 'uses' }))?.problem).toContain(
        'asked anew',
      );
      offer('one');
      expect(await round()).toBe('wait');
      expect([await id(), await there()]).toEqual([before, ['one']]);
    });

    it('are each accepted, where one of a piece was before and its answer was lost', async () => {
      await joinedWith('katalis', 'one');
      offer('one', 'two', 'three');
      const taken = new Set(['two']);
      partner.before = ({ method, path, json }) => {
        if (method !== 'POST' || !path.endsWith('/zones')) return undefined;
        const wanted = json['acceptedAvailabilityZones'] as string[];
        if (wanted.some((each) => taken.has(each))) return { status: 409 };
        for (const each of wanted) taken.add(each);
        return { status: 200, json: {} };
      };
      await round('katalis');
      expect([...taken].toSorted()).toEqual(['three', 'two']);
      expect(await there()).toEqual(['one', 'three', 'two']);
    });

    it('are not written again, ten thousand of them, where nothing has changed', async () => {
      await joinedWith('katalis', ...Array.from({ length: 10_000 }, (_, n) => `zone-${n}`));
      const written = async (): Promise<unknown> =>
        (
          await sql`select count(*), max(greatest(xmin::text::bigint, xmax::text::bigint)) from zone`.execute(
            own.catalogue,
          )
        ).rows;
      const before = await written();
      expect(await round('katalis')).toBe('wait');
      expect(await written()).toEqual(before);
    });

    describe('and what was learned to be in them', () => {
      const platform = (name: string, lat: number): Parameters<typeof platformsTold>[2]['platforms'][number] => ({
        platform: name,
        system: 'alias-1',
        operator: 'operator-b',
        zone: { lat, lon: 11.500_04 },
        offers: [
          {
            offer: name,
            kind: 'service',
            name: 'speech',
            version: '1',
            state: 'ACTIVE',
            transport: 'REST_HTTP',
            serializer: 'JSON',
            latencyMs: 5,
            bandwidthKbps: null,
          },
        ],
      });
      const found = async (): Promise<readonly string[]> => {
        const seen = { theirs: [{ id: (await id()) ?? '', linkMs: 1 }] };
        const all = await candidates(own.catalogue, { what: { kind: 'service', name: 'speech' } }, seen);
        return all.map(({ foreignId }) => foreignId).toSorted();
      };

      it('is not handed out any more, and is asked for anew; what is elsewhere stays', async () => {
        await joinedWith('ferry', 'one', 'two');
        const platforms = [platform('at one', 48.000_04), platform('at two', 48.1), platform('nowhere', 50)];
        await platformsTold(own.catalogue, (await id()) ?? '', { platforms, validSeconds: 60 });
        const question = { digest: 'd', complete: true, seconds: 60, since: await nowOf(own.catalogue) };
        await answered(own.catalogue, question);
        expect(await found()).toEqual(['at one', 'at two', 'nowhere']);
        partner.zones = partner.zones.slice(1);
        partner.zonesTag = 'two';
        await round();
        expect(await found()).toEqual(['at two', 'nowhere']);
        await expect(asked(own.catalogue, 'd')).resolves.toBeUndefined();
        expect(await answered(own.catalogue, question)).toBe(false); // an answer that was under way says nothing either
      });

      it('stays where another zone is offered at the same place', async () => {
        await joinedWith('ferry', 'one');
        const told = { platforms: [platform('at one', 48)], validSeconds: 60 };
        await platformsTold(own.catalogue, (await id()) ?? '', told);
        offer('another');
        await round();
        expect([await there(), await found()]).toEqual([['another'], ['at one']]);
      });

      it('and is used goes on, for as long as its operator serves it', async () => {
        await joinedWith('ferry', 'one');
        const told = { platforms: [platform('at one', 48)], validSeconds: 60 };
        await platformsTold(own.catalogue, (await id()) ?? '', told);
        await sql`insert into binding (name, side, agreement, system, platform, kind, offer_name, state, offer, solution, path_secret)
          select 'n1', 'consumer', agreement, 'one', 'host-1', 'service', name, 'open', id, 'federators', 'secret'
          from offer`.execute(own.catalogue);
        offer();
        await round();
        const left = await own.catalogue.selectFrom('binding').select('state').execute();
        expect([left, await found()]).toEqual([[{ state: 'open' }], []]);
      });

      it('is no zone that could be accepted', async () => {
        await joinedWith('ferry', 'one');
        const told = { platforms: [platform('at one', 48)], validSeconds: 60 };
        await platformsTold(own.catalogue, (await id()) ?? '', told);
        expect(await round()).toBe('wait');
        expect(accepted()).toEqual([]);
      });
    });
  });

  it('are there with the context, or neither is: it is killed between them, and asked again', async () => {
    await sql`alter table zone add constraint killed check (foreign_id <> 'zone-1')`.execute(own.catalogue);
    try {
      await expect(tending()('requestFederation')).rejects.toThrow('killed');
    } finally {
      await sql`alter table zone drop constraint killed`.execute(own.catalogue);
    }
    await tending()('requestFederation');
    await tending()('acceptZones');
    expect(await zones()).toEqual([{ foreign_id: 'zone-1', accepted: true }]);
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

it('has as many zones and systems as it has ids, also where those differ in the case of letters alone', async () => {
  partner.zones = ['north', 'North', 'NORTH'].map((id) => zone(id));
  partner.systems = ['s', 'S'].map((id) => system(id));
  await join();
  expect([(await zones()).map(({ foreign_id, accepted }) => [foreign_id, accepted]), await systems()]).toEqual([
    [
      ['NORTH', true],
      ['North', true],
      ['north', true],
    ],
    ['S', 's'],
  ]);
  partner.zones.splice(1, 1);
  partner.zonesTag = 'zones-2';
  await tending()('tendPartner');
  const offered = own.catalogue.selectFrom('zone').select('foreign_id').where('valid_until', 'is', null);
  expect((await offered.orderBy('foreign_id').execute()).map(({ foreign_id: id }) => id)).toEqual(['NORTH', 'north']);
});

describe('one that is known under two names', () => {
  /** As `c` it is called by another of its hosts. */
  const steps = (isRenamed = false) => {
    const one = partner.federation();
    const b = one.partners['b'];
    if (b === undefined) throw new Error('there is no partner b');
    const c = { ...b, url: partner.url.replace('127.0.0.1', 'localhost'), hosts: [new URL(partner.url).host] };
    const partners = isRenamed ? { c } : { b, c };
    return federationOf({ ...one, partners }, own.catalogue, 60_000, pino({ level: 'silent' }));
  };
  type Step = 'requestFederation' | 'leavePartner' | 'tendPartner';
  const run = async (step: Step, name: string): Promise<unknown> =>
    await attemptOf({ attempt: 1 }).run(steps()[step], { partner: name });
  const holds = async (): Promise<unknown[]> =>
    (
      await own.catalogue.selectFrom('agreement').selectAll().where('ended_at', 'is', null).orderBy('partner').execute()
    ).map(({ partner: name, context }) => [name, context !== null]);

  it('is joined under one of them, and what is left under the other leaves that alone', async () => {
    await run('requestFederation', 'b');
    await expect(run('requestFederation', 'c')).rejects.toMatchObject({
      type: 'NotFederated',
      message: expect.stringMatching(/^c is the partner that is called b here already/),
    });
    expect(await holds()).toEqual([
      ['b', true],
      ['c', false],
    ]);
    await want(own.catalogue, { partner: 'c', direction: 'uses', ours: 'ended', why: 'test' });
    await run('leavePartner', 'c');
    expect([await holds(), partner.count(/^DELETE /), partner.contexts]).toEqual([[['b', true]], 0, 1]);
    await expect(run('tendPartner', 'b')).resolves.toMatchObject({ uses: { problem: null } });
  });

  it('but not any more is joined under the new one at once', async () => {
    await run('requestFederation', 'b');
    await attemptOf({ attempt: 1 }).run(steps(true).requestFederation, { partner: 'c' });
    expect(await holds()).toEqual([
      ['b', true],
      ['c', true],
    ]);
  });

  it('is joined under one of them, also where both are asked for at once', async () => {
    const joins = await Promise.allSettled(['b', 'c'].map(async (name) => await run('requestFederation', name)));
    expect(joins.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await holds()).filter((row) => (row as [string, boolean])[1])).toHaveLength(1);
  });
});

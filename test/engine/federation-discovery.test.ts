import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenAt } from '../../catalogue/ledger.ts';
import { want } from '../../catalogue/wills.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Discovering, type DiscoveringPlan } from '../support/discovering.ts';
import { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { Offered } from '../support/offered.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

let engine: Engine;
let own: CatalogueOfTest;
let b: PlayedPartner;
let c: PlayedPartner;
beforeAll(async () => {
  engine = await Engine.start(await temporalCli());
});
afterAll(async () => await engine?.stop());
beforeEach(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
  own = await catalogueOfTest();
  [b, c] = await Promise.all([PlayedPartner.start(5_000), PlayedPartner.start(5_000)]);
});
afterEach(async () => {
  await Promise.all([b.server.close(), c.server.close()]);
  await own.drop();
});

const between = async (
  scenario: (run: Discovering) => Promise<void>,
  plan: Partial<DiscoveringPlan> = {},
): Promise<void> => await Discovering.over(engine, own, { partners: { b, c }, ...plan }, scenario);

const both = async (run: Discovering): Promise<void> => {
  await run.join('b');
  await run.join('c');
};
const speech = { what: { kind: 'service', name: 'speech' } } as const;

describe('platforms are found', () => {
  it('by asking each partner once, in 17 events; then by nobody, for as long as the answer holds', async () => {
    b.offers('speech');
    await between(async (run) => {
      await both(run);
      const { status, body } = await run.platforms(speech);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        state: 'ended',
        complete: true,
        asked: [
          { partner: 'b', said: 'answered', found: 1 },
          { partner: 'c', said: 'answered', found: 0 },
        ],
        platforms: [
          {
            operator: 'operator-b', // whatever a manager says of other operators
            partner: 'b',
            place: { lat: 48, lon: 11 },
            offers: [{ name: 'speech', latencyMs: 5, achievableMs: 9 }],
          },
        ],
      });
      expect((await run.history(body)).events).toBe(17);
      expect(run.asked).toBe(2);
      const again = await run.platforms(speech);
      expect(again.body).toMatchObject({ id: null, complete: true, asked: [], platforms: body.platforms });
      expect(run.asked).toBe(2);
      const later = await run.again(body.id ?? '');
      expect(later.body).toEqual(body);
    });
  });

  it('for two hundred who ask at once by asking once', async () => {
    b.offers('speech');
    await between(async (run) => {
      await both(run);
      const answers = await Promise.all(Array.from({ length: 200 }, async () => await run.platforms(speech)));
      expect(answers.filter(({ status, body }) => status === 200 && body.platforms.length === 1)).toHaveLength(200);
      expect(run.asked).toBe(2);
    });
  });

  it('of our own orchestrators too, which are asked within', async () => {
    const offered = new Offered(own.catalogue);
    const platform = await offered.platform(await offered.system('east'), 'host-one');
    const refresh = async (): Promise<void> => void (await offered.offer(platform, 'speech'));
    await between(
      async (run) => {
        await both(run);
        const { body } = await run.platforms(speech);
        expect(body.platforms).toMatchObject([{ partner: null, systemName: 'east' }]);
        await run.platforms(speech);
      },
      { orchestrators: { refresh } }, // a second time it would be there already, and fail
    );
  });

  it('by our orchestrators, asked once for however many partners ask the same at once, and of however many programs', async () => {
    let [asked, started] = [0, 0];
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const refresh = async (): Promise<void> => {
      asked += 1;
      await answered;
    };
    await between(
      async (run) => {
        const programs = [1, 2].map(() => run.refreshing(() => void (started += 1)));
        const partners = Array.from({ length: 100 }, () => programs.map(async (asks) => await asks(speech))).flat();
        await eventually(() => started >= 2 && asked > 0, 60_000);
        answer();
        expect(new Set(await Promise.all(partners))).toEqual(new Set([true]));
        expect([started, asked]).toEqual([2, 1]);
      },
      { orchestrators: { refresh } },
    );
  });

  it('in part where a partner is silent, refuses or is suspended; which is asked again after a while only', async () => {
    b.offers('speech');
    c.before = ({ path }) => (path.endsWith('-queries') ? { status: 503 } : undefined);
    await between(
      async (run) => {
        await both(run);
        const { body } = await run.platforms(speech);
        expect(body).toMatchObject({
          complete: false,
          asked: [{ said: 'answered' }, { partner: 'c', said: 'silent' }],
        });
        expect(body.platforms).toHaveLength(1);
        expect((await run.platforms(speech)).body).toMatchObject({ id: null, complete: false });
        expect(run.asked).toBe(2);
        await sql`delete from asked`.execute(own.catalogue);
        c.before = ({ path }) =>
          path.endsWith('-queries') ? { status: 403, json: { type: 'urn:ferry:federation:suspended' } } : undefined;
        expect((await run.platforms(speech)).body.asked).toMatchObject([{}, { partner: 'c', said: 'refused' }]);
      },
      { pace: { missSeconds: 600 } },
    );
  });

  it('without waiting for a partner that never answers', async () => {
    b.offers('speech');
    c.before = ({ path }) => (path.endsWith('-queries') ? 'silence' : undefined);
    await between(
      async (run) => {
        await both(run);
        const { status, body } = await run.platforms(speech, 0);
        expect([status, body.state, body.complete]).toEqual([202, 'working', null]);
        const { body: then } = await run.platforms(speech);
        expect(then).toMatchObject({ id: body.id, complete: false, asked: [{ said: 'answered' }, { said: 'silent' }] });
      },
      { pace: { askMs: 700 } },
    );
  });

  it('whatever odd things a partner answers, as far as they can be used', async () => {
    b.offers('speech', { latencyMs: -1 });
    b.platforms.push({ platform: 7 }, { platform: 'x\0', system: 'y', offers: [] });
    b.offers('speech', { name: '\ud800' });
    c.before = ({ path }) => (path.endsWith('-queries') ? { status: 200, text: '[' } : undefined);
    await between(async (run) => {
      await both(run);
      const { body } = await run.platforms(speech);
      expect(body).toMatchObject({ complete: false, asked: [{ said: 'answered', found: 1 }, { said: 'silent' }] });
      expect(body.platforms).toMatchObject([{ offers: [{ latencyMs: null }] }]);
    });
  });

  it('of so many partners as may be asked at once, the preferred ones first', async () => {
    c.offers('speech');
    await between(
      async (run) => {
        await both(run);
        const { body } = await run.platforms(speech);
        expect(body).toMatchObject({ complete: false, asked: [{ partner: 'c' }] });
        expect(run.asked).toBe(1);
      },
      { pace: { fanOut: 1 }, more: { c: { preference: 1 } } },
    );
  });
});

describe('a miss', () => {
  const onMiss = { more: { c: { join: 'onMiss' } } } as const;

  it('joins a partner that is joined on a miss, in 23 events, and asks it', async () => {
    c.offers('speech');
    await between(async (run) => {
      await run.join('b');
      const { body } = await run.platforms(speech, 10);
      const { body: then } = body.state === 'working' ? await run.platforms(speech) : { body };
      expect(then.asked).toMatchObject([
        { partner: 'b', found: 0 },
        { partner: 'c', found: 1 },
      ]);
      expect((await run.history(body)).events).toBe(23);
      expect(c.count(/^POST .*\/partner$/)).toBe(1);
      const will = await own.catalogue.selectFrom('will').selectAll().execute();
      expect(will).toMatchObject([{ partner: 'c', direction: 'uses', ours: 'open', why: 'miss' }]);
    }, onMiss);
  });

  it('joins nobody where something was found, or whom our operator has left', async () => {
    const offered = new Offered(own.catalogue);
    await offered.offer(await offered.platform(await offered.system('east'), 'host-one'), 'radio');
    await between(async (run) => {
      await run.join('b');
      expect((await run.platforms({ what: { kind: 'service', name: 'radio' } })).body.asked).toMatchObject([
        { partner: 'b' },
      ]);
      await want(own.catalogue, { partner: 'c', direction: 'uses', ours: 'ended', why: 'operator' });
      const { body } = await run.platforms(speech);
      expect(body.asked).toMatchObject([{ partner: 'b' }]);
      expect((await run.history(body)).events).toBe(17);
      expect(c.server.heard).toHaveLength(0);
    }, onMiss);
  });

  it('is not asked for again at once, and is when somebody else may be asked', async () => {
    await between(async (run) => {
      await run.join('b');
      for (let times = 0; times < 3; times += 1) expect((await run.platforms(speech)).body.platforms).toEqual([]);
      expect(run.asked).toBe(1);
      c.offers('speech');
      await run.join('c');
      expect((await run.platforms(speech)).body.platforms).toHaveLength(1);
    });
  });
});

describe('systems are found', () => {
  it('all that have a service (TYPE-1): one hit is no answer', async () => {
    const offered = new Offered(own.catalogue);
    await offered.offer(await offered.platform(await offered.system('east'), 'host-one'), 'speech');
    b.found = [{ system: 'alias-b', operator: 'forged' }];
    c.found = [{ system: 'alias-c' }];
    await between(async (run) => {
      await both(run);
      const { body } = await run.systems({ service: 'speech' });
      expect(body.systems.map(({ operator }) => operator).toSorted()).toEqual([
        'operator-a',
        'operator-b',
        'operator-c',
      ]);
      expect((await run.history(body)).events).toBe(17);
      expect((await run.systems({ service: 'speech' })).body.systems).toHaveLength(3);
      expect(run.asked).toBe(2);
      b.found = [];
      await sql`delete from asked`.execute(own.catalogue);
      expect((await run.systems({ service: 'speech' })).body.systems).toHaveLength(2);
    });
  });

  it('that serve devices (TYPE-2), three cars by one question', async () => {
    const offered = new Offered(own.catalogue);
    await offered.device('car-1', await offered.system('east'));
    b.found = [{ system: 'alias-b', devices: ['car-2', 'car-3'] }];
    await between(async (run) => {
      await both(run);
      const { body } = await run.systems({ devices: ['car-1', 'car-2', 'car-3'] });
      expect(new Set(body.systems.map(({ partner }) => partner))).toEqual(new Set(['b', null]));
      expect(run.asked).toBe(2);
      expect((await run.systems({ devices: ['car-3', 'car-1', 'car-2'] })).body.id).toBeNull();
      expect(run.asked).toBe(2);
    });
  });

  it('by their id (TYPE-3), of the federator and without asking anybody', async () => {
    const offered = new Offered(own.catalogue);
    const system = await offered.system('east');
    await between(async (run) => {
      await both(run);
      expect((await run.systems({ system })).body).toMatchObject({ id: null, systems: [{ system, name: 'east' }] });
      expect((await run.systems({ system: '6a1f1a2e-0c8e-4a80-9d83-1f5f2b9a7c11' })).body.systems).toEqual([]);
      expect(run.asked).toBe(0);
    });
  });
});

describe('what is asked', () => {
  it('is the same message when it is repeated, another for each partner, and a line in the ledger', async () => {
    b.offers('speech');
    b.server.loseAnswer(/platform-queries$/, 'reset');
    await between(async (run) => {
      await both(run);
      await run.platforms(speech);
      const [one, other] = [b, c].map(({ server }) => server.heard.filter(({ path }) => path.endsWith('-queries')));
      const messages = new Set([...(one ?? []), ...(other ?? [])].map(({ json }) => json['message']));
      expect(messages.size).toBe(2);
      expect(one?.[0]?.json['via']).toEqual({
        origin: 'operator-a',
        visited: ['operator-a'],
        hops: 2,
        patienceMs: 5_000,
      });
      const lines = await own.catalogue.selectFrom('ledger').selectAll().orderBy('partner').execute();
      expect(lines).toMatchObject([
        {
          partner: 'b',
          kind: 'asked',
          role: 'asked',
          origin: 'operator-a',
          what: { find: 'platforms', service: 'speech' },
        },
        { partner: 'c', kind: 'asked', outcome: 'answered' },
      ]);
      await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
    });
  });

  it('leaves no token, context, address or answer in a history or a log', async () => {
    b.offers('speech');
    c.before = ({ path }) => (path.endsWith('-queries') ? { status: 403, json: { detail: `no ${path}` } } : undefined);
    await between(async (run) => {
      await both(run);
      const { body } = await run.platforms(speech);
      const told = `${(await run.history(body)).text}${run.logged.join('')}`;
      const offered = JSON.stringify(b.platforms[0]).match(/[0-9a-f-]{36}/g) ?? [];
      for (const secret of [SECRET, b.token, b.context ?? '', c.context ?? '', b.url, ...offered])
        expect(told).not.toContain(secret);
    });
  });
});

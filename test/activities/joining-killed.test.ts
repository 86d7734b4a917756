import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { federationActivities } from '../../activities/federation/index.ts';
import { begin } from '../../catalogue/agreements.ts';
import { factsOf } from '../../catalogue/facts.ts';
import { brokenAt } from '../../catalogue/ledger.ts';
import { due, told } from '../../catalogue/notices.ts';
import { subscribe } from '../../catalogue/subscriptions.ts';
import { want } from '../../catalogue/wills.ts';
import type { Will } from '../../domain/federation.ts';
import { partnerOf } from '../../worker/federation.ts';
import { attemptOf } from '../support/attempt.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { Dying } from '../support/dying.ts';
import { FailingOver } from '../support/failing-over.ts';
import { PlayedPartner, SECRET } from '../support/played-partner.ts';

/**
 * A federation from its beginning to its end, while the worker is killed once at each call of each of its steps, to the partner and
 * to the catalogue. Then all is as if nobody had been killed.
 */
let own: CatalogueOfTest;
let partner: PlayedPartner;
beforeEach(async () => {
  process.env['TEST_SECRET_OF_B'] = SECRET;
  own = await catalogueOfTest();
  partner = await PlayedPartner.start(5_000);
});
afterEach(async () => await struck());

async function struck(): Promise<void> {
  await partner.server.close();
  await own.drop();
}

type Dialect = 'ferry' | 'openop';
type Activities = ReturnType<typeof federationActivities>;

/** As `joinFederation` has them. */
const stepsOf = {
  wait: [],
  over: [],
  join: ['authenticatePartner', 'requestFederation', 'acceptZones', 'exchangeSystems'],
  zones: ['acceptZones'],
  leave: ['leavePartner'],
} as const;

/** What ends an attempt before its end: its worker is killed, or its database fails over. */
const CUT_SHORT = ['Killed', 'CatalogueUnavailable'];

/** After that: the server begins the next attempt, or all attempts of the step are over and the next round begins. */
type Onward = 'attempt' | 'round';

class Life {
  readonly #activities: Activities;
  readonly #onward: Onward;
  readonly #database: FailingOver | undefined;
  readonly #heard = new Set<string>();
  #attempts = 0;
  #telling: Promise<void> = Promise.resolve();

  constructor(dialect: Dialect, onward: Onward, { dying, database }: { dying?: Dying; database?: FailingOver } = {}) {
    [this.#onward, this.#database] = [onward, database];
    const federation = partner.federation({ partner: { dialect } });
    const [facts, b] = [factsOf(own.catalogue, federation), partnerOf('b', federation, pino({ level: 'silent' }))];
    const [mortalFacts, mortal] = [dying?.beyond('facts', facts) ?? facts, dying?.beyond('partner', b) ?? b];
    const activities = federationActivities({
      facts: mortalFacts,
      partner: () => mortal,
      systemsChanged: () => {
        this.#telling = this.#telling.then(async () => await this.#tell());
      },
      pace: { aliveMs: 60_000, insistMs: 60_000 },
    });
    this.#activities = dying?.activities(activities) ?? activities;
  }

  /** A subscriber is told of all that is due when somebody was woken, who insists. */
  async #tell(): Promise<void> {
    try {
      for (const each of await due(own.catalogue)) {
        for (const { name } of each.notices) this.#heard.add(name);
        await told(own.catalogue, each);
      }
    } catch (error) {
      if ((error as { type?: string }).type !== 'CatalogueUnavailable') throw error;
      await this.#tell();
    }
  }

  async #does<T>(name: keyof Activities, step: (order: { partner: string }) => Promise<T>): Promise<T | 'killed'> {
    for (;;) {
      this.#attempts += 1;
      try {
        const attempt = async () =>
          (await attemptOf({ attempt: this.#attempts, activityType: name }).run(step, { partner: 'b' })) as T;
        return await (this.#database?.during(name, attempt) ?? attempt());
      } catch (error) {
        if (!CUT_SHORT.includes((error as { type?: string }).type ?? '')) throw error;
        if (this.#onward === 'round') return 'killed';
      }
    }
  }

  async round(): Promise<keyof typeof stepsOf | 'killed'> {
    const tended = await this.#does('tendPartner', this.#activities.tendPartner);
    if (tended === 'killed') return tended;
    for (const name of stepsOf[tended.next])
      if ((await this.#does(name, this.#activities[name])) === 'killed') return 'killed';
    return tended.next;
  }

  async settles(): Promise<object> {
    for (let rounds = 0; rounds < 200; rounds += 1) {
      const next = await this.round();
      if (next !== 'wait' && next !== 'over') continue;
      await this.#telling;
      return await this.seen();
    }
    throw new Error('it comes to no end');
  }

  async seen(): Promise<object> {
    const { catalogue } = own;
    const rows = await catalogue.selectFrom('agreement').selectAll().where('ended_at', 'is', null).execute();
    const zones = await catalogue.selectFrom('zone').selectAll().orderBy('foreign_id').execute();
    const systems = await catalogue.selectFrom('system').selectAll().where('valid_until', 'is', null).execute();
    const ledger = await catalogue.selectFrom('ledger').select(['kind', 'role']).orderBy('n').execute();
    const deleted = (below: RegExp): string[] =>
      partner.server.heard.flatMap(({ method, path }) =>
        method === 'DELETE' ? (below.exec(path)?.slice(1) ?? []) : [],
      );
    return {
      agreements: rows.map((row) => ({
        isKnown: row.direction === 'serves' || row.context === partner.context,
        isJoined: row.joined_at !== null,
        told: [row.direction, row.theirs, row.problem, row.told_will, row.systems_tag, row.zones_tag],
      })),
      zones: zones.map((zone) => [zone.foreign_id, zone.accepted, zone.valid_until === null]),
      systems: systems.map(({ name }) => name).toSorted(),
      ledger: ledger.map(({ kind, role }) => `${role} ${kind}`),
      broken: await brokenAt(catalogue, 'b'),
      contexts: partner.contexts,
      zonesGivenBack: [...new Set(deleted(/\/zones\/(.*)$/))].toSorted(),
      status: statuses().at(-1),
      heard: [...this.#heard].toSorted(),
      leftToTell: (await catalogue.selectFrom('notice').select('n').execute()).length,
    };
  }
}

const statuses = (): unknown[] =>
  partner.server.heard.filter(({ path }) => path === '/status/of-a').map(({ json }) => json['federationStatus']);

const wants = async (direction: 'uses' | 'serves', ours: Will): Promise<void> =>
  await want(own.catalogue, { partner: 'b', direction, ours, why: 'test' });

/** What is seen after each thing that happens in it. */
async function lived(life: Life): Promise<Readonly<Record<string, object>>> {
  const asked = { client: 'meo', callback: 'http://127.0.0.1:9/told', root: '', systems: null, validSeconds: 600 };
  await subscribe(own.catalogue, asked);
  const seen: Record<string, object> = {};
  const then = async (what: string, happens: () => void | Promise<void>): Promise<void> => {
    await happens();
    seen[what] = await life.settles();
  };
  await then('joined', () => undefined);
  await then('it offers other zones, and has other systems', () => {
    [partner.zones, partner.zonesTag] = [
      [{ zoneId: 'zone-2', geolocation: '50.1,8.6', geographyDetails: 'town' }],
      'zones-2',
    ];
    [partner.systems, partner.tag] = [[{ system: 'alias-2', name: 'wifi', provider: 'B' }], 'tag-2'];
  });
  await then('it uses us, and is suspended', async () => {
    const given = { context: 'served-context', callback_url: `${partner.url}/status/of-a` };
    await begin(own.catalogue, { partner: 'b', direction: 'serves', given });
    await wants('serves', 'suspended');
  });
  await then('it has lost us', () => {
    partner.context = undefined;
  });
  await then('our operator leaves', async () => await wants('uses', 'ended'));
  await then('our operator joins again', async () => await wants('uses', 'open'));
  await then('all is over', async () => {
    await wants('uses', 'ended');
    await wants('serves', 'ended');
  });
  return seen;
}

describe('a zone that is offered no more', () => {
  const accepted = async (): Promise<string[]> =>
    (await own.catalogue.selectFrom('zone').selectAll().orderBy('foreign_id').execute()).flatMap((zone) =>
      zone.accepted ? [zone.foreign_id] : [],
    );
  const is = (method: string, path: RegExp) => (each: { method: string; path: string }) =>
    each.method === method && path.test(each.path);
  const givenBack = is('DELETE', /\/zones\//);
  const others = [{ zoneId: 'zone-2', geolocation: '50.1,8.6', geographyDetails: 'town' }];

  it.each([404, 409, 410])(
    'is given back once more by whoever was killed before he noted it, and %i to that is as good',
    async (status) => {
      let [asked, given] = [0, false];
      partner.before = (heard) => {
        if (!givenBack(heard)) return undefined;
        asked += 1;
        if (given) return { status, json: {} };
        given = true;
        return { status: 204 };
      };
      const life = new Life('openop', 'attempt', { dying: new Dying('executed') });
      await life.settles();
      partner.zones = others;
      await life.settles();
      expect([asked, await accepted()]).toEqual([2, ['zone-2']]);
    },
  );

  it.each([400, 403, 500, 503])(
    'and is not taken back (%i) keeps no other from being accepted, and is asked again',
    async (status) => {
      const life = new Life('openop', 'round');
      await life.settles();
      let refuses = true;
      partner.before = (heard) => (refuses && givenBack(heard) ? { status, json: {} } : undefined);
      partner.zones = others;
      const next = await life.round();
      expect([next, await accepted(), partner.server.heard.filter(givenBack).length]).toEqual([
        'zones',
        ['zone-1', 'zone-2'],
        1,
      ]);
      await expect(life.seen()).resolves.toMatchObject({
        agreements: [{ told: ['uses', 'open', expect.stringContaining(`answered ${status}`), null, null, null] }],
      });
      refuses = false;
      await expect(life.settles()).resolves.toMatchObject({
        agreements: [{ told: ['uses', 'open', null, null, null, null] }],
      });
      expect([await accepted(), partner.server.heard.filter(givenBack).length]).toEqual([['zone-2'], 2]);
    },
  );

  it.each([400, 500])('and is not taken back (%i) keeps nobody from leaving', async (status) => {
    const life = new Life('openop', 'round');
    await life.settles();
    partner.before = (heard) => (givenBack(heard) ? { status, json: {} } : undefined);
    await wants('uses', 'ended');
    await expect(life.settles()).resolves.toMatchObject({ agreements: [], contexts: 1 });
    expect(partner.context).toBeUndefined();
  });
});

describe.each(['ferry', 'openop'] as const)('with a partner that speaks as %s', (dialect) => {
  it('a federation is the same, wherever its worker is killed', async () => {
    const whole = await lived(new Life(dialect, 'attempt'));
    expect(whole).toMatchObject({
      joined: { contexts: 1, ledger: ['asked joined'], heard: dialect === 'ferry' ? ['radio'] : [] },
      'all is over': { contexts: 3, agreements: [], leftToTell: 0, status: 'NOT_AVAILABLE' },
    });
    for (const onward of ['attempt', 'round'] as const)
      for (const when of ['before', 'executed'] as const) {
        await struck();
        [own, partner] = [await catalogueOfTest(), await PlayedPartner.start(5_000)];
        const dying = new Dying(when);
        expect({ onward, when, ...(await lived(new Life(dialect, onward, { dying }))) }).toEqual({
          onward,
          when,
          ...whole,
        });
        expect(dying.at.length).toBeGreaterThan(30);
      }
  });
});

it.each([
  ['ferry', 'attempt', 'executed'],
  ['openop', 'round', 'before'],
] as const)(
  'with one that speaks as %s a federation is the same, wherever the database fails over',
  async (dialect, onward, when) => {
    const whole = await lived(new Life(dialect, onward));
    await struck();
    const database = new FailingOver(when);
    const standDown = database.stand();
    try {
      [own, partner] = [await catalogueOfTest(), await PlayedPartner.start(5_000)];
      await expect(lived(new Life(dialect, onward, { database }))).resolves.toEqual(whole);
    } finally {
      standDown();
    }
    expect(database.at.size).toBeGreaterThan(30);
  },
);

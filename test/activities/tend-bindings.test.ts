import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { begin, contextGiven, heard, joinedNow } from '../../catalogue/agreements.ts';
import { close, told as orchestratorTold } from '../../catalogue/bindings.ts';
import { callbackAnswered, callbackAsked, callbackTo } from '../../catalogue/callbacks.ts';
import { bindingsOf } from '../../catalogue/consuming.ts';
import { federationsSeen, unnamed } from '../../catalogue/federations.ts';
import { want } from '../../catalogue/wills.ts';
import { brokenAt } from '../../catalogue/ledger.ts';
import { platformsTold } from '../../catalogue/told.ts';
import { consumingActivities } from '../../activities/federation/consuming.ts';
import type { Federation } from '../../configuration/federation.ts';
import { attemptOf } from '../support/attempt.ts';
import { FailingOver } from '../support/failing-over.ts';
import { consumingOver } from '../../worker/consuming.ts';
import { partnerOf } from '../../worker/federation.ts';
import { Consuming } from '../support/consuming.ts';
import { federatedOver } from '../../worker/federated.ts';
import type { Heard, Reply } from '../support/faulty-server.ts';

/** A round of the tending of what is bound with a partner, over a real catalogue and real sockets. */
let world: Consuming;
beforeEach(async () => {
  world = await Consuming.set();
});
afterEach(async () => await world?.strike());

const is = (method: string, path: RegExp) => (each: Heard) => each.method === method && path.test(each.path);
const list = is('GET', /\/bindings$/);
const nameOf = (n: number): string =>
  `b${n
    .toString(5)
    .padStart(25, '0')
    .replaceAll(/\d/g, (digit) => 'abcde'[Number(digit)] ?? '')}`;

/** Open, both here and at the partner, and shown at our platform. */
async function used(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => nameOf(n));
  const rows = names.map((name) => ({ name, as: randomUUID() }));
  await sql`insert into binding (name, side, agreement, system, platform, kind, offer_name, for_application, state, offer,
      solution, operator, path_secret, exposed_as, owed)
    select name, 'consumer', ${world.agreement}::uuid, 'east', 'a2', 'service', 'speech', name, 'open', gen_random_uuid(),
      'federators', 'operator-b', name, "as", true
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as each (name text, "as" text)`.execute(
    world.own.catalogue,
  );
  for (const { name, as } of rows) {
    world.announced.set(name, '');
    world.services.set(as, { serInstanceId: as, state: 'ACTIVE', transportInfo: { id: name } });
  }
  return names;
}

const states = async (): Promise<readonly string[]> =>
  (await world.own.catalogue.selectFrom('binding').select(['state', 'why']).execute()).map(({ state, why }) =>
    why === null ? state : `${state}: ${why}`,
  );
const shown = (): unknown[] => [...world.services.values()].map(({ state }) => state);

describe('a round', () => {
  it.each([
    [0, 1],
    [1_000, 3],
  ])('with %i bindings asks the partner for its list by %i questions, and our platform once', async (count, pages) => {
    await used(count);
    const begun = world.partner.count(/\/bindings/);
    await expect(world.tend()).resolves.toMatchObject({ uses: { problem: null } });
    expect([world.partner.count(/\/bindings/) - begun, world.ours.count(/\/services/)]).toEqual([pages, 1]);
    expect(new Set(await states())).toEqual(new Set(count === 0 ? [] : ['open']));
  });

  it('believes of what is not on the list what the partner says of it alone', async () => {
    const [there = '', gone = ''] = await used(2);
    world.before = (each) => (list(each) ? { status: 200, json: [] } : undefined);
    world.announced.delete(gone);
    await world.tend();
    expect([...(await states())].toSorted()).toEqual(['closed: the partner has ended it', 'open']);
    expect([...world.services.values()].map(({ transportInfo }) => transportInfo)).toEqual([{ id: there }]);
  });

  it('ends at the partner what no row knows of, unless it may be just under way', async () => {
    await used(1);
    const [late, lost] = [nameOf(7), nameOf(8)];
    for (const name of [late, lost]) world.announced.set(name, '');
    world.ages.set(late, 59).set(lost, 61);
    await world.tend();
    expect([...world.announced.keys()]).toEqual([nameOf(0), late]);
    expect([...world.buried]).toEqual([lost]);
  });

  it('releases what nobody has used for long, at everybody', async () => {
    const [name = ''] = await used(1);
    await world.tend();
    expect(await states()).toEqual(['open']);
    await sql`update binding set asked_at = now() - interval '2 hours'`.execute(world.own.catalogue);
    await world.tend();
    expect(await states()).toEqual(['closed: nobody has used it for long']);
    expect([[...world.buried], shown()]).toEqual([[name], []]);
  });

  it('shows as suspended what our operator, or the partner, has suspended, and asks nothing then', async () => {
    await used(1);
    const ours = async (will: 'open' | 'suspended'): Promise<void> =>
      await want(world.own.catalogue, { partner: 'b', direction: 'uses', ours: will, why: 'test' });
    await ours('suspended');
    await world.tend();
    expect([shown(), world.partner.count(/\/bindings/)]).toEqual([['SUSPENDED'], 0]);
    await ours('open');
    await world.tend();
    expect(shown()).toEqual(['ACTIVE']);
    world.partner.will = 'suspended';
    await world.tend();
    expect(shown()).toEqual(['SUSPENDED']);
    expect(await states()).toEqual(['open']);
  });

  it('tells what it could not put right of what is bound, until it can', async () => {
    world.before = (each) => (list(each) ? { status: 500 } : undefined);
    await expect(world.tend()).resolves.toMatchObject({
      uses: { problem: expect.stringMatching(/^what is bound: b/) },
    });
    world.before = () => undefined;
    await expect(world.tend()).resolves.toMatchObject({ uses: { problem: null } });
  });

  it('has an end, however slow our platform, and however much has to be shown otherwise; the rest has its turn', async () => {
    const [over = ''] = await used(30);
    for (const service of world.services.values()) service['state'] = 'SUSPENDED';
    const row = (await world.rows()).find(({ name }) => name === over);
    await close(world.own.catalogue, row?.id ?? '', 'test');
    const one = /^GET .*\/services\/[\w-]+$/;
    for (let n = 0; n < 30; n += 1) world.ours.loseAnswer(one, 'silence');
    const inTime = globalThis.setTimeout;
    // What others in this process wait for is called with what they gave along
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((work: () => void, ms = 0, ...given: []) =>
      inTime(work, ms === 4_000 ? 200 : ms, ...given),
    );
    const { uses } = await world.tend().finally(() => vi.restoreAllMocks());
    expect(uses?.problem).toBe('what is bound: there is more to put right than one round has time for');
    expect(world.ours.count(one)).toBeLessThan(10);
    expect([...world.buried]).toEqual([over]);
  });

  it.each([
    ['broke once', 1, 2, 29],
    ['broke twice', 2, 3, 28],
    ['breaks each time', 99, 3, 0],
  ])(
    'whose platform’s list %s (%i times) asks for it %i times, and puts right %i of 30',
    async (_, broken, lists, right) => {
      await used(30);
      for (const service of world.services.values()) service['state'] = 'SUSPENDED';
      for (let n = 0; n < broken; n += 1) world.ours.loseAnswer(/^GET .*\/services$/, 'reset');
      await expect(world.tend()).resolves.toMatchObject({
        uses: { problem: expect.stringMatching(/^what is bound: /) },
      });
      expect([world.ours.count(/^GET .*\/services$/), shown().filter((state) => state === 'ACTIVE').length]).toEqual([
        lists,
        right,
      ]);
    },
  );

  it('lets nothing that fails keep the others from their turn', async () => {
    const [stuck = '', ...others] = await used(4);
    for (const row of await world.rows()) await close(world.own.catalogue, row.id, 'test');
    world.before = (each) =>
      is('DELETE', /\/bindings\//)(each) && each.path.endsWith(stuck) ? { status: 500 } : undefined;
    await expect(world.tend()).resolves.toMatchObject({ uses: { problem: expect.stringMatching(/^what is bound/) } });
    expect([...world.buried].toSorted()).toEqual(others.toSorted());
    expect(shown()).toEqual([]);
  });

  it('takes services off that no row knows of, as after a lost database, and no others', async () => {
    const [name = ''] = await used(1);
    const one = (id: string, binding: string): object => ({
      serInstanceId: id,
      state: 'ACTIVE',
      transportInfo: { id: binding },
    });
    world.services.set('by-hand', { ...one('by-hand', 'by-hand') }).set('stray', { ...one('stray', nameOf(9)) });
    const [mine] = world.services.keys();
    await world.tend();
    expect([...world.services.keys()]).toEqual([mine, 'by-hand']);
    await world.own.catalogue.deleteFrom('binding').where('name', '=', name).execute();
    await world.tend();
    expect([...world.services.keys()]).toEqual(['by-hand']);
  });
});

it('leaving does nothing where our operator has changed his mind meanwhile', async () => {
  await world.leave();
  expect(world.partner.server.heard).toEqual([]);
  await expect(unnamed(world.own.catalogue, [])).resolves.toEqual(['b']); // its agreement holds
});

describe('what a partner uses of ours', () => {
  it('ends once the configuration does not share it any more, and not before', async () => {
    const binding = await world.announcedToUs();
    await world.tend();
    expect(await states()).toEqual(['admitting']);
    world.configuration.federation?.shares.splice(0);
    await world.tend();
    expect(await states()).toEqual(['closed: it is not shared any more']);
    expect(binding).not.toBe('');
  });

  it('goes on with another producer of that name where its own is gone, and ends where there is none', async () => {
    const binding = await world.announcedToUs();
    await sql`update binding set state = 'open', upstream = 'x' where id = ${binding}::uuid`.execute(
      world.own.catalogue,
    );
    await sql`update offer set state = 'INACTIVE'`.execute(world.own.catalogue);
    await sql`insert into offer (platform, platform_foreign_id, system, kind, foreign_id, name, version, state, transport, endpoint)
      select platform, platform_foreign_id, system, kind, 'second', name, version, 'ACTIVE', transport, 'http://10.3.0.9/'
      from offer`.execute(world.own.catalogue);
    await world.tend();
    await expect(world.rows()).resolves.toMatchObject([{ state: 'open', upstream: 'http://10.3.0.9/' }]);
    await sql`update offer set state = 'INACTIVE'`.execute(world.own.catalogue);
    await world.tend();
    expect(await states()).toEqual(['closed: its producer is gone']);
  });
});

describe('a partner that the configuration names no more', () => {
  const partners = (): Record<string, unknown> => world.configuration.federation?.partners ?? {};
  const told = 'the configuration does not name it any more';

  it('leaves nothing at our own peers, both ways, and is tended until that is so', async () => {
    await used(2);
    const binding = await world.announcedToUs();
    await orchestratorTold(world.own.catalogue, binding, true);
    world.decisions.set('n1', {});
    delete partners()['b'];
    world.before = (each) => (each.method === 'DELETE' ? { status: 503 } : undefined);
    await expect(world.tend()).resolves.toMatchObject({ next: 'wait', uses: { problem: expect.any(String) } });
    expect(new Set(await states())).toEqual(new Set([`closed: ${told}`]));
    // What could not be taken off is known until it could be, also where nothing else is left
    world.before = (each) => (is('DELETE', /\/services\//)(each) ? { status: 503 } : undefined);
    await expect(world.tend()).resolves.toMatchObject({ next: 'wait' });
    world.before = () => undefined;
    await expect(world.tend()).resolves.toMatchObject({ next: 'over', uses: { problem: null } });
    expect([shown(), [...world.decisions.keys()]]).toEqual([[], []]);
    expect(world.partner.server.heard).toEqual([]); // nobody knows how
  });

  it('is known to our orchestrator for as long as our platform shows anything of it', async () => {
    const [name = ''] = await used(1);
    await sql`update binding set told = true`.execute(world.own.catalogue);
    world.decisions.set(name, {});
    delete partners()['b'];
    world.before = (each) => (is('DELETE', /\/services\//)(each) ? { status: 503 } : undefined);
    await world.tend();
    expect([shown(), [...world.decisions.keys()]]).toEqual([['ACTIVE'], [name]]);
    world.before = () => undefined;
    await world.tend();
    expect([shown(), [...world.decisions.keys()]]).toEqual([[], []]);
  });

  it('is tended by a worker that starts, until nothing of it is known any more', async () => {
    const { catalogue, url } = world.own;
    const tended = async (): Promise<readonly string[]> => {
      const { federation, ...rest } = world.configuration;
      if (federation === undefined) throw new Error('there is no federation');
      const federated = await federatedOver({ ...rest, federation }, url, pino({ level: 'silent' }));
      await federated.close();
      return federated.partners;
    };
    partners()['c'] = partners()['b'];
    await expect(tended()).resolves.toEqual(['b', 'c']);
    delete partners()['b'];
    await expect(tended()).resolves.toEqual(['c', 'b']);
    await catalogue.deleteFrom('agreement').execute();
    await expect(tended()).resolves.toEqual(['c']);
  });

  it('is told, with why, until it is forgotten', async () => {
    const { catalogue } = world.own;
    const { federation } = world.configuration;
    if (federation === undefined) throw new Error('there is no federation');
    const seen = async () => [...(await federationsSeen(catalogue, federation))];
    await expect(unnamed(catalogue, ['b'])).resolves.toEqual([]);
    delete partners()['b'];
    await expect(unnamed(catalogue, [])).resolves.toEqual(['b']);
    await expect(seen()).resolves.toMatchObject([['b', { uses: { ours: 'ended', usable: false, problem: told } }]]);
    await world.tend();
    await expect(unnamed(catalogue, [])).resolves.toEqual(['b']); // whoever starts next looks once more
    await expect(seen()).resolves.toMatchObject([['b', { uses: { agreed: false, usable: false, problem: told } }]]);
  });

  it('and that is called otherwise there begins anew: no row of it is taken to be lost', async () => {
    const [name = ''] = await used(1);
    const { catalogue } = world.own;
    await bindingsOf(catalogue, world.configuration.federation as Federation).announced(
      (await world.rows())[0]?.id ?? '',
    );
    partners()['c'] = partners()['b'];
    delete partners()['b'];
    await world.tend('b');
    const agreement = await begin(catalogue, { partner: 'c', direction: 'uses' });
    const context = world.partner.context ?? '';
    await contextGiven(catalogue, agreement, { context, zones: [], capabilities: {} });
    await heard(catalogue, agreement, new Date(0), { theirs: 'open', linkMs: 3, capabilities: {} });
    await joinedNow(catalogue, agreement);
    world.ages.set(name, 61);
    world.before = (each) =>
      is('DELETE', /\/bindings\//)(each) ? { status: 200, json: { state: 'closed', was: 'announced' } } : undefined;
    // It offers a zone that was not told with this context
    await expect(world.tend('c')).resolves.toMatchObject({ next: 'zones', uses: { problem: null } });
    expect(world.partner.server.heard.map(({ method, path }) => `${method} ${path}`)).toContain(
      `DELETE /mff/v1/${context}/bindings/${name}`,
    );
  });
});

describe('what notified a partner’s consumer', () => {
  /** At the producer, by the id: whom it notifies. */
  let subscriptions: Map<string, string>;
  let binding: string;
  let callback: string;
  const at = () => `${world.ours.url}/rni/v2/subscriptions`;
  const ofProducer = (each: Heard): Reply | undefined => {
    const [, id] = /^\/rni\/v2\/subscriptions(?:\/(.+))?$/.exec(each.path) ?? [];
    if (!each.path.startsWith('/rni/')) return undefined;
    if (id === undefined)
      // By whatever name it knows itself
      return {
        status: 200,
        json: {
          _links: {
            subscription: [...subscriptions.keys()].map((one) => ({ href: `http://p/rni/v2/subscriptions/${one}` })),
          },
        },
      };
    const callbackReference = subscriptions.get(id);
    if (callbackReference === undefined) return { status: 404 };
    if (each.method === 'DELETE') subscriptions.delete(id);
    return each.method === 'DELETE' ? { status: 204 } : { status: 200, json: { callbackReference } };
  };
  beforeEach(async () => {
    world.before = ofProducer;
    binding = await world.announcedToUs();
    const { catalogue } = world.own;
    callback = (await callbackTo(catalogue, { binding, target: 'http://partner/callbacks/1' }))?.id ?? '';
    await callbackAsked(catalogue, callback, at());
    subscriptions = new Map([
      ['ours', `http://gateway/n/${callback}`],
      ['others', `http://gateway/n/${randomUUID()}`],
      ['known', `http://gateway/n/${callback}?`],
    ]);
    await callbackAsked(catalogue, callback, at());
    await callbackAnswered(catalogue, callback, { at: at(), made: `${at()}/known` });
    await orchestratorTold(catalogue, binding, true);
    world.decisions.set('n1', {});
  });

  it('is ended with the binding, also what was made and nobody heard of, and nothing of others', async () => {
    await world.tend();
    expect([...subscriptions.keys()]).toEqual(['ours', 'others', 'known']);
    await close(world.own.catalogue, binding, 'test');
    await expect(world.tend()).resolves.toMatchObject({ uses: { problem: null } });
    expect([...subscriptions.keys()]).toEqual(['others']);
  });

  it('is looked for as long as it may yet be made, and then no more', async () => {
    subscriptions.delete('ours');
    await close(world.own.catalogue, binding, 'test');
    await world.tend();
    subscriptions.set('late', `http://gateway/n/${callback}`);
    await world.tend();
    expect([...subscriptions.keys()]).toEqual(['others']);
    await world.own.catalogue
      .updateTable('binding')
      .set({ closed_at: new Date(Date.now() - 61_000) })
      .execute();
    await world.tend();
    const before = world.ours.count(/\/rni\//);
    await world.tend();
    expect(world.ours.count(/\/rni\//)).toBe(before);
  });

  it('is looked for without asking for each of others’ again at each round, or at all where the list shows it', async () => {
    subscriptions = new Map(Array.from({ length: 20 }, (_, n) => [`of-${n}`, `http://gateway/n/${randomUUID()}`]));
    await close(world.own.catalogue, binding, 'test');
    await world.tend();
    expect(world.ours.count(/^GET \/rni\/v2\/subscriptions\/of-/)).toBe(20);
    await world.tend();
    expect(world.ours.count(/^GET \/rni\/v2\/subscriptions\/of-/)).toBe(20);
    subscriptions.set('late', `http://gateway/n/${callback}`);
    await world.tend();
    expect([...subscriptions.keys()]).not.toContain('late');
    expect(world.ours.count(/^GET \/rni\/v2\/subscriptions\/./)).toBe(21);
    subscriptions.set('shown', `http://gateway/n/${callback}`);
    world.before = (each) =>
      is('GET', /\/rni\/v2\/subscriptions$/)(each)
        ? {
            status: 200,
            json: [...subscriptions].map(([id, callbackReference]) => ({
              callbackReference,
              _links: { self: { href: `http://p/rni/v2/subscriptions/${id}` } },
            })),
          }
        : ofProducer(each);
    await world.tend();
    expect([...subscriptions.keys()]).not.toContain('shown');
    expect(world.ours.count(/^GET \/rni\/v2\/subscriptions\/./)).toBe(21);
  });

  it.each([503, 403])('is told to be left where the producer answers %i, and all else is ended', async (status) => {
    world.before = (each) => (is('GET', /^\/rni\//)(each) ? { status } : ofProducer(each));
    await close(world.own.catalogue, binding, 'test');
    await expect(world.tend()).resolves.toMatchObject({ uses: { problem: expect.stringMatching(/producer/) } });
    expect([[...subscriptions.keys()], [...world.decisions.keys()]]).toEqual([['ours', 'others'], []]);
    world.before = ofProducer;
    await world.tend();
    expect([...subscriptions.keys()]).toEqual(['others']);
  });
});

describe('what is bound', () => {
  const wish = { what: { kind: 'service', name: 'speech' } } as const;
  const chain = `chain/${randomUUID()}`;
  const run = `${'a'.repeat(25)}.${randomUUID()}`;

  /** From the choice to its end, each step for as long as the database fails over in it; what is seen when it is open, and after. */
  async function lived(database?: FailingOver): Promise<readonly object[]> {
    const { federation, ...rest } = world.configuration;
    if (federation === undefined) throw new Error('there is no federation');
    const { catalogue } = world.own;
    const log = pino({ level: 'silent' });
    const b = partnerOf('b', federation, log);
    const observe = async (): Promise<void> => undefined;
    const means = consumingOver({ ...rest, federation }, catalogue, { partner: () => b, observe }, log);
    const steps = consumingActivities(means);
    const does = async <I, T>(name: keyof typeof steps, step: (order: I) => Promise<T>, order: I): Promise<T> => {
      for (;;)
        try {
          const attempt = async (): Promise<T> => (await attemptOf().run(step, order)) as T;
          return await (database?.during(name, attempt) ?? attempt());
        } catch (error) {
          if ((error as { type?: string }).type !== 'CatalogueUnavailable') throw error;
        }
    };
    await platformsTold(catalogue, world.agreement, {
      platforms: [
        { platform: 'p-1', system: 's-1', operator: 'operator-b', zone: { lat: 50, lon: 8 }, offers: [offer] },
      ],
      validSeconds: 600,
    });
    const choice = { wish, system: 'east', platform: 'a2', run, chain, nth: 0, tried: [] };
    const { binding } = await does('chooseOffer', steps.chooseOffer, choice);
    await does('tellOrchestrator', steps.tellOrchestrator, { binding });
    await does('announceDecision', steps.announceDecision, { binding });
    await does('confirmPath', steps.confirmPath, { binding });
    await does('exposeService', steps.exposeService, { binding });
    const open = await seen();
    await does('withdrawService', steps.withdrawService, { binding, why: 'test' });
    await does('withdrawDecision', steps.withdrawDecision, { binding, why: 'test' });
    await does('retractDecision', steps.retractDecision, { binding, why: 'test' });
    return [open, await seen()];
  }

  const offer = {
    offer: 'o-1',
    kind: 'service',
    name: 'speech',
    version: '1',
    state: 'ACTIVE',
    transport: 'REST_HTTP',
    serializer: 'JSON',
    latencyMs: 7,
    bandwidthKbps: null,
  } as const;

  async function seen(): Promise<object> {
    const { catalogue } = world.own;
    const ledger = await catalogue.selectFrom('ledger').select(['kind', 'role']).orderBy('n').execute();
    const rows = await catalogue.selectFrom('binding').selectAll().execute();
    return {
      rows: rows.map(({ state, told, owed, exposed_as }) => [state, told, owed, exposed_as !== null]),
      ledger: ledger.map(({ kind, role }) => `${role} ${kind}`),
      broken: await brokenAt(catalogue, 'b'),
      left: { ...world.left, announced: world.announced.size, decisions: world.decisions.size },
    };
  }

  it.each(['executed', 'before'] as const)('is the same wherever the database fails over, %s', async (when) => {
    const whole = await lived();
    expect(whole).toMatchObject([
      { rows: [['open', true, true, true]], ledger: ['asked announced', 'asked opened'], left: { services: 1 } },
      {
        ledger: ['asked announced', 'asked opened', 'asked closed'],
        left: { announced: 0, decisions: 0, services: 0 },
      },
    ]);
    await world.strike();
    const database = new FailingOver(when);
    const standDown = database.stand();
    try {
      world = await Consuming.set();
      await expect(lived(database)).resolves.toEqual(whole);
    } finally {
      standDown();
    }
    expect(database.at.size).toBeGreaterThan(20);
  });
});

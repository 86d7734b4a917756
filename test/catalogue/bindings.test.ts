import { randomUUID } from 'node:crypto';
import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as agreements from '../../catalogue/agreements.ts';
import * as bindings from '../../catalogue/bindings.ts';
import { type Binding, bindingAt, bindingById, bindingOfSecret, type Bound } from '../../catalogue/bound.ts';
import {
  callbackAnswered,
  callbackAsked,
  callbackById,
  callbackTo,
  subscriptionsOf,
  unsubscribed,
} from '../../catalogue/callbacks.ts';
import { bindingsOf } from '../../catalogue/consuming.ts';
import { command } from '../../catalogue/decisions.ts';
import { factsOf } from '../../catalogue/facts.ts';
import { roleOf } from '../../catalogue/binding-lines.ts';
import { brokenAt, note } from '../../catalogue/ledger.ts';
import { explained } from '../support/explained.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

let own: CatalogueOfTest;
let agreement: string;
beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  for (const table of ['agreement', 'ledger'] as const) await own.catalogue.deleteFrom(table).execute();
  agreement = (await agreements.begin(own.catalogue, { partner: 'b', direction: 'serves' })).id;
});

/** What the end of an agreement asks beside. */
const BESIDE = 8;

const offer = randomUUID();
const bound = (change: Partial<Bound> = {}): Bound => ({
  name: 'n1',
  agreement,
  offer,
  system: 'cellular',
  platform: 'host-1',
  kind: 'service',
  offer_name: 'speech',
  for_application: null,
  solution: 'federators',
  operator: 'operator-b',
  ...change,
});
const reserve = async (change: Partial<Bound> = {}, run = 'run'): Promise<Binding> =>
  await bindings.reserve(own.catalogue, { ...bound(change), run });
const admit = async (change: Partial<Bound> = {}, limit = 10): Promise<bindings.Admitted> =>
  await bindings.admit(own.catalogue, bound(change), limit);
const stateOf = async (id: string): Promise<string | undefined> => (await bindingById(own.catalogue, id))?.state;

describe('a binding of a consumer', () => {
  it('is reserved once under its name, by however many at once, and its address cannot be guessed', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, async () => await reserve()));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(Buffer.from(all[0]?.path_secret ?? '', 'base64url')).toHaveLength(32);
    // Who finds it is told its age besides
    const made = all.filter((each) => !('age' in each));
    expect(made).toHaveLength(1);
    await expect(bindingOfSecret(own.catalogue, all[0]?.path_secret ?? '')).resolves.toMatchObject(made[0] ?? {});
  });

  it('is one for all applications of a platform: a second name is refused until the first is closed', async () => {
    const { id } = await reserve();
    await expect(reserve({ name: 'n2' })).rejects.toMatchObject({ type: 'AlreadyBound' });
    await expect(bindingAt(own.catalogue, bound())).resolves.toMatchObject({ id });
    await expect(reserve({ name: 'n2', platform: 'host-2' })).resolves.toMatchObject({ state: 'admitting' });
    await bindings.close(own.catalogue, id, 'released');
    await expect(reserve({ name: 'n3' })).resolves.toMatchObject({ name: 'n3', state: 'admitting' });
  });

  it('that a run was about to bind, and did not, stands in nobody’s way', async () => {
    const { id } = await reserve({}, 'run 1');
    await expect(reserve({ name: 'n2' }, 'run 2')).resolves.toMatchObject({ name: 'n2', state: 'admitting' });
    await expect(stateOf(id)).resolves.toBe('closed');
  });

  it('goes forwards only: what is closed is opened by nobody, and its name is never used again', async () => {
    const { id } = await reserve();
    await expect(bindings.opened(own.catalogue, id, null)).resolves.toBe(true);
    await expect(bindings.opened(own.catalogue, id, null)).resolves.toBe(true);
    await expect(bindings.close(own.catalogue, id, 'released')).resolves.toBe(true);
    await expect(bindings.close(own.catalogue, id, 'again')).resolves.toBe(false);
    await expect(bindings.opened(own.catalogue, id, null)).resolves.toBe(false);
    await expect(reserve()).resolves.toMatchObject({ id, state: 'closed', why: 'released' });
  });
});

describe('a binding of a producer', () => {
  it('is admitted once; the same again is the same, and other words under its name are told', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, async () => await admit()));
    const [first] = all;
    expect(new Set(all.map((each) => (typeof each === 'string' ? each : each.binding.id))).size).toBe(1);
    expect(first).toMatchObject({ binding: { state: 'admitting', path_secret: null } });
    await expect(admit({ for_application: 'navigation' })).resolves.toBe('others');
  });

  it('is one of so many: of a hundred at once no more are admitted than may be', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, async (_, n) => await admit({ name: `n${n}` }, 3)));
    expect(asked.filter((each) => each === 'full')).toHaveLength(17);
    expect(asked.filter((each) => each !== 'full')).toHaveLength(3);
  });

  it('that was ended before it was announced stays ended', async () => {
    await bindings.bury(own.catalogue, { agreement, name: 'n1', why: 'withdrawn' });
    await bindings.bury(own.catalogue, { agreement, name: 'n1', why: 'withdrawn' });
    await expect(admit()).resolves.toMatchObject({ binding: { state: 'closed', why: 'withdrawn' } });
  });

  it('is ended under ten thousand names that nobody has heard of, and under no more; what was announced ends nevertheless', async () => {
    await admit();
    const bury = async (name: string): Promise<unknown> =>
      await bindings.bury(own.catalogue, { agreement, name, why: 'withdrawn' });
    await sql`insert into binding (name, agreement, side, state, closed_at)
      select 'never-' || n, ${agreement}::uuid, 'producer', 'closed', now() from generate_series(1, 9999) as n`.execute(
      own.catalogue,
    );
    await expect(bury('the-last-one')).resolves.toMatchObject({ was: 'nothing' });
    await expect(bury('one-more')).resolves.toBe('full');
    await expect(bury('never-7')).resolves.toMatchObject({ was: 'nothing' });
    await expect(bury('n1')).resolves.toMatchObject({ closed: { name: 'n1' } });
  });

  it('ends with its agreement, under which nothing is admitted any more', async () => {
    const admitted = await admit();
    const id = typeof admitted === 'string' ? '' : admitted.binding.id;
    await agreements.end(own.catalogue, { id: agreement }, 'left');
    await expect(stateOf(id)).resolves.toBe('closed');
    await expect(admit({ name: 'n2' })).resolves.toBe('ended');
  });

  /** So many are open, as the ledger has them. */
  const opened = async (count: number, side: 'consumer' | 'producer'): Promise<void> => {
    await sql`insert into binding (name, side, agreement, system, platform, kind, offer_name, for_application, state, offer,
        solution, operator, path_secret, owed)
      select 'n' || n, ${side}, ${agreement}::uuid, 'east', 'a2', 'service', 'speech', n::text, 'open', gen_random_uuid(),
        'federators', 'operator-b', case when ${side} = 'consumer' then n::text end, true from generate_series(1, ${count}) as n`.execute(
      own.catalogue,
    );
    await sql`insert into ledger (partner, kind, role, key, origin, what, outcome, units, hash)
      select 'b', kind, ${roleOf(side)}, 'n' || n, 'operator-b', '{}', kind, '{}', ''
      from generate_series(1, ${count}) as n, unnest(array['announced', 'opened']) as kind`.execute(own.catalogue);
  };

  it.each([1, 1_000, 2_000])('ends with its agreement in six questions for a thousand: %i of them', async (count) => {
    await opened(count, 'producer');
    let asked = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => {
        asked += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    await agreements.end(own.catalogue.withPlugin(counting), { id: agreement }, 'left');
    const closed = own.catalogue.selectFrom('ledger').select('n').where('kind', '=', 'closed');
    expect([asked - 6 * Math.ceil(count / 1_000), (await closed.execute()).length]).toEqual([BESIDE, count]);
  });

  it.each(['producer', 'consumer'] as const)(
    'of a %s is looked up by itself as its agreement ends, whatever was counted last',
    async (side) => {
      await opened(3, side);
      for (const table of ['binding', 'ledger']) await sql`analyze ${sql.table(table)}`.execute(own.catalogue);
      await own.catalogue.deleteFrom('ledger').execute();
      await own.catalogue.deleteFrom('binding').execute();
      await opened(1_000, side);
      const isBack = new Error('it is not meant');
      const all = await explained(own.catalogue, async (catalogue) => {
        const ending = catalogue.transaction().execute(async (transaction) => {
          await agreements.end(transaction, { id: agreement }, 'left');
          throw isBack;
        });
        await expect(ending).rejects.toBe(isBack);
      });
      expect(all.filter(({ compared }) => compared > 1_000)).toEqual([]);
      expect(all.reduce((sum, { buffers }) => sum + buffers, 0) / 1_000).toBeLessThan(80);
    },
  );
});

it('what is bound is looked up each by itself, whatever was counted last', async () => {
  const { catalogue } = own;
  const bind = async (count: number): Promise<void> => {
    for (const table of ['binding', 'system'] as const) await catalogue.deleteFrom(table).execute();
    await sql`insert into system (local, name, provider, operator) values ('east', 'East', 'P', 'operator-a')`.execute(
      catalogue,
    );
    await sql`insert into platform (system, foreign_id) select id, n from system, generate_series(1, ${count}) as n`.execute(
      catalogue,
    );
    await sql`insert into offer (platform, platform_foreign_id, system, kind, foreign_id, name, version, state, transport)
      select id, foreign_id, system, 'service', 's', 'speech', '1', 'ACTIVE', 'REST_HTTP' from platform`.execute(
      catalogue,
    );
    await sql`insert into binding (name, side, agreement, system, platform, kind, offer_name, state, offer, solution, operator)
      select id, 'producer', ${agreement}::uuid, 'east', platform_foreign_id, kind, name, 'open', id, 'federators',
        'operator-b' from offer`.execute(catalogue);
  };
  // Of three that were counted in pages of a thousand
  await bind(1_000);
  await bind(3);
  await sql`analyze`.execute(catalogue);
  await bind(1_000);
  const federation = federationOfTest({ partners: { b: partnerOfTest('b') } });
  let held = 0;
  const all = await explained(catalogue, async (asked) => {
    held = (await bindingsOf(asked, federation).held('b')).length;
  });
  expect([held, all.map(({ compared }) => compared)]).toEqual([1_000, [0]]);
});

describe('the ledger', () => {
  const lines = async (): Promise<readonly object[]> =>
    await own.catalogue.selectFrom('ledger').select(['kind', 'role', 'key', 'outcome', 'units']).orderBy('n').execute();
  const idOf = (admitted: bindings.Admitted): string => (typeof admitted === 'string' ? '' : admitted.binding.id);
  const line = (kind: string, units: object = {}) => ({
    kind,
    role: 'served',
    key: 'n1',
    outcome: kind,
    units,
  });
  const unused = { requests: 0, bytes: 0, seconds: 0 };

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['our operator ends it', async (id) => await bindings.close(own.catalogue, id, 'our operator has ended it')],
    ['the partner ends it', async () => await bindings.bury(own.catalogue, { agreement, name: 'n1', why: 'ended' })],
    ['its agreement ends', async () => await agreements.end(own.catalogue, { id: agreement }, 'left')],
  ])('has one line for what was announced, and one for its end where %s', async (_, end) => {
    const id = idOf(await admit());
    await admit();
    await bindings.opened(own.catalogue, id, 'http://127.0.0.1');
    await bindings.count(own.catalogue, [{ binding: id, requests: 3, bytes: 70 }]);
    await end(id);
    await end(id);
    expect(await lines()).toEqual([line('announced'), line('closed', { ...unused, requests: 3, bytes: 70 })]);
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
  });

  it('that takes no line lets nothing change: what crosses the border is there with its line, or not at all', async () => {
    const { catalogue } = own;
    const federation = federationOfTest({ partners: { b: partnerOfTest('b') } });
    const [of, facts] = [bindingsOf(catalogue, federation), factsOf(catalogue, federation)];
    const { id } = await reserve();
    await of.announced(id);
    await sql`create function refuse() returns trigger as 'begin raise exception ''full''; end' language plpgsql`.execute(
      catalogue,
    );
    await sql`create trigger refusing before insert on ledger execute function refuse()`.execute(catalogue);
    try {
      const served = await agreements.agreementWith(catalogue, { partner: 'b', direction: 'serves' });
      const changes: readonly (() => Promise<unknown>)[] = [
        async () => await admit({ name: 'n2' }),
        async () => await of.opened(id, null),
        async () => await of.close(id, 'why'),
        async () => await bindings.close(catalogue, id, 'why'),
        async () => await agreements.end(catalogue, { id: agreement }, 'left'),
        async () => served && (await facts.end(served, 'left')),
        async () => served && (await facts.joined(served)),
        async () => await command(catalogue, federation, { partner: 'b', command: 'suspend' }),
      ];
      for (const change of changes) await expect(change()).rejects.toThrow('full');
      expect(await stateOf(id)).toBe('admitting');
      const now = await agreements.agreementWith(catalogue, { partner: 'b', direction: 'serves' });
      expect(now).toEqual(served);
      expect(await catalogue.selectFrom('binding').select('name').execute()).toEqual([{ name: 'n1' }]);
      expect(await catalogue.selectFrom('will').selectAll().execute()).toEqual([]);
    } finally {
      await sql`drop trigger refusing on ledger`.execute(catalogue);
      await sql`drop function refuse`.execute(catalogue);
    }
  });

  it('has no line of what no partner has heard of, whatever becomes of it', async () => {
    await bindings.close(own.catalogue, (await reserve()).id, 'no orchestrator would hear of it');
    await bindings.bury(own.catalogue, { agreement, name: 'n2', why: 'ended' });
    expect(await lines()).toEqual([]);
  });

  it('has each line of many that end at once, each following the one before', async () => {
    for (let n = 0; n < 5; n += 1) await admit({ name: `n${n}` });
    await agreements.end(own.catalogue, { id: agreement }, 'left');
    expect((await lines()).slice(5)).toMatchObject(
      Array.from({ length: 5 }, (_, n) => ({ kind: 'closed', key: `n${n}` })),
    );
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
  });

  it('lets nobody use a name twice, also under another agreement, and none that hides a line of ours', async () => {
    await admit();
    await agreements.end(own.catalogue, { id: agreement }, 'left');
    agreement = (await agreements.begin(own.catalogue, { partner: 'b', direction: 'serves' })).id;
    await expect(admit()).resolves.toBe('others');
    const asked = { partner: 'b', kind: 'announced', role: 'asked', key: 'n2', origin: 'operator-a' } as const;
    await note(own.catalogue, { ...asked, what: {}, outcome: 'announced' });
    await admit({ name: 'n2' });
    expect((await lines()).slice(2)).toMatchObject([{ role: 'asked' }, { role: 'served', key: 'n2' }]);
  });
});

describe('what a gateway tells', () => {
  it('is added up, also by two at once, and of a binding that is gone dropped', async () => {
    const { id } = await reserve();
    const told = [
      { binding: id, requests: 2, bytes: 10 },
      { binding: randomUUID(), requests: 1, bytes: 1 },
    ];
    await Promise.all([bindings.count(own.catalogue, told), bindings.count(own.catalogue, told)]);
    await expect(bindingById(own.catalogue, id)).resolves.toMatchObject({ requests: '4', bytes: '20' });
  });

  it('of a target is one callback, with each subscription that notifies it', async () => {
    const { id: binding } = await reserve();
    const target = 'http://127.0.0.1/notified';
    const [one, other] = await Promise.all(
      [1, 2].map(async () => await callbackTo(own.catalogue, { binding, target })),
    );
    expect(one?.id).toBe(other?.id);
    for (const made of ['/s/1', '/s/2', '/s/1'])
      await callbackAnswered(own.catalogue, one?.id ?? '', { at: '/s', made });
    await expect(callbackById(own.catalogue, one?.id ?? '')).resolves.toMatchObject({ target, made: ['/s/1', '/s/2'] });
    await expect(callbackById(own.catalogue, 'no id')).resolves.toBeUndefined();
  });

  it('of a producer that is asked is unanswered until each question is, and then for nobody', async () => {
    const { id: binding } = await reserve();
    const { id = '' } = (await callbackTo(own.catalogue, { binding, target: 'http://127.0.0.1/notified' })) ?? {};
    const unanswered = async () => (await subscriptionsOf(own.catalogue, binding)).unanswered;
    const at = '/s';
    for (let n = 0; n < 2; n += 1) await expect(callbackAsked(own.catalogue, id, at)).resolves.toBe(true);
    await callbackAnswered(own.catalogue, id, { at, made: '/s/1' });
    await expect(unanswered()).resolves.toEqual([{ at, callback: id }]);
    await callbackAnswered(own.catalogue, id, { at, made: null });
    await expect(unanswered()).resolves.toEqual([]);
    await expect(own.catalogue.selectFrom('callback_asked').selectAll().execute()).resolves.toEqual([]);
  });

  it('of more subscriptions than are kept is noted as a question, so that they are looked for at the end', async () => {
    const { id: binding } = await reserve();
    const [full, other] = await Promise.all(
      ['one', 'other'].map(
        async (each) => await callbackTo(own.catalogue, { binding, target: `http://127.0.0.1/${each}` }),
      ),
    );
    const many = Array.from({ length: 1_000 }, (_, n) => `/s/${n}`);
    await own.catalogue
      .updateTable('callback')
      .set({ made: many })
      .where('id', '=', full?.id ?? '')
      .execute();
    const id = other?.id ?? '';
    for (const [at, made] of [
      ['/t', '/t/1'],
      ['/t', null],
    ] as const) {
      await callbackAsked(own.catalogue, id, at);
      await callbackAnswered(own.catalogue, id, { at, made });
    }
    await callbackAsked(own.catalogue, full?.id ?? '', '/s');
    await callbackAnswered(own.catalogue, full?.id ?? '', { at: '/s', made: '/s/7' });
    const left = await subscriptionsOf(own.catalogue, binding);
    expect(left.made).toHaveLength(1_000);
    expect(left.unanswered).toEqual([{ at: '/t', callback: id }]);
  });

  it('of what is over is forgotten once nothing can be carried out any more, and what was noted meanwhile is not', async () => {
    const { id: binding } = await reserve();
    const { id = '' } = (await callbackTo(own.catalogue, { binding, target: 'http://127.0.0.1/notified' })) ?? {};
    const at = '/s';
    for (let n = 0; n < 2; n += 1) await callbackAsked(own.catalogue, id, at);
    await callbackAnswered(own.catalogue, id, { at, made: '/s/1' });
    await bindings.close(own.catalogue, binding, 'test');
    const seen = await subscriptionsOf(own.catalogue, binding);
    expect(seen).toEqual({ made: ['/s/1'], unanswered: [{ at, callback: id }], settled: false });
    await callbackAnswered(own.catalogue, id, { at, made: '/s/2' });
    await callbackAsked(own.catalogue, id, '/t');
    await unsubscribed(own.catalogue, binding, seen);
    const now = { made: ['/s/2'], unanswered: [{ at: '/t', callback: id }] };
    await expect(subscriptionsOf(own.catalogue, binding)).resolves.toEqual({ ...now, settled: false });
    await own.catalogue
      .updateTable('binding')
      .set({ closed_at: new Date(Date.now() - 61_000) })
      .execute();
    await unsubscribed(own.catalogue, binding, await subscriptionsOf(own.catalogue, binding));
    await expect(subscriptionsOf(own.catalogue, binding)).resolves.toEqual({ made: [], unanswered: [], settled: true });
  });
});

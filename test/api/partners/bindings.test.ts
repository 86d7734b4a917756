import { Client, Connection } from '@temporalio/client';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Consumptions } from '../../../api/consuming.ts';
import { alias } from '../../../catalogue/aliases.ts';
import { close, opened } from '../../../catalogue/bindings.ts';
import { bindingsListed } from '../../../catalogue/bound.ts';
import { served } from '../../../catalogue/serving.ts';
import { want } from '../../../catalogue/wills.ts';
import { BindingShown } from '../../../protocols/mff/bindings.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { ewbi, type Heard, nothingLeaked, Outer, request } from '../../support/outer.ts';

let own: CatalogueOfTest;
let ferry: Outer;
let base: string;
let speech: string;
const name = (letter: string): string => `f${letter.repeat(25)}`;

beforeAll(async () => {
  own = await catalogueOfTest();
});
afterAll(async () => await own?.drop());
beforeEach(async () => {
  await sql`truncate will, agreement, system, ledger cascade`.execute(own.catalogue);
  ferry = await Outer.start(own.catalogue);
  const { federation } = ferry.configuration;
  federation?.shares.push({
    of: 'system-shown',
    with: 'b',
    services: ['speech'],
    applications: [],
    zones: [],
    devices: false,
  });
  const partner = federation?.partners['b'];
  if (partner !== undefined) partner.bindings = 2;
  ferry.admits = async (id) => void (await opened(own.catalogue, id, 'http://10.3.0.7:8080/inner'));
  const context = await ferry.context();
  base = `/mff/v1/${context}/bindings`;
  speech = await told(await offer('speech'));
  return async () => {
    await ferry.stop();
    await nothingLeaked(ferry, own.catalogue);
  };
});

let platform: string | undefined;
/** Of our shown system, as its orchestrator told. */
async function offer(what: string, more: object = {}): Promise<string> {
  const { catalogue } = own;
  const known = await catalogue.selectFrom('system').selectAll().where('local', '=', 'system-shown').executeTakeFirst();
  const system =
    known?.id ??
    (
      await catalogue
        .insertInto('system')
        .values({ local: 'system-shown', name: 'shown', provider: 'Operator A', operator: 'operator-a' })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id;
  if (known === undefined) {
    const row = { system, foreign_id: 'platform-one-host' };
    platform = (await catalogue.insertInto('platform').values(row).returning('id').executeTakeFirstOrThrow()).id;
  }
  const row = {
    platform: platform ?? '',
    system,
    kind: 'service' as const,
    foreign_id: what,
    platform_foreign_id: 'platform-one-host',
    name: what,
    version: '1',
    state: 'ACTIVE' as const,
    transport: 'REST_HTTP',
    serializer: 'JSON',
    endpoint: 'http://10.3.0.7:8080/inner',
    ...more,
  };
  return (await catalogue.insertInto('offer').values(row).returning('id').executeTakeFirstOrThrow()).id;
}

/** The partner gets an id of its own for it. */
async function told(inner: string, partner = 'b'): Promise<string> {
  const agreement = (await served(own.catalogue, { partner }))?.id ?? '';
  await alias(own.catalogue, { agreement, kind: 'offer', inner: [inner] });
  const row = own.catalogue
    .selectFrom('alias')
    .select('id')
    .where('inner_id', '=', inner)
    .where('agreement', '=', agreement);
  return (await row.executeTakeFirstOrThrow()).id;
}

const announce = async (which: string, body: object = { offer: speech }, who = 'b'): Promise<Heard> =>
  await ferry.ask(who, 'PUT', `${base}/${which}`, { body });
const end = async (which: string): Promise<number> => (await ferry.ask('b', 'DELETE', `${base}/${which}`)).status;
const our = async (ours: 'open' | 'suspended'): Promise<void> =>
  await want(own.catalogue, { partner: 'b', direction: 'serves', ours, why: 'test' });

it.each([
  ['NUL', 'a\0b'],
  ['half a character', '\ud800'],
  ['NUL in a name of a member', { 'a\0b': 1 }],
  ['more levels than anybody needs', JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown],
])('with %s nothing is taken, whatever is asked', async (_what, odd) => {
  const mff = base.replace('/bindings', '');
  const via = { origin: 'operator-b', visited: [], hops: 0, patienceMs: 500 };
  const message = '00000000-0000-4000-8000-000000000000';
  const statuses = [
    (await announce(name('a'), { offer: speech, forApplication: odd, later: odd })).status,
    (
      await ferry.ask('b', 'POST', `${mff}/platform-queries`, {
        body: { message, via, wish: { what: { kind: 'service', name: 'x', version: odd } } },
      })
    ).status,
    (await ferry.ask('b', 'POST', `${ewbi}/partner`, { body: { ...request('b', 'https://fm.b.example/'), odd } }))
      .status,
  ];
  expect(statuses).toEqual([400, 400, 400]);
});

describe('what a partner announces', () => {
  it('is open once it is admitted; the same again is the same, and it is listed until it ends', async () => {
    const { status, body } = await announce(name('a'));
    expect([status, BindingShown.parse(body)]).toMatchObject([200, { name: name('a'), state: 'open' }]);
    expect((await announce(name('a'))).body).toMatchObject({ state: 'open' });
    expect((await ferry.ask('b', 'GET', base)).body).toMatchObject([{ name: name('a'), state: 'open' }]);
    expect(await end(name('a'))).toBe(200);
    expect(ferry.poked).toContain('b');
    expect((await ferry.ask('b', 'GET', base)).body).toEqual([]);
    expect((await ferry.ask('b', 'GET', `${base}/${name('a')}`)).body).toMatchObject({ state: 'closed' });
    expect((await announce(name('a'))).status).toBe(410);
    expect(await bindingsListed(own.catalogue, { limit: 10, closed: true })).toMatchObject([
      { system: 'system-shown', platform: 'platform-one-host', kind: 'service', offer_name: 'speech' },
    ]);
  });

  it('is listed whole within what a partner may ask in a second, also where it is ten thousand', async () => {
    const agreement = (await served(own.catalogue, { partner: 'b' }))?.id;
    await sql`insert into binding (name, side, agreement, offer, kind, offer_name, system, platform, state, solution, operator)
      select 'g' || lpad(translate(n::text, '0189', 'abcd'), 25, 'a'), 'producer', ${agreement}::uuid, gen_random_uuid(), 'service', 'speech',
        'system-shown', 'platform-one-host', 'open', 'federators', 'operator-b' from generate_series(1, 10000) as n`.execute(
      own.catalogue,
    );
    const names: string[] = [];
    let [asked, next] = [0, base as string | undefined];
    for (; next !== undefined; asked += 1) {
      const answer = await ferry.ask('b', 'GET', next);
      names.push(...(answer.body as unknown as { name: string }[]).map((each) => each.name));
      const link = /<(bindings\?[^>]*)>/.exec(answer.headers.get('link') ?? '')?.[1];
      next = link === undefined ? undefined : base.replace(/bindings$/, link);
    }
    expect([new Set(names).size, asked <= 20]).toEqual([10_000, true]);
  });

  it('is told as being admitted where that takes longer, and as gone where it is refused', async () => {
    ferry.admits = async () => undefined;
    expect((await announce(name('a'))).body).toMatchObject({ state: 'admitting' });
    ferry.admits = async (id) => void (await close(own.catalogue, id, 'meo-inner does not want it'));
    expect((await announce(name('a'))).status).toBe(410);
  });

  it('while Temporal is away is to be asked again, and stands in nobody’s way where it is given up', async () => {
    const { federation, pace } = ferry.configuration;
    if (federation === undefined) throw new Error('there is no federation');
    const connection = Connection.lazy({ address: '127.0.0.1:1' });
    const log = pino({ level: 'silent' });
    const ours = { taskQueue: 'nobody', world: 'test' };
    const away = new Consumptions(new Client({ connection }), ours, { pace, federation }, log);
    const admits = ferry.admits;
    ferry.admits = async (id) => await away.admit(id, 'b', 100);
    for (const which of ['a', 'b']) {
      const { status, headers, text } = await announce(name(which));
      expect([status, headers.get('retry-after'), text.includes('cannot be answered now')]).toEqual([503, '2', true]);
    }
    expect(await end(name('b'))).toBe(200);
    ferry.admits = admits;
    expect((await announce(name('a'))).body).toMatchObject({ state: 'open' });
    expect((await announce(name('b'))).status).toBe(410);
    await connection.close();
  });

  it('stays ended where it was ended before it was ever heard of', async () => {
    expect([await end(name('a')), await end(name('a'))]).toEqual([200, 200]);
    expect((await announce(name('a'))).status).toBe(410);
  });

  it('is refused under a name that stands for something else, and beyond what a partner may hold', async () => {
    await announce(name('a'));
    expect((await announce(name('a'), { offer: speech, forApplication: 'other' })).status).toBe(409);
    await announce(name('b'));
    expect((await announce(name('c'))).status).toBe(409);
    await end(name('a'));
    expect((await announce(name('c'))).status).toBe(200);
  });

  it('is refused where a gateway would not carry it', async () => {
    const queue = await told(await offer('speech-queue', { name: 'speech', transport: 'MB_PUBSUB' }));
    expect((await announce(name('a'), { offer: queue })).status).toBe(409);
  });

  it('is absent, byte for byte, where it is hidden, gone, never was, or was told to somebody else', async () => {
    const hidden = await told(await offer('secret'));
    const gone = await told(await offer('gone', { name: 'speech', state: 'INACTIVE' }));
    const never = '0b8f9c1e-52f1-4c0f-9d0d-7c8d5f3b1a20';
    const answers = [];
    for (const each of [hidden, gone, never]) answers.push((await announce(name('a'), { offer: each })).text);
    answers.push((await ferry.ask('b', 'GET', `${base}/${name('z')}`)).text.replace(name('z'), name('a')));
    await ferry.join('c');
    answers.push((await announce(name('a'), { offer: speech }, 'c')).text);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('there is no such thing');
  });

  it.each([['Name'], ['f'.repeat(27)], ['f1']])('is refused under a name such as %s', async (which) => {
    expect((await announce(which)).status).toBeGreaterThanOrEqual(400);
    expect(await bindingsListed(own.catalogue, { limit: 10, closed: true })).toEqual([]);
  });
});

describe('the ledger', () => {
  it('has the lines of a partner who used something of ours, and whose they are', async () => {
    await announce(name('a'));
    expect([await end(name('a')), await end(name('a'))]).toEqual([200, 200]);
    await end(name('b'));
    const lines = await own.catalogue
      .selectFrom('ledger')
      .selectAll()
      .where('key', 'in', [name('a'), name('b')])
      .orderBy('n')
      .execute();
    const whose = { partner: 'b', role: 'served', key: name('a'), origin: 'operator-b' };
    const what = { kind: 'service', name: 'speech' };
    expect(lines).toMatchObject([
      { ...whose, what, kind: 'announced' },
      { ...whose, what, kind: 'closed', units: { requests: 0, bytes: 0 } },
    ]);
    expect(JSON.stringify(lines)).not.toContain('has ended it');
  });
});

describe('while our operator has suspended a partner', () => {
  it('nothing is announced or told, and what only ends something goes on', async () => {
    await announce(name('a'));
    await our('suspended');
    expect((await announce(name('b'))).status).toBe(403);
    expect((await ferry.ask('b', 'GET', base)).status).toBe(403);
    expect(await end(name('a'))).toBe(200);
    await our('open');
    expect((await announce(name('a'))).status).toBe(410);
  });
});

import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ewbiTable } from '../../../api/ewbi/table.ts';
import { mffTable } from '../../../api/mff/table.ts';
import type { Operation } from '../../../api/serve.ts';
import type { Tables } from '../../../catalogue/tables.ts';
import { want } from '../../../catalogue/wills.ts';
import type { Will } from '../../../domain/federation.ts';
import { EwbiProblem } from '../../../protocols/ewbi/problem.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { eventually } from '../../support/eventually.ts';
import { ewbi, type Heard, nothingLeaked, Outer, request } from '../../support/outer.ts';

let own: CatalogueOfTest;
let ferry: Outer;
beforeAll(async () => {
  own = await catalogueOfTest();
  await own.catalogue
    .insertInto('system')
    .values({
      local: 'system-shown',
      name: 'Cellular',
      provider: 'Operator A',
      operator: 'operator-a',
      meo: 'meo-inner',
    })
    .execute();
  ferry = await Outer.start(own.catalogue);
});
afterAll(async () => {
  await ferry?.stop();
  await own?.drop();
});
afterEach(async () => {
  for (const table of ['will', 'agreement', 'zone'] as const) await own.catalogue.deleteFrom(table).execute();
  await nothingLeaked(ferry, own.catalogue);
  ferry.told.length = 0;
});

const our = async (ours: Will): Promise<void> =>
  await want(own.catalogue, { partner: 'b', direction: 'serves', ours, why: 'test' });

const operations: readonly (readonly [string, Operation])[] = Object.entries({ ...ewbiTable, ...mffTable });
const underContext = operations.filter(([, { path }]) => path.includes('{federationContextId}'));
const atZone = { zoneId: 'a3b1c2d4-0000-4000-8000-000000000000' };

type Sending = Parameters<Outer['ask']>[3];
/** An operation with a body that is malformed, where it has one. */
const ask = async (
  { method, path, body }: Operation,
  who: string | null,
  context: string,
  more: Sending = {},
): Promise<Heard> =>
  await ferry.ask(
    who,
    method.toUpperCase(),
    path.replace('{federationContextId}', context).replace('{zoneId}', atZone.zoneId),
    {
      ...(body !== undefined && { body: '{' }),
      ...more,
    },
  );

/** Each face tells a refusal in its own form, and nothing besides. */
function expectRefusal({ status, headers, body }: Heard, { path }: Operation, expected: number): void {
  expect({ status, body }).toMatchObject({ status: expected });
  expect(headers.get('content-type')).toMatch('application/problem+json');
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('server')).toBeNull();
  if (path.startsWith(ewbi)) {
    EwbiProblem.strict().parse(body);
    return;
  }
  expect(body).toMatchObject({ type: expect.any(String), title: expect.any(String), status: expected });
  expect(Object.keys(body)).not.toContain('failure');
}

describe.each(operations)('%s', (_name, operation) => {
  const { scope, path, method } = operation;

  it('refuses whoever is nobody, in the order in which it finds out', async () => {
    ferry.logged.length = 0;
    const wrong = 'not-a-context';
    const none = await ask(operation, null, wrong);
    expectRefusal(none, operation, 401);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');

    const bad = await ask(operation, 'b', wrong, { claims: { aud: 'others', scope: 'x' } });
    expectRefusal(bad, operation, 401);
    expect(bad.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);

    expectRefusal(await ask(operation, 'stranger', wrong, { claims: { scope: 'x' } }), operation, 403);
    expectRefusal(await ask(operation, 'of-meo', wrong), operation, 403);

    const others = { claims: { scope: scope === 'mff' ? 'fed-mgmt' : 'mff' } };
    const short = await ask(operation, 'b', wrong, others);
    expectRefusal(short, operation, 403);
    expect(short.headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);

    // Our operator, who is asked by the other one why, reads it
    const lines = (): Record<string, unknown>[] =>
      ferry.logged.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'answered');
    await eventually(() => lines().length >= 5);
    expect(lines().map(({ status, client, why }) => [status, client, why])).toEqual([
      [401, undefined, 'there is no token'],
      [401, undefined, 'the claim aud of the token is not as it must be'],
      [403, 'client-stranger of own', 'the client of the token is no partner of ours'],
      [403, 'client-of-meo of own', 'the client of the token is no partner of ours'],
      [403, undefined, `the token has no scope ${scope}`],
    ]);
  });

  it('is not there by another method', async () => {
    const published = operations.filter(([, one]) => one.path === path).map(([, one]) => one.method.toUpperCase());
    const other = ['PUT', 'PATCH'].find((one) => !published.includes(one)) ?? '';
    const answer = await ferry.ask('b', other, path.replaceAll(/\{\w+\}/g, randomUUID()));
    expectRefusal(answer, operation, 405);
    expect(answer.headers.get('allow')).toMatch(method.toUpperCase());
  });
});

describe.each(operations.filter(([, { body }]) => body !== undefined))('%s', (_name, operation) => {
  it.each<[string, Sending, number]>([
    ['no JSON', { body: '{' }, 400],
    ['a list', { body: [] }, 400],
    ['nothing', {}, 400],
    ['of another type', { body: 'x', headers: { 'content-type': 'text/plain' } }, 415],
    ['longer than it takes', { body: { x: 'x'.repeat(70_000) } }, 413],
    ['compressed', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415],
  ])('refuses a body that is %s', async (_what, sent, status) => {
    const context = await ferry.context();
    expectRefusal(await ask(operation, 'b', context, { body: undefined, ...sent }), operation, status);
  });
});

describe.each(underContext)('%s, under a context', (_name, operation) => {
  it('that is absent, ended, of another partner, or none at all is one and the same refusal, before a body is read', async () => {
    const others = await ferry.context('c');
    const past = await ferry.context('b');
    await ferry.ask('b', 'DELETE', `${ewbi}/${past}/partner`);
    await ferry.context('b');
    const contexts = [randomUUID(), past, others, 'x', '%00', '%252e', '%2F', `${others}'--`, 'a'.repeat(2_000)];
    const answers: Heard[] = [];
    for (const context of contexts) answers.push(await ask(operation, 'b', context));
    await our('ended');
    answers.push(await ask(operation, 'b', await currentContext()));
    for (const answer of answers) expectRefusal(answer, operation, 404);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const headers = answers.map((answer) => [...answer.headers].filter(([name]) => name !== 'date'));
    for (const one of headers) expect(one).toEqual(headers[0]);
  });
});

describe.each(underContext.filter(([, { whileSuspended }]) => whileSuspended === undefined))(
  '%s',
  (_name, operation) => {
    it('is judged by our will before its body is read', async () => {
      const context = await ferry.context();
      await our('suspended');
      const answer = await ask(operation, 'b', context);
      expectRefusal(answer, operation, 403);
      expect(answer.body.type ?? answer.body.cause).toBe('urn:ferry:federation:suspended');
      await our('open');
      expect((await ask(operation, 'b', context)).status).not.toBe(403);
    });
  },
);

describe('a partner that our operator has suspended', () => {
  it('reads that, and ends what it has', async () => {
    const { federationContextId: context, offeredAvailabilityZones } = (await ferry.join()).body;
    const zone = offeredAvailabilityZones[0]?.zoneId ?? '';
    const body = { acceptedAvailabilityZones: [zone], availZoneNotifLink: 'https://fm.b.example/x' };
    await ferry.ask('b', 'POST', `${ewbi}/${context}/zones`, { body });
    await our('suspended');
    const statuses = [];
    for (const [method, path] of [
      ['GET', `/mff/v1/${context}`],
      ['GET', `${ewbi}/fed-context-id`],
      ['DELETE', `${ewbi}/${context}/zones/${zone}`],
      ['DELETE', `${ewbi}/${context}/partner`],
    ] as const)
      statuses.push((await ferry.ask('b', method, path)).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
  });
});

const currentContext = async (): Promise<string> =>
  (
    await own.catalogue
      .selectFrom('agreement')
      .select('context')
      .where('partner', '=', 'b')
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow()
  ).context ?? '';

describe('a request for an agreement is refused', () => {
  const good = request('b', 'https://fm.b.example/x') as Record<string, unknown>;
  it.each<[string, object, string]>([
    ['without an operator', { origOPFederationId: undefined }, 'body.origOPFederationId'],
    ['without a date', { initialDate: undefined }, 'body.initialDate'],
    ['with a date that is none', { initialDate: 'yesterday' }, 'body.initialDate'],
    [
      'with networks that are none',
      { origOPMobileNetworkCodes: { mcc: 'x', mncs: [] } },
      'body.origOPMobileNetworkCodes.mcc',
    ],
    ['without a link', { partnerStatusLink: undefined }, 'body.partnerStatusLink'],
    ...[
      'x',
      'file:///etc/passwd',
      'http://fm.b.example/x',
      'https://169.254.169.254/latest',
      'https://fm.b.example.evil.example/x',
      'https://fm.b.example@evil.example/x',
      'https://user@fm.b.example/x',
      'https://notices.b.example/x',
    ].map((link): [string, object, string] => [
      `with a link to ${link}`,
      { partnerStatusLink: link },
      'body.partnerStatusLink',
    ]),
  ])('%s: 400', async (_what, more, param) => {
    const answer = await ferry.ask('b', 'POST', `${ewbi}/partner`, { body: { ...good, ...more } });
    expectRefusal(answer, ewbiTable.requestFederation, 400);
    expect(answer.body.invalidParams.map((one) => one.param)).toContain(param);
    expect(await own.catalogue.selectFrom('agreement').selectAll().execute()).toEqual([]);
  });

  it('in the name of another operator: 403', async () => {
    const answer = await ferry.ask('b', 'POST', `${ewbi}/partner`, {
      body: { ...good, origOPFederationId: 'operator-c' },
    });
    expectRefusal(answer, ewbiTable.requestFederation, 403);
  });

  it('with a link for zones that leads elsewhere: 400', async () => {
    const body = { acceptedAvailabilityZones: [atZone.zoneId], availZoneNotifLink: 'https://evil.example/x' };
    const answer = await ferry.ask('b', 'POST', `${ewbi}/${await ferry.context()}/zones`, { body });
    expectRefusal(answer, ewbiTable.acceptZones, 400);
  });
});

describe('a page of systems', () => {
  it.each(['after=1', 'after=', 'limit=1'])('by ?%s is malformed', async (query) => {
    const answer = await ferry.ask('b', 'GET', `/mff/v1/${await ferry.context()}/systems?${query}`);
    expectRefusal(answer, mffTable.listSystems, 400);
  });
});

describe('how often', () => {
  it('a partner asks is limited for it alone, before its request is judged', async () => {
    const slow = await Outer.start(own.catalogue, { perSecond: 3 });
    try {
      const many = await Promise.all(
        Array.from({ length: 60 }, async () => await slow.ask('b', 'POST', `${ewbi}/x/zones`, { body: '{' })),
      );
      const refused = many.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(new Set(many.map(({ status }) => status))).toEqual(new Set([404, 429]));
      for (const one of refused) expectRefusal(one, ewbiTable.acceptZones, 429);
      expect(refused[0]?.headers.get('retry-after')).toBe('1');
      expect((await slow.ask('c', 'GET', `${ewbi}/fed-context-id`)).status).toBe(404);
    } finally {
      await slow.stop();
    }
  });

  it('a partner has requests under way is limited for it alone', async () => {
    const slow = await Outer.start(own.catalogue, { atOnce: 2 });
    try {
      const [b, c] = [await slow.context('b'), await slow.context('c')];
      let goOn = (): void => undefined;
      const going = new Promise<void>((resolve) => (goOn = resolve));
      slow.refresh = async () => await going.then(() => true);
      const question = async (who: string, context: string): Promise<Heard> =>
        await slow.ask(who, 'POST', `/mff/v1/${context}/platform-queries`, {
          body: {
            message: randomUUID(),
            via: { origin: `operator-${who}`, visited: [], hops: 0, patienceMs: 5_000 },
            wish: { what: { kind: 'service', name: `nobody-has-${who}` } },
          },
        });
      const asked = [question('b', b), question('b', b)];
      await eventually(() => slow.refreshed.length === 2);
      const more = await slow.ask('b', 'GET', `/mff/v1/${b}`);
      expectRefusal(more, mffTable.showRelation, 429);
      expect((await slow.ask('c', 'GET', `/mff/v1/${c}`)).status).toBe(200);
      goOn();
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
      expect((await slow.ask('b', 'GET', `/mff/v1/${b}`)).status).toBe(200);
    } finally {
      await slow.stop();
    }
  });

  it('nobody keeps an answer that he does not take', async () => {
    const slow = await Outer.start(own.catalogue, { takenMs: 300 });
    const { hostname, port } = new URL(slow.url);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    try {
      socket.pause().write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400));
      await eventually(async () => (await slow.connections()) === 1);
      await eventually(async () => (await slow.connections()) === 0);
      expect(await slow.connections()).toBe(0);
    } finally {
      socket.destroy();
      await slow.stop();
    }
  });

  it('an address asks behind what speaks TLS is its own, by the word of that alone', async () => {
    const slow = await Outer.start(own.catalogue, { strangers: 3, proxies: ['127.0.0.0/8'] });
    try {
      const asked = async (from: string) => {
        const headers = { authorization: 'Bearer x', 'x-forwarded-for': `203.0.113.99, ${from}` };
        return (await fetch(`${slow.url}${ewbi}/fed-context-id`, { headers })).status;
      };
      const flood = await Promise.all(Array.from({ length: 60 }, async () => await asked('198.51.100.1')));
      expect(new Set(flood)).toEqual(new Set([401, 429]));
      expect(await asked('198.51.100.2')).toBe(401);
    } finally {
      await slow.stop();
    }
  });

  it('an address asks is limited until it is known who asks', async () => {
    const slow = await Outer.start(own.catalogue, { strangers: 3 });
    try {
      const token = `Bearer ${await slow.issuer.token()}`;
      const asked = async (headers: Record<string, string>) =>
        (await fetch(`${slow.url}${ewbi}/fed-context-id`, { headers })).status;
      expect(await asked({ authorization: token })).toBe(404);
      const strangers = await Promise.all(
        Array.from({ length: 60 }, async () => await asked({ authorization: 'Bearer x' })),
      );
      expect(new Set(strangers)).toEqual(new Set([401, 429]));
      const known = await Promise.all(Array.from({ length: 20 }, async () => await asked({ authorization: token })));
      expect(new Set(known)).toEqual(new Set([404]));
    } finally {
      await slow.stop();
    }
  });
});

describe('what is away', () => {
  it.each(operations)('%s is answered 503 without the database', async (_name, operation) => {
    const pool = new Pool({ connectionString: 'postgres://ferry:secret@127.0.0.1:1/ferry' });
    const nowhere = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    const lost = await Outer.start(nowhere);
    try {
      const path = operation.path.replaceAll(/\{\w+\}/g, randomUUID());
      const answer = await lost.ask('b', operation.method.toUpperCase(), path, {
        ...(operation.body !== undefined && { body: request('b', 'https://fm.b.example/x') }),
      });
      expectRefusal(answer, operation, 503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      await nothingLeaked(lost, own.catalogue);
    } finally {
      await lost.stop();
      await nowhere.destroy();
    }
  });

  it('is answered 503 without the keys of the authorization server', async () => {
    const lost = await Outer.start(own.catalogue);
    try {
      lost.issuer.away = 500;
      const answer = await lost.ask('b', 'GET', `${ewbi}/fed-context-id`);
      expectRefusal(answer, ewbiTable.findContext, 503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      await nothingLeaked(lost, own.catalogue);
    } finally {
      await lost.stop();
    }
  });
});

describe('what there is not', () => {
  it.each([
    '/',
    '/v1/relocations',
    '/docs',
    '/health/live',
    '/fed_enablement/v1/fed_resources/system_info',
    '/callbacks/v1',
  ])('%s is answered 404', async (path) => {
    const answer = await ferry.ask('b', 'GET', path);
    expect(answer.status).toBe(404);
  });

  it.each([`${ewbi}/x/files`, `${ewbi}/`, '/mff/v1/', `/mff/v1/${randomUUID()}/bindings`])(
    '%s is asked for a token first',
    async (path) => {
      expect((await ferry.ask(null, 'GET', path)).status).toBe(401);
      expect((await ferry.ask('b', 'GET', path)).status).toBe(404);
    },
  );
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { northboundTable as operations } from '../../api/northbound/table.ts';
import type { Problem } from '../../api/resources.ts';
import { type Answer, nowhere, Served } from '../support/api.ts';
import { bytes } from '../support/bytes.ts';
import { busy } from '../support/busy.ts';

let api: Served;
const temporal = nowhere();
beforeAll(async () => {
  api = await Served.start({ temporal });
});
afterAll(async () => {
  await api.stop();
  await temporal.connection.close();
});

const good = { application: 'counter', source: 'cloud', target: 'a1' };
const ID = `${'a'.repeat(25)}.01999999-1111-7111-8111-111111111111`;

/** Everything that is refused is refused alike: a problem that says what to mend, and nothing of the inside. */
function expectProblem({ headers, body }: Answer<Problem>): void {
  expect(headers.get('content-type')).toMatch('application/problem+json');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-powered-by')).toBeNull();
  expect(body).toMatchObject({ title: expect.any(String) as string, detail: expect.any(String) as string });
  expect(body.remedy ?? '').not.toBe('');
  expect(JSON.stringify(body)).not.toMatch(/\.ts|node_modules|at file:/);
}

describe('what fits none of several forms', () => {
  it('is told what each of them wants', async () => {
    const { body } = await api.post('/v1/relocations', { ...good, cutOver: { approval: 'yes' } });
    const [error] = body.errors ?? [];
    expect(error?.path).toBe('body.cutOver');
    expect(error?.message).toMatch(
      /^none of what is allowed: expected "immediately"; or approval: expected true; or at: /,
    );
    expect(error?.message).toMatch(/; or standby: /);
  });
});

describe('a request to start', () => {
  it.each<[string, unknown, string]>([
    ['no body', undefined, 'body'],
    ['a list', [], 'body'],
    ['null in a list', [null], 'body'],
    ['no application', { source: 'cloud', target: 'a1' }, 'body.application'],
    ['an empty name', { ...good, application: '' }, 'body.application'],
    ['a name that steers a terminal', { ...good, application: 'a\u202eb\u001b[2J' }, 'body.application'],
    ['a name that is a path', { ...good, target: '../a1' }, 'body.target'],
    ['a number for a name', { ...good, source: 7 }, 'body.source'],
    ['the source as the target', { ...good, target: 'cloud' }, 'body.target'],
    ['a member of ours', { ...good, epoch: 7 }, 'body'],
    ['a prototype', '{"application":"counter","source":"cloud","target":"a1","__proto__":{"users":"ue-1"}}', 'body'],
    ['an interruption of nothing', { ...good, maxInterruptionMs: 0 }, 'body.maxInterruptionMs'],
    ['an interruption that is no number', { ...good, maxInterruptionMs: 'short' }, 'body.maxInterruptionMs'],
    ['a deadline that is no instant', { ...good, deadline: 'tomorrow' }, 'body.deadline'],
    ['a deadline of a day that there is not', { ...good, deadline: '2026-02-31T12:00:00Z' }, 'body.deadline'],
    ['a deadline without seconds', { ...good, deadline: '2030-01-01T00:00Z' }, 'body.deadline'],
    ['a deadline of local time', { ...good, deadline: '2030-01-01T00:00:00' }, 'body.deadline'],
    ['a deadline that is a date', { ...good, deadline: '2030-01-01' }, 'body.deadline'],
    ['a deadline with something behind it', { ...good, deadline: '2030-01-01T00:00:00Zjunk' }, 'body.deadline'],
    ['a deadline in small letters', { ...good, deadline: '2030-01-01t00:00:00z' }, 'body.deadline'],
    ['a cut-over at a date', { ...good, cutOver: { at: '2026-12-01' } }, 'body.cutOver.at'],
    [
      'a cut-over later than the deadline',
      { ...good, cutOver: { at: '2030-01-01T12:00:01+01:00' }, deadline: '2030-01-01T11:00:00Z' },
      'body.cutOver.at',
    ],
    ['a cut-over of another kind', { ...good, cutOver: 'later' }, 'body.cutOver'],
    ['a cut-over both ways', { ...good, cutOver: { approval: true, at: '2030-01-01T00:00:00Z' } }, 'body.cutOver'],
  ])('with %s is answered 400', async (_, body, path) => {
    const answer = await api.post('/v1/relocations', body);
    expect(answer.status).toBe(400);
    expectProblem(answer);
    expect(answer.body.errors?.map((error) => error.path)).toContain(path);
  });

  it.each<[string, string]>([
    ['is no JSON', '{'],
    ['is a bare text', '"counter"'],
    ['is empty, and says that it is JSON', ' '],
    ['is deep beyond sense', '['.repeat(30_000)],
  ])('whose body %s is answered 400', async (_, body) => {
    const answer = await api.post('/v1/relocations', body);
    expect(answer.status).toBe(400);
    expectProblem(answer);
  });

  it.each<[string, unknown, RegExp]>([
    ['application', { ...good, application: 'chess' }, /no application chess; there is counter/],
    ['source', { ...good, source: 'mars' }, /no site mars; there is cloud, cloud2, a1, a2, w1/],
    ['target', { ...good, target: 'constructor' }, /no site constructor/],
    ['user', { ...good, users: 'ue-9' }, /no user ue-9; there is ue-1, ue-2/],
  ])('that names an unknown %s is answered 422, and told what there is', async (_, body, detail) => {
    const answer = await api.post('/v1/relocations', body);
    expect(answer.status).toBe(422);
    expectProblem(answer);
    expect(answer.body).toMatchObject({ failure: 'UnknownName', detail: expect.stringMatching(detail) as string });
  });

  it('between two clouds is answered 422', async () => {
    const answer = await api.post('/v1/relocations', { ...good, target: 'cloud2' });
    expect(answer.status).toBe(422);
    expectProblem(answer);
    expect(answer.body.detail).toBe('cloud and cloud2 are both clouds');
  });

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(201)])('with the Idempotency-Key %j is answered 400', async (key) => {
    const answer = await api.post('/v1/relocations', good, { 'idempotency-key': key });
    expect(answer.status).toBe(400);
    expectProblem(answer);
    expect(answer.body.errors?.[0]?.path).toBe('header.idempotency-key');
  });

  it.each([
    [
      'more than 64 kB',
      JSON.stringify({ ...good, users: 'x'.repeat(70_000) }),
      { 'content-type': 'application/json' },
      413,
    ],
    ['a form', 'application=counter', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['no media type', Buffer.from('{}'), {}, 415],
    ['a compressed body', 'x', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
    ['another character set', '{}', { 'content-type': 'application/json; charset=latin1' }, 415],
  ])('with %s is answered with its status', async (_, body, headers, status) => {
    const answer = await api.ask('/v1/relocations', {
      method: 'POST',
      body,
      headers,
    });
    expect(answer.status).toBe(status);
    expectProblem(answer);
  });
});

describe('a query', () => {
  it.each([
    ['/v1/relocations?limit=0', 'query.limit'],
    ['/v1/relocations?limit=101', 'query.limit'],
    ['/v1/relocations?limit=ten', 'query.limit'],
    ['/v1/relocations?limit=1&limit=2', 'query.limit'],
    ['/v1/relocations?state=asleep', 'query.state'],
    ['/v1/relocations?outcome=lost', 'query.outcome'],
    ["/v1/relocations?application=' OR 1=1", 'query.application'],
    ['/v1/relocations?next=zzz', 'query.next'],
    ['/v1/relocations?limit=0x10', 'query.limit'],
    ['/v1/relocations?limit=1e1', 'query.limit'],
    ['/v1/relocations?limit=%2B5', 'query.limit'],
    ['/v1/relocations?limit=5.0', 'query.limit'],
    ['/v1/relocations?limit=', 'query.limit'],
    ['/v1/relocations?filter=all', 'query'],
    [`/v1/relocations/${ID}?verbose`, 'query'],
    ['/v1/peers?x=1', 'query'],
    ['/health/live?x=1', 'query'],
  ])('%s is answered 400', async (path, where) => {
    const answer = await api.get(path);
    expect(answer.status).toBe(400);
    expectProblem(answer);
    expect(answer.body.errors?.map((error) => error.path)).toContain(where);
  });

  it('with the `next` of another list is answered 404', async () => {
    const answer = await api.get(`/v1/relocations?next=e30.${'a'.repeat(25)}`);
    expect(answer.status).toBe(404);
    expectProblem(answer);
  });

  it('with dryRun, which is a plan of its own now, is answered 400', async () => {
    const answer = await api.post('/v1/relocations?dryRun=true', good);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'query' }] } });
  });
});

describe('what is missing, or there twice', () => {
  it.each([
    ['/v1/relocations', { application: 'counter', source: 'cloud' }, 'target', 'is missing: expected string'],
    ['/v1/followers', { application: 'counter', user: 'ue-7' }, 'among', 'is missing: expected array'],
    [
      '/v1/followers',
      { application: 'counter', user: 'ue-7', among: ['a1', 'a1'] },
      'among',
      'names one of them twice',
    ],
    ['/v1/evacuations', { site: 'a1', among: ['a2', 'a2'] }, 'among', 'names one of them twice'],
    ['/v1/placements', { application: 'counter', users: '*', among: ['a2', 'a2'] }, 'among', 'names one of them twice'],
  ])('is told so: %s %j', async (path, body, member, message) => {
    const answer = await api.post(path, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: `body.${member}`, message }] } });
    expectProblem(answer);
  });
});

describe('an id', () => {
  const bad = [
    'x',
    'a.b',
    `${'a'.repeat(25)}.x`,
    `${'A'.repeat(25)}.${ID.slice(26)}`,
    'relocation:x',
    '%2e%2e%2fhealth',
  ];
  const paths = ['', '/events'];
  it.each(bad.flatMap((id) => paths.map((rest) => `/v1/relocations/${id}${rest}`)))(
    'that cannot be one is not found: GET %s',
    async (path) => {
      const answer = await api.get(path);
      expect(answer).toMatchObject({ status: 404, body: { failure: 'UnknownRelocation' } });
      expectProblem(answer);
    },
  );

  it.each(['pause', 'resume', 'cancel', 'approve', 'retry', 'abandon'])(
    'that cannot be one is not found: POST %s',
    async (action) => {
      const answer = await api.post(`/v1/relocations/x/${action}`);
      expect(answer).toMatchObject({ status: 404, body: { failure: 'UnknownRelocation' } });
      expectProblem(answer);
    },
  );

  it('that does not decode is answered 400', async () => {
    const answer = await api.get('/v1/relocations/%E0%A4%A');
    expect(answer.status).toBe(400);
    expectProblem(answer);
  });
});

describe('a path and a method', () => {
  it.each([
    '/v2/relocations',
    '/v1',
    '/v1/relocations/',
    '/V1/relocations',
    '/health/live/',
    '/docs/swagger-initializer.js',
    '/docs/package.json',
    '/docs/..%2fpackage.json',
  ])('%s is answered 404', async (path) => {
    const answer = await api.get(path);
    expect(answer.status).toBe(404);
    expectProblem(answer);
  });

  const paths = [...new Set(Object.values(operations).map(({ path }) => path))];
  const isThere = (method: string, path: string): boolean =>
    Object.values(operations).some((one) => one.path === path && one.method.toUpperCase() === method);
  it.each(
    paths.flatMap((path) =>
      ['PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !isThere(method, path)).map((method) => [method, path]),
    ),
  )('%s %s is answered 405, with what is allowed', async (method, path) => {
    const answer = await api.ask(path.replace('{id}', ID), { method });
    expect(answer.status).toBe(405);
    expectProblem(answer);
    const methods = Object.values(operations)
      .filter((one) => one.path === path)
      .map((one) => one.method.toUpperCase());
    for (const one of methods) expect(answer.headers.get('allow')).toMatch(one);
    expect(answer.headers.get('allow')).not.toMatch(method);
  });

  it('a command with a body is answered 400', async () => {
    const answer = await api.post(`/v1/relocations/${ID}/pause`, { reason: 'lunch' });
    expect(answer.status).toBe(400);
    expectProblem(answer);
  });

  it('a command from a page of another site is answered 403', async () => {
    const answer = await api.post(`/v1/relocations/${ID}/cancel`, undefined, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
    expectProblem(answer);
  });
});

describe('without Temporal', () => {
  it.concurrent.each<[string, () => Promise<Answer<Problem>>]>([
    ['starting', async () => await api.post('/v1/relocations', good, { 'idempotency-key': 'k' })],
    ['planning', async () => await api.post('/v1/plans', good)],
    ['listing', async () => await api.get('/v1/relocations')],
    ['showing', async () => await api.get(`/v1/relocations/${ID}`)],
    ['watching', async () => await api.get(`/v1/relocations/${ID}/events`)],
    ['commanding', async () => await api.post(`/v1/relocations/${ID}/pause`)],
    ['surveying', async () => await api.get('/v1/peers')],
    ['being ready', async () => await api.get('/health/ready')],
  ])('%s is answered 503 with Retry-After within 4 s', async (_, ask) => {
    const begun = performance.now();
    const answer = await ask();
    expect(performance.now() - begun).toBeLessThan(4_000 * busy());
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expectProblem(answer);
  });

  it('the process is alive all the same', async () => {
    await expect(api.get('/health/live')).resolves.toMatchObject({ status: 200, body: { status: 'live' } });
  });
});

describe('bytes', () => {
  it.each([
    [
      'that expect the unexpected',
      'GET / HTTP/1.1\r\nHost: ferry.example\r\nExpect: cake\r\nConnection: close\r\n\r\n',
      417,
    ],
    ['that are no HTTP', 'EHLO ferry\r\n\r\n', 400],
    ['of headers beyond 16 kB', `GET / HTTP/1.1\r\nHost: ferry.example\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'of a query beyond 16 kB',
      `GET /v1/relocations?${'a&'.repeat(20_000)} HTTP/1.1\r\nHost: ferry.example\r\n\r\n`,
      431,
    ],
    ['with a header that is broken in two', 'GET / HTTP/1.1\r\nHost: ferry.example\r\nX: a\rb\r\n\r\n', 400],
  ])('%s are answered with a problem', async (_, text, status) => {
    const heard = await bytes(api.url, text);
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const problem = JSON.parse(heard.slice(heard.indexOf('\r\n\r\n') + 4)) as { status: number; remedy: string };
    expect(problem.status).toBe(status);
    expect(problem.remedy).not.toBe('');
  });

  it('that come too slowly are answered 408, in the headers as in the body', async () => {
    const started = 'POST /v1/relocations HTTP/1.1\r\nHost: ferry.example\r\nContent-Type: application/json\r\n';
    const answers = await Promise.all([
      bytes(api.url, started),
      bytes(api.url, `${started}Content-Length: 9\r\n\r\n{`),
    ]);
    for (const heard of answers) expect(heard).toMatch(/^HTTP\/1.1 408 [^]*remedy/);
  });
});

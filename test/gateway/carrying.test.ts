import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Collector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { ask, Gateways, isRefusal, json } from '../support/gateways.ts';
import { longText } from '../support/long-text.ts';
import { claimNetwork } from '../support/network.ts';

void claimNetwork; // this file needs a network of its own

let gateways: Gateways;
let collector: Collector;
beforeAll(async () => {
  collector = await Collector.start();
  gateways = await Gateways.start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' });
});
afterAll(async () => {
  await gateways?.end();
  collector.stop();
});
beforeEach(() => {
  gateways.service = (_req, res) => void res.end();
  gateways.application = (_req, res) => void res.writeHead(204).end();
});

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the service heard, answered so. */
function hearing(answer: (res: ServerResponse, heard: Heard) => void): Heard[] {
  const all: Heard[] = [];
  gateways.service = async (req, res) => {
    const heard = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body: await text(req) };
    all.push(heard);
    answer(res, heard);
  };
  return all;
}

const say =
  (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  (res: ServerResponse): void =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

it('each end counts what has passed', async () => {
  hearing((res) => void res.writeHead(200, { 'content-type': 'text/plain' }).end('12345'));
  for (let n = 0; n < 3; n += 1) await ask(gateways.egress, '/x', { method: 'POST', body: '123' });
  const counts = async (side: 'a' | 'b'): Promise<unknown[]> => {
    const [row] = await gateways.tell(side, 'select requests, bytes from binding');
    return [Number(row?.['requests']), Number(row?.['bytes'])];
  };
  await eventually(async () => (await counts('a'))[0] === 3 && (await counts('b'))[0] === 3, 15_000);
  expect([await counts('a'), await counts('b')]).toEqual([
    [3, 24],
    [3, 24],
  ]);
});

describe('a request', () => {
  it('reaches the service below its base, with what it says and without who says it', async () => {
    const heard = hearing(say({ ok: true }));
    const answer = await ask(gateways.egress, '/texts/a%20b?lang=de', {
      ...json({ words: 'x' }),
      headers: { 'content-type': 'application/json', authorization: 'Bearer mine', cookie: 'c', 'x-mine': '1' },
    });
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
    const [{ method, url, headers, body } = {} as Heard] = heard;
    expect([method, url, body]).toEqual(['POST', '/speech/v1/texts/a%20b?lang=de', '{"words":"x"}']);
    expect(headers).toMatchObject({ 'x-mine': '1', host: new URL(gateways.producer).host });
    for (const name of ['authorization', 'cookie', 'via', 'x-forwarded-for']) expect(headers).not.toHaveProperty(name);
  });

  it.each([
    ['', '/speech/v1'],
    ['/', '/speech/v1'],
    ['?lang=de', '/speech/v1?lang=de'],
  ])('reaches the service itself, with nothing below it: %j', async (below, wanted) => {
    const heard = hearing(say({ ok: true }));
    expect((await ask(gateways.egress, below)).status).toBe(200);
    expect(heard.map(({ url }) => url)).toEqual([wanted]);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('may be %s', async (method) => {
    const heard = hearing((res) => void res.writeHead(204).end());
    expect((await ask(gateways.egress, '/x', { method })).status).toBe(204);
    expect(heard[0]?.method).toBe(method);
  });

  it('of HEAD has the headers of an answer, and no body', async () => {
    hearing(
      (res) => void res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '7', etag: '"1"' }).end(),
    );
    const answer = await ask(gateways.egress, '/x', { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers).toMatchObject({ 'content-length': '7', etag: '"1"' });
  });

  it('in chunks arrives whole, and so does the answer', async () => {
    gateways.service = (req, res) => void req.pipe(res.writeHead(200, { 'content-type': 'application/octet-stream' }));
    const parts = Array.from({ length: 200 }, (_, n) => Buffer.alloc(10_000, n));
    const answer = await fetch(`${gateways.egress}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new ReadableStream({
        pull: (stream) => {
          const part = parts.shift();
          if (part === undefined) stream.close();
          else stream.enqueue(part);
        },
      }),
      duplex: 'half',
    });
    const whole = Buffer.from(await answer.arrayBuffer());
    expect(whole.length).toBe(2_000_000);
    expect([whole[0], whole[1_999_999]]).toEqual([0, 199]);
  });

  it.each(['/../../mec_app_support/v1', '/%2e%2e/x', '/x%2f..%2fy', '/..;/x', '/%252e%252e/x', '/x%5cy'])(
    'for %s is refused before it crosses',
    async (path) => {
      const heard = hearing(say({}));
      const before = gateways.wires.b.said.length;
      const answer = await ask(gateways.egress, path);
      expect([answer.status, isRefusal(answer)]).toEqual([400, true]);
      expect(heard).toEqual([]);
      expect(gateways.wires.b.said.length).toBe(before);
    },
  );

  it('with JSON of more than a mebibyte is refused, and the next one is not', async () => {
    const heard = hearing(say({}));
    const huge = JSON.stringify({ a: 'x'.repeat(1024 * 1024) });
    expect((await ask(gateways.egress, '/x', json(huge))).status).toBe(413);
    expect((await ask(gateways.egress, '/x', json(huge.slice(0, 100)))).status).toBe(400);
    expect((await ask(gateways.egress, '/x', json({ a: 'x'.repeat(1_000_000) }))).status).toBe(200);
    expect(heard).toHaveLength(1);
  });

  it('that would turn into a WebSocket is refused; one that only offers another protocol is not', async () => {
    hearing(say({}));
    const websocket = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'eA==' };
    expect((await ask(gateways.egress, '/x', { headers: websocket })).status).toBe(501);
    expect((await ask(gateways.egress, '/x', { method: 'TRACE' })).status).toBe(405);
    const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    expect((await ask(gateways.egress, '/x', { headers: h2c })).status).toBe(200);
  });

  it('that names an address of the inside, in its body or query, is refused', async () => {
    const heard = hearing(say({}));
    const inner = `http://127.${gateways.net}.2.1:8080/x`;
    for (const asked of [
      await ask(gateways.egress, `/x?see=${encodeURIComponent(inner)}`),
      await ask(gateways.egress, '/x', json({ see: [inner] })),
    ])
      expect([asked.status, isRefusal(asked)]).toEqual([400, true]);
    expect(heard).toEqual([]);
  });

  it('by a name that nobody was given finds nothing', async () => {
    const answer = await ask(`${gateways.inner('a')}/s/${'x'.repeat(43)}`, '/x');
    expect([answer.status, isRefusal(answer)]).toEqual([404, true]);
    expect((await ask(gateways.inner('a'), '/elsewhere')).status).toBe(404);
  });
});

describe('an answer', () => {
  it('of the service passes as it is, whatever its status; that of a gateway is told by its sign', async () => {
    for (const status of [403, 404, 409, 500, 503]) {
      hearing(say({ title: 'mine' }, status, { 'retry-after': '7', 'ferry-federation': 'refused', server: 'inner' }));
      const answer = await ask(gateways.egress, '/x');
      expect([answer.status, answer.text, isRefusal(answer)]).toEqual([status, '{"title":"mine"}', false]);
      expect(answer.headers).toMatchObject({ 'retry-after': '7' });
      expect(answer.headers).not.toHaveProperty('server');
    }
  });

  it('names its resources as the application has to ask for them', async () => {
    const self = `${gateways.producer}/subscriptions/1`;
    hearing(
      say({ _links: { self: { href: self } }, n: 1 }, 201, {
        location: '/speech/v1/subscriptions/1',
        link: `<${gateways.producer}/subscriptions?page=2>; rel="next"`,
      }),
    );
    const { status, headers, text: body } = await ask(gateways.egress, '/subscriptions', json({}));
    expect(status).toBe(201);
    expect(JSON.parse(body)).toEqual({ _links: { self: { href: `${gateways.egress}/subscriptions/1` } }, n: 1 });
    expect(headers.location).toBe(`${gateways.egress}/subscriptions/1`);
    expect(headers['link']).toBe(`<${gateways.egress}/subscriptions?page=2>; rel="next"`);
  });

  it('keeps numbers that no program can count', async () => {
    const told = '{"n": 123456789012345678901234567890, "x":1.000}';
    hearing((res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(told));
    expect((await ask(gateways.egress, '/x')).text).toBe(told);
  });

  it.each([
    [
      'an address of the inside',
      (res: ServerResponse) => say({ at: `http://127.${gateways.net}.52.1:8080/state` })(res),
    ],
    [
      'the base of another service',
      (res: ServerResponse) => say({ at: gateways.producer.replace('/speech/v1', '/other') })(res),
    ],
    ['a place beside it', (res: ServerResponse) => say({}, 201, { location: '/mec_app_support/v1' })(res)],
    [
      'JSON that is none',
      (res: ServerResponse) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{'),
    ],
    ['JSON without end', (res: ServerResponse) => say({ a: 'x'.repeat(1024 * 1024) })(res)],
  ])('with %s is not passed on', async (_what, answer) => {
    hearing(answer);
    const { status, text: body } = await ask(gateways.egress, '/x', json({}));
    expect(status).toBe(502);
    expect(body).not.toContain(`127.${gateways.net}`);
  });

  it('that is encoded although nobody asked for it is read', async () => {
    const { gzipSync } = await import('node:zlib');
    const packed = gzipSync(JSON.stringify({ self: `${gateways.producer}/x` }));
    hearing(
      (res) => void res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed),
    );
    expect((await ask(gateways.egress, '/x')).text).toBe(`{"self":"${gateways.egress}/x"}`);
  });

  it('of a service that is not there, or breaks off, is no answer of it', async () => {
    gateways.service = (req) => void req.socket.destroy();
    const broken = await ask(gateways.egress, '/x', json({}));
    expect([broken.status, isRefusal(broken)]).toEqual([503, true]);
    gateways.service = (req) => void req.socket.end('no HTTP at all\r\n\r\n');
    expect((await ask(gateways.egress, '/x', json({}))).status).toBe(502);
  });

  it('that breaks off in the middle breaks off for whoever asked', async () => {
    gateways.service = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' }).write('a part');
      setTimeout(() => res.destroy(), 100);
    };
    await expect(ask(gateways.egress, '/x')).rejects.toThrow(/aborted|ECONNRESET/);
  });
});

describe('notifications', () => {
  const subscribe = async (): Promise<string> => {
    const heard = hearing((res, { body }) => {
      const asked = JSON.parse(body) as object;
      say({ ...asked, _links: { self: { href: `${gateways.producer}/subscriptions/7` } } }, 201, {
        location: `${gateways.producer}/subscriptions/7`,
      })(res);
    });
    const asked = { subscriptionType: 'X', callbackReference: `${gateways.notified}?k=1` };
    const answer = await ask(gateways.egress, '/subscriptions', json(asked));
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toEqual({
      ...asked,
      _links: { self: { href: `${gateways.egress}/subscriptions/7` } },
    });
    return (JSON.parse(heard.at(-1)?.body ?? '{}') as { callbackReference: string }).callbackReference;
  };

  it('come to the application that subscribed, by an address of the own gateway at each end', async () => {
    const target = await subscribe();
    expect(target.startsWith(`${gateways.inner('b')}/n/`)).toBe(true);
    const told: { url: string; body: string }[] = [];
    gateways.application = async (req, res) => {
      told.push({ url: req.url ?? '', body: await text(req) });
      res.writeHead(204).end();
    };
    const { status } = await ask(
      target,
      '',
      json({ _links: { subscription: { href: `${gateways.producer}/subscriptions/7` } } }),
    );
    expect(status).toBe(204);
    expect(told).toEqual([
      {
        url: '/heard?k=1',
        body: JSON.stringify({ _links: { subscription: { href: `${gateways.egress}/subscriptions/7` } } }),
      },
    ]);
  });

  it('end with the binding: what was made is known until the application takes it away itself', async () => {
    await subscribe();
    const made = async (): Promise<unknown> =>
      (await gateways.tell('b', 'select made from callback')).map((row) => row['made']);
    expect(await made()).toEqual([[`${gateways.producer}/subscriptions/7`]]);
    hearing((res) => void res.writeHead(204).end());
    expect((await ask(gateways.egress, '/subscriptions/7', { method: 'DELETE' })).status).toBe(204);
    expect(await made()).toEqual([[]]);
  });

  it('that the service is asked for are known before it is, until it says what became of them', async () => {
    const unanswered = async (): Promise<unknown> =>
      (await gateways.tell('b', 'select at, unanswered from callback_asked')).map(({ at, unanswered: n }) => [at, n]);
    const subscription = json({ callbackReference: gateways.notified });
    const noted = [[`${gateways.producer}/subscriptions`, 1]];
    let asked: unknown;
    const answering = async (answer: (res: ServerResponse) => void): Promise<unknown> => {
      gateways.service = async (req, res) => {
        await text(req);
        asked = await unanswered();
        answer(res);
      };
      await ask(gateways.egress, '/subscriptions', subscription);
      expect(asked).toEqual(noted);
      return await unanswered();
    };
    expect(await answering(say({}, 201, { location: `${gateways.producer}/subscriptions/8` }))).toEqual([]);
    expect(await answering(say({}, 403))).toEqual([]);
    // Where it is nobody has heard
    for (const unheard of [say({}, 503), say({}, 201), (res: ServerResponse) => void res.destroy()]) {
      expect(await answering(unheard)).toEqual(noted);
      await gateways.tell('b', 'delete from callback_asked');
    }
  });

  it('go to an application of that platform, and to nobody else', async () => {
    const heard = hearing(say({}));
    for (const callbackReference of [
      `http://127.${gateways.net}.2.1:8080/x`,
      'https://events.example/x',
      'mailto:x@y',
      'x',
      `${gateways.notified}?${longText(1_000)}`,
      `${gateways.notified}?a\0b`,
      `${gateways.notified}?a\ud800`,
      `${gateways.notified}${'\t\n'.repeat(1_000)}`,
    ])
      expect((await ask(gateways.egress, '/subscriptions', json({ callbackReference }))).status).toBe(400);
    expect(heard).toEqual([]);
  });

  it('are of sixteen addresses in one request: of more none is kept', async () => {
    const heard = hearing(say({}));
    const known = async (): Promise<unknown> => (await gateways.tell('a', 'select count(*) from callback'))[0];
    const before = await known();
    const many = (count: number): object[] =>
      Array.from({ length: count }, (_, nth) => ({ callbackUri: `${gateways.notified}?of=many&n=${nth}` }));
    expect((await ask(gateways.egress, '/subscriptions', json(many(17)))).status).toBe(400);
    expect([await known(), heard]).toEqual([before, []]);
    expect((await ask(gateways.egress, '/subscriptions', json([...many(16), ...many(16)]))).status).toBe(200);
  });

  it('are not asked for at a path that nobody keeps', async () => {
    const heard = hearing(say({}));
    const path = `/${Array.from({ length: 3_000 }, () => randomInt(36).toString(36)).join('')}`;
    const answer = await ask(gateways.egress, path, json({ callbackReference: gateways.notified }));
    expect([answer.status, heard]).toEqual([400, []]);
    expect((await ask(gateways.egress, path, json({}))).status).toBe(200);
  });

  it('of nobody, or of what is no notification, find nothing', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect((await ask(gateways.inner('b'), `/n/${id}`, json({}))).status).toBe(404);
    expect((await ask(gateways.inner('b'), '/n/x', json({}))).status).toBe(404);
    const [{ id: ofConsumer } = {}] = await gateways.tell('a', 'select id from callback');
    expect((await ask(gateways.inner('a'), `/n/${String(ofConsumer)}`, json({}))).status).toBe(404);
  });
});

describe('whoever leaves', () => {
  it('leaves nothing open behind him, at either gateway or at the service', async () => {
    let open = 0;
    gateways.service = (_req, res) => {
      open += 1;
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      res.once('close', () => (open -= 1));
    };
    const { hostname, port, pathname } = new URL(gateways.egress);
    const sockets = Array.from({ length: 5 }, () => connect(Number(port), hostname));
    for (const socket of sockets) socket.write(`GET ${pathname}/events HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually(() => open === 5);
    for (const socket of sockets) socket.destroy();
    await eventually(() => open === 0);
    expect(open).toBe(0);
  });

  it('before there is an answer ends the question', async () => {
    let [asked, left] = [0, 0];
    gateways.service = (req) => {
      asked += 1;
      req.socket.once('close', () => (left += 1));
    };
    const leaving = new AbortController();
    const answer = fetch(`${gateways.egress}/slow`, { signal: leaving.signal }).catch(() => 'left');
    await eventually(() => asked === 1);
    leaving.abort();
    expect(await answer).toBe('left');
    await eventually(() => left === 1);
  });
});

it('no partner has heard of an address, a name or an id of the inside in all of this', () => {
  const crossed = gateways.wires.a.said + gateways.wires.b.said;
  expect(crossed.length).toBeGreaterThan(10_000);
  for (const name of [...gateways.inside('a'), ...gateways.inside('b')]) {
    const at = crossed.indexOf(name);
    expect(at < 0 ? '' : crossed.slice(at - 200, at + 50)).toBe('');
  }
});

it('no log tells a secret, an address of the inside of a URL, or a token', () => {
  const logged = gateways.log('a') + gateways.log('b');
  expect(logged).toContain('/mpp/v1/bindings/{name}');
  for (const secret of [gateways.secret, gateways.name, 'eyJ', 'of-a-client', '/heard'])
    expect(logged).not.toContain(secret);
});

describe('a trace', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const ofPartner = async (trace: string) => {
    await eventually(() => collector.spans.some(({ links = [] }) => links.some(({ traceId }) => traceId === trace)));
    return collector.spans.find(({ links = [] }) => links.some(({ traceId }) => traceId === trace));
  };

  it('of an application goes on through its gateway to the producer; the partner keeps one of its own, and links it', async () => {
    const heard = hearing(say({ ok: true }));
    await ask(gateways.egress, '/texts/of-a-user?who=me', {
      headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: 'mine=1' },
    });
    await eventually(() => collector.named('GET b').some(({ traceId }) => traceId === TRACE));
    const call = collector.named('GET b').find(({ traceId }) => traceId === TRACE);
    expect(heard[0]?.headers).toMatchObject({ traceparent: `00-${TRACE}-${call?.spanId}-01`, tracestate: 'mine=1' });
    const asked = collector.named('GET /s/{secret}').find(({ traceId }) => traceId === TRACE);
    expect([asked?.parentSpanId, call?.parentSpanId]).toEqual(['00f067aa0ba902b7', asked?.spanId]);
    const there = await ofPartner(TRACE);
    expect(there).toMatchObject({ name: 'GET /mpp/v1/bindings/{name}', told: { 'http.response.status_code': '200' } });
    expect(there?.traceId).not.toBe(TRACE);
  });

  it('is begun where the application has none, and told to the partner', async () => {
    const heard = hearing(say({ ok: true }));
    await ask(gateways.egress, '/x');
    const [, trace = ''] = /^00-([0-9a-f]{32})-/.exec(String(heard[0]?.headers['traceparent'])) ?? [];
    await expect(ofPartner(trace)).resolves.toBeDefined();
  });

  it('has nothing of an address, a name of a binding, a secret, a token or a body', () => {
    const { secret, name, producer } = gateways;
    expect(collector.spans.length).toBeGreaterThan(4);
    for (const word of [
      secret,
      name,
      producer,
      'of-a-user',
      'who=me',
      'Bearer',
      ...gateways.inside('a'),
      ...gateways.inside('b'),
    ])
      expect(collector.text).not.toContain(word);
  });
});

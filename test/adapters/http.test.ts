import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Exchange, type Call } from '../../adapters/http.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const Thing = z.object({ id: z.string(), parts: z.array(z.object({ size: z.number() })).optional() });
const get = { method: 'GET', path: '/things/1?device=127.10.100.7', schema: Thing } as const satisfies Call<unknown>;
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

let peer: FaultyServer;
afterEach(async () => await peer.close());

async function answering(serve: (heard: Heard, res: ServerResponse) => Reply | undefined, options = {}) {
  peer = await faultyServer(serve, options);
  return peer.exchange;
}
const replying = async (reply: Reply, options = {}): Promise<Exchange> => await answering(() => reply, options);

describe('a peer that does not answer', () => {
  it('is unavailable after the deadline', async () => {
    const exchange = await answering(() => undefined, { timeoutMs: 300 });
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      nonRetryable: false,
      message: 'peer: GET /things/1 did not answer within 300 ms',
    });
  });

  it('is unavailable when its body trickles past the deadline', async () => {
    const exchange = await answering((_, res) => {
      res.writeHead(200).write('{"id":');
      const drip = setInterval(() => res.write(' '), 50);
      res.on('close', () => clearInterval(drip));
      return undefined;
    });
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });

  it('is unavailable when it resets the connection, and is not asked again', async () => {
    const exchange = await answering((_, res) => void res.socket?.destroy());
    await expect(exchange.ask({ ...get, method: 'PUT' }, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(peer.count(/./)).toBe(1);
  });

  it('is unavailable when nobody listens', async () => {
    const exchange = await replying({ status: 200 });
    await peer.close();
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: 'peer: GET /things/1 did not answer (ECONNREFUSED)',
    });
    peer = await faultyServer(() => ({ status: 200 }));
  });

  it('rethrows the reason of the signal unchanged when we no longer want to know', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled by the server');
    const exchange = await answering(() => {
      stop.abort(reason);
      return undefined;
    });
    await expect(exchange.ask({ ...get, method: 'POST' }, stop.signal)).rejects.toBe(reason);
    expect(peer.lines).toMatchObject([{ audit: true, outcome: 'cancelled' }]);
  });
});

describe('a peer that refuses', () => {
  it.each([500, 502, 503, 504, 408, 429])('is unavailable with %i', async (status) => {
    const exchange = await replying({ status });
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerUnavailable', nonRetryable: false });
  });

  it.each([400, 401, 403, 404, 409, 412, 422, 501, 300, 303])('is taken at its word with %i', async (status) => {
    const exchange = await replying({ status, headers: { location: '/elsewhere' } });
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerRejected', nonRetryable: true });
    expect(peer.count(/./)).toBe(1);
  });

  it('tells when to come again, in seconds or as a date', async () => {
    let header = '7';
    const exchange = await answering(() => ({ status: 503, headers: { 'retry-after': header } }));
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      nextRetryDelay: 7_000,
      message: 'peer: GET /things/1 answered 503; it asked to come back in 7 s',
    });
    header = new Date(Date.now() + 60_000).toUTCString();
    const error = await exchange.ask(get, soon()).catch((reason: unknown) => reason as Error);
    const { nextRetryDelay } = error as unknown as { nextRetryDelay: number };
    expect(nextRetryDelay).toBeGreaterThan(55_000);
    expect(nextRetryDelay).toBeLessThanOrEqual(60_000);
  });

  it.each([-9, 9])('is understood by its own clock, be it %i hours from ours', async (hours) => {
    const there = (ms: number) => new Date(Date.now() + hours * 3_600_000 + ms).toUTCString();
    const exchange = await answering(() => ({
      status: 503,
      headers: { 'retry-after': there(30_000), date: there(0) },
    }));
    const error = await exchange.ask(get, soon()).catch((reason: unknown) => reason as Error);
    expect(Math.abs((error as unknown as { nextRetryDelay: number }).nextRetryDelay - 30_000)).toBeLessThanOrEqual(
      1_000,
    );
  });

  it('is quoted, without addresses and not at length', async () => {
    const detail = `no room on 10.2.3.4:8080, fe80::1 or http://mep.a1/x for imsi 001010123456789 ${'x'.repeat(900)}`;
    const exchange = await replying({ status: 409, json: { title: 'Full', detail } });
    const error = await exchange.ask(get, soon()).catch((reason: unknown) => reason as Error);
    expect((error as Error).message).toMatch(
      /^peer: GET \/things\/1 answered 409: Full: no room on <address>, <address> or <uri> for imsi <number> x+…$/,
    );
    expect((error as Error).message.length).toBeLessThan(260);
  });

  it.each([
    ['is too long', {}, Buffer.alloc(6 * 1024 * 1024, 32)],
    ['is no gzip', { 'content-encoding': 'gzip' }, Buffer.from('no')],
    ['is no JSON', { 'content-type': 'application/problem+json' }, Buffer.from([0xff, 0x00])],
  ])('is taken at its word though what explains it %s', async (_, headers, body) => {
    const exchange = await answering((_heard, res) => void res.writeHead(409, headers).end(body), { timeoutMs: 5_000 });
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerRejected',
      message: 'peer: GET /things/1 answered 409',
    });
  });

  it('is judged by the caller where the caller expects it', async () => {
    const exchange = await replying({ status: 409, json: { detail: 'taken', type: 'Taken' } });
    const answer = await exchange.ask({ ...get, alsoExpect: [409] }, soon());
    expect(answer).toMatchObject({
      status: 409,
      body: { type: 'Taken' },
      told: 'peer: GET /things/1 answered 409: taken',
    });
  });
});

describe('a peer that sends elsewhere', () => {
  it.each([307, 308])('below its own url is followed, with method and body (%i)', async (status) => {
    const exchange = await answering(
      ({ path }) =>
        path.endsWith('/')
          ? { status: 201, json: { id: 'a' }, headers: { location: '1' } }
          : { status, headers: { location: `${path}/` } },
      { base: '/base' },
    );
    const call = { ...get, method: 'POST', path: '/things', json: { a: 1 }, key: 'fkey' } as const;
    expect(await exchange.ask(call, soon())).toMatchObject({ status: 201, body: { id: 'a' }, location: '/things/1' });
    expect(peer.heard.map(({ method, path, json }) => [method, path, json])).toEqual([
      ['POST', '/base/things', { a: 1 }],
      ['POST', '/base/things/', { a: 1 }],
    ]);
    expect(peer.lines).toMatchObject([{ audit: true, path: '/things', status: 201 }]);
  });

  it.each(['http://127.0.0.9/base/things/', '/other/things', '//127.0.0.9/base/x', '/base/../things', 'ftp://x', ''])(
    'anywhere else is not: %j',
    async (location) => {
      const exchange = await replying({ status: 308, headers: { location } }, { base: '/base' });
      await expect(exchange.ask({ ...get, path: '/things' }, soon())).rejects.toMatchObject({
        type: 'PeerRejected',
        message: 'peer: GET /things answered 308: it sends elsewhere than below its url, or in circles',
      });
      expect(peer.heard.length).toBeLessThan(5);
    },
  );

  it.each([301, 302])(
    'by a redirect that makes a GET of whatever was asked is followed with a GET alone (%i)',
    async (status) => {
      const exchange = await answering(({ path }) =>
        path.endsWith('/') ? { status: 200, json: { id: 'a' } } : { status, headers: { location: `${path}/` } },
      );
      expect(await exchange.ask({ ...get, path: '/things' }, soon())).toMatchObject({ status: 200, body: { id: 'a' } });
      for (const method of ['POST', 'PUT', 'DELETE'] as const)
        await expect(exchange.ask({ ...get, method, path: '/things' }, soon())).rejects.toMatchObject({
          type: 'PeerRejected',
        });
      expect(peer.count('GET /things/')).toBe(1);
      expect(peer.heard).toHaveLength(5);
    },
  );

  it('in a circle is not followed for ever', async () => {
    const exchange = await answering(({ path }) => ({ status: 307, headers: { location: `${path}x` } }));
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerRejected' });
    expect(peer.heard).toHaveLength(4);
  });
});

describe('an answer that is encoded, though that was not asked for', () => {
  it('is decoded, within the bound of an answer', async () => {
    const encoded = (body: Buffer, encoding = 'gzip') => ({ headers: { 'content-encoding': encoding }, body });
    let now = encoded(gzipSync('{"id":"a"}'));
    const exchange = await answering((_heard, res) => void res.writeHead(200, now.headers).end(now.body));
    expect((await exchange.ask(get, soon())).body).toEqual({ id: 'a' });
    now = encoded(gzipSync(Buffer.alloc(50 * 1024 * 1024, 32)));
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: GET /things/1 answered with more than 4194304 bytes',
    });
    now = encoded(Buffer.from('{"id":"a"}'));
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: GET /things/1 answered with something that is no gzip',
    });
    for (const encoding of ['x-own', 'constructor', '__proto__']) {
      now = encoded(Buffer.from('?'), encoding);
      await expect(exchange.ask(get, soon())).rejects.toMatchObject({
        type: 'PeerMalformed',
        message: `peer: GET /things/1 answered in the encoding ${encoding}, though not asked to`,
      });
    }
  });
});

describe('an answer that does not fit', () => {
  it('of 200 MB is refused before it has come', async () => {
    const size = 200 * 1024 * 1024;
    let sent = 0;
    let closed: Promise<unknown> = Promise.resolve();
    const exchange = await answering(
      (_, res) => {
        closed = once(res, 'close');
        const pour = (): void => {
          for (; sent < size && !res.destroyed; sent += 65_536)
            if (!res.write(Buffer.alloc(65_536, 32))) return void res.once('drain', pour);
          res.end();
        };
        pour();
        return undefined;
      },
      { timeoutMs: 10_000 },
    );
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: 'peer: GET /things/1 answered with more than 4194304 bytes',
    });
    await closed;
    expect(sent).toBeLessThan(size / 4);
  });

  it.each([
    ['garbage', '<html>', 'its body is no JSON'],
    ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'its body is no JSON'],
    ['nothing', '', 'its body does not fit'],
    ['a list', '[{"id":"a"}]', 'its body does not fit'],
    ['the wrong type', '{"id":"a","parts":[{"size":1},{"size":"2"}]}', 'parts.1.size does not fit'],
    ['a member too few', '{}', 'id does not fit'],
    ['a prototype', '{"id":"a","x":{"__proto__":{"admin":true}}}', 'its body has a member __proto__'],
    ['a constructor', '{"id":"a","constructor":{"prototype":{}}}', 'its body has a member constructor'],
    [
      'a deep well',
      `{"id":"a","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      'its body is nested deeper than 32 levels',
    ],
  ])('is malformed: %s', async (_, body, told) => {
    const exchange = await answering((_heard, res) => void res.writeHead(200).end(body));
    const error = await exchange.ask(get, soon()).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ type: 'PeerMalformed', nonRetryable: true });
    expect((error as Error).message).toContain(`peer: GET /things/1 answered 200, but ${told}`);
  });

  it('is malformed when it is no HTTP', async () => {
    await replying({ status: 200 });
    const server = createServer((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const exchange = new Exchange({ name: 'peer', url, timeoutMs: 2_000 }, pino({ enabled: false }));
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
    await new Promise((closed) => server.close(closed));
  });
});

describe('an answer', () => {
  it('without a body is undefined', async () => {
    const exchange = await replying({ status: 204 });
    const { body } = await exchange.ask({ ...get, schema: Thing.optional() }, soon());
    expect(body).toBeUndefined();
  });

  it.each(['/things/..', '/things/.', '/../things/1', '/things/../x?y=.'])(
    'is not asked for where dots alone name what is asked for (%s): that would be the answer of another',
    async (path) => {
      const exchange = await replying({ status: 200, json: { id: 'a' } });
      await expect(exchange.ask({ ...get, path }, soon())).rejects.toMatchObject({
        type: 'PeerMalformed',
        message: expect.stringContaining('was not asked: no path leads to what it names by dots alone'),
      });
      expect(peer.heard).toEqual([]);
      await expect(exchange.ask({ ...get, path: '/things/...?of=../x' }, soon())).resolves.toMatchObject({
        status: 200,
      });
    },
  );

  it('may have half a character, as whoever cuts texts makes it: a path can be made of it all the same', async () => {
    const exchange = await replying({ status: 200, text: String.raw`{"id":"a\ud83d","parts":["\udfff"]}` });
    const { body } = await exchange.ask({ ...get, schema: z.unknown() }, soon());
    expect(body).toEqual({ id: 'a\ufffd', parts: ['\ufffd'] });
    expect(encodeURIComponent((body as { id: string }).id)).toBe('a%EF%BF%BD');
  });

  it.each([
    ['HTML', '<html>'],
    ['too much', ' '.repeat(5 * 1024 * 1024)],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('that is welcome, and not needed, is none where it is %s; its headers count', async (_, text) => {
    const exchange = await answering((_heard, res) => void res.writeHead(201, { location: '/things/7' }).end(text), {
      timeoutMs: 5_000,
    });
    const call = { method: 'POST', path: '/things', json: {}, schema: z.unknown() } as const;
    await expect(exchange.ask({ ...call, hint: true }, soon())).resolves.toMatchObject({
      status: 201,
      body: undefined,
      location: '/things/7',
    });
    await expect(exchange.ask(call, soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });

  it('is not looked at without a schema, however long it is', async () => {
    let text = 'done.';
    const exchange = await answering(() => ({ status: 200, text }), { timeoutMs: 5_000 });
    expect((await exchange.ask({ method: 'DELETE', path: '/things/1' }, soon())).body).toBeUndefined();
    text = 'x'.repeat(20 * 1024 * 1024);
    expect((await exchange.ask({ method: 'GET', path: '/things' }, soon())).status).toBe(200);
  });

  it('tells its links as paths below the url of the peer', async () => {
    const exchange = await answering(
      () => ({
        status: 201,
        json: { id: 'a' },
        headers: {
          etag: '"3"',
          location: `${peer.url}/things/2`,
          link: '</base/first>; rel="first", <?nextpage_opaque_marker=abc>; rel="next"',
        },
      }),
      { base: '/base' },
    );
    const answer = await exchange.ask({ ...get, path: '/things' }, soon());
    expect(answer).toMatchObject({ etag: '"3"', location: '/things/2', next: '/things?nextpage_opaque_marker=abc' });
    expect(peer.heard[0]?.path).toBe('/base/things');
  });

  it.each([
    ['<?n=1>;rel="prev next"', '/things?n=1'],
    ['<?n=1>; REL = Next; ', '/things?n=1'],
    [' , <?n=1>; rel=next', '/things?n=1'],
    ['<?n=1>; title="more, <of it>; rel=last"; rel=next', '/things?n=1'],
    ['<?n=1>; crossorigin; rel=next', '/things?n=1'],
    ['</x?a=1,2>; rel="first", <?n=1>; rel="next"', '/things?n=1'],
    ['<?n=1>; title="rel=next"', null],
    ['<?n=1>; rel=nextish, <?n=2>; rel="x-next"', null],
    ['no link at all', null],
    [`<${'<'.repeat(4_000)}${'; a="'.repeat(2_000)}`, null],
  ])('has a next page by %.60s', async (link, next) => {
    const exchange = await answering(() => ({ status: 200, json: { id: 'a' }, headers: { link } }));
    expect((await exchange.ask({ ...get, path: '/things' }, soon())).next).toBe(next);
  });

  it('whose location is at another host has none, and whose next page is there is malformed', async () => {
    let headers: Record<string, string> = { location: 'http://127.0.0.9/things/2' };
    const exchange = await answering(() => ({ status: 200, json: { id: 'a' }, headers }));
    expect((await exchange.ask(get, soon())).location).toBeNull();
    headers = { link: '<http://127.0.0.9/things?page=2>; rel=next' };
    await expect(exchange.ask(get, soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });
});

describe('the record of a call', () => {
  it('is one audit line for each that changes something, with its key, and never with its query', async () => {
    const exchange = await replying({ status: 201, json: { id: 'a' } });
    await exchange.ask({ ...get, method: 'POST', json: { a: 1 }, key: 'fkey' }, soon());
    expect(peer.heard[0]?.headers).toMatchObject({ 'x-correlator': 'fkey', 'content-type': 'application/json' });
    expect(peer.lines).toEqual([
      expect.objectContaining({
        level: 30,
        audit: true,
        peer: 'peer',
        method: 'POST',
        path: '/things/1',
        status: 201,
        key: 'fkey',
      }),
    ]);
    expect(JSON.stringify(peer.lines)).not.toContain('127.10.100.7');
  });

  it('is none of a question, though it is posted', async () => {
    const exchange = await replying({ status: 200, json: { id: 'a' } });
    await exchange.ask({ ...get, method: 'POST', json: {}, question: true }, soon());
    expect(peer.lines).toMatchObject([{ level: 20, method: 'POST' }]);
    expect(peer.lines[0]).not.toHaveProperty('audit');
  });

  it('is written for a call without an answer too, and for a read only at debug', async () => {
    const exchange = await answering((_, res) => void res.socket?.destroy());
    await exchange.ask({ ...get, method: 'PATCH' }, soon()).catch(() => {});
    await exchange.ask(get, soon()).catch(() => {});
    expect(peer.lines).toMatchObject([
      { level: 30, audit: true, method: 'PATCH', outcome: 'no answer' },
      { level: 20, method: 'GET', outcome: 'no answer' },
    ]);
    expect(peer.lines[1]).not.toHaveProperty('audit');
  });
});

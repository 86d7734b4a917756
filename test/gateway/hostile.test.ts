import { once } from 'node:events';
import { createServer, get, request, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as listening, type Server as Listening, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Carrier } from '../../gateway/carrier.ts';
import { refusedHere } from '../../gateway/refusals.ts';
import { served } from '../../gateway/served.ts';
import { below, targetOf } from '../../gateway/target.ts';
import { hostOf } from '../../gateway/translation.ts';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';

const TO = 'http://gateway.example/bindings/n';

let producer: Listening;
let gateway: Server;
let carrier: Carrier;
let play: (socket: Socket, heard: string) => void;
/** Ends what is under way, as a verdict does. */
let cut: (why: Error) => void;
const nobody = (): void => undefined;
const faults: string[] = [];

const portOf = (server: Listening): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  producer = listening((socket) => {
    socket.on('error', () => undefined);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (heard.includes('\r\n\r\n')) play(socket, heard);
    });
  });
  await once(producer.listen(0, '127.0.0.1'), 'listening');
  const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(line) });
  const base = `http://127.0.0.1:${portOf(producer)}/rni/v2`;
  const hides = (url: URL): boolean => hostOf(url) === '127.0.0.1';
  gateway = createServer(
    served(
      [
        {
          name: 'all',
          at: /^(.*)$/,
          handler: async (req, res, _found, [, url = '']) => {
            const ending = new AbortController();
            res.once('close', () => ending.abort(new Error('gone')));
            cut = (why) => ending.abort(why);
            const target = targetOf(url);
            await carrier.carry(
              req,
              res,
              {
                path: {} as never,
                asked: below(base, target),
                target,
                asks: async () => ({ from: TO, to: base, hides }),
                answers: async () => ({ from: base, to: TO, hides }),
              },
              { signal: ending.signal, passed: () => undefined, distrusted: () => undefined },
            );
          },
        },
      ],
      log,
    ),
  );
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  producer.close();
});
/** Each with connections of its own: a producer that ends one does not say so before. */
beforeEach(() => {
  carrier = new Carrier();
  return async () => await carrier.end();
});

const says = (bytes: string): void => {
  play = (socket) =>
    void socket.end(Buffer.from(bytes.replaceAll('BASE', `http://127.0.0.1:${portOf(producer)}`), 'utf8'));
};

interface Heard {
  readonly status: number;
  readonly names: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly raw: string;
}

const asked = async (): Promise<Heard> => {
  const req = get({ port: portOf(gateway), host: '127.0.0.1', path: '/x', agent: false });
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const body = await text(res).catch((error: Error) => `cut: ${error.message}`);
  const names = Object.keys(res.headers);
  return { status: res.statusCode ?? 0, names, headers: res.headers, body, raw: `${res.rawHeaders.join()} ${body}` };
};

const OK = 'HTTP/1.1 200 OK\r\n';
const INSIDE = /127\.0\.0\.1|7f00/;

describe('an answer', () => {
  it.each([
    ['another address in a Link', `${OK}Link: </rni/v2/x>; rel=up; anchor="BASE/other"\r\nContent-Length: 2\r\n\r\nok`],
    ['a place beyond all ports', 'HTTP/1.1 201 OK\r\nLocation: http://127.0.0.1:99999/\r\nContent-Length: 2\r\n\r\nok'],
    ['an IPv4 address as one of IPv6', `${OK}Location: http://[::ffff:127.0.0.1]/\r\nContent-Length: 2\r\n\r\nok`],
    [
      'an address within an address',
      `${OK}Content-Type: application/json\r\n\r\n{"a":"BASE/rni/v2?to=http%3A%2F%2F127.0.0.1%2F"}`,
    ],
    ['JSON that does not say so', `${OK}\r\n{"a":"BASE/other"}`],
    [
      'a type, and another one',
      `${OK}Content-Type: image/png\r\nContent-Type: application/json\r\n\r\n{"a":"BASE/other"}`,
    ],
    ['lines of JSON', `${OK}Content-Type: application/x-ndjson\r\n\r\n{"a":"BASE/rni/v2"}\n{"a":"BASE/other"}\n`],
    ['an event', `${OK}Content-Type: text/event-stream\r\n\r\ndata: {"a":"http:\\/\\/127.0.0.1\\/x"}\n\n`],
    ['XML in UTF-16', `${OK}Content-Type: application/xml; charset=utf-16\r\n\r\n<a>BASE/other</a>`],
    ['a part of a text', 'HTTP/1.1 206 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'],
    ['XML in UTF-16 that does not say so', `${OK}Content-Type: application/xml\r\n\r\n\0<\0a\0>`],
    ['parts of several types', `${OK}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nBASE/other\r\n--x--`],
    ['JSON of no application', `${OK}Content-Type: model/gltf+json\r\n\r\n{"uri":"BASE/other"}`],
    ['links without a scheme', `${OK}Content-Type: application/link-format\r\n\r\n<//127.0.0.1/x>;rel=up`],
    ['JSON that leads there without a scheme', `${OK}Content-Type: application/json\r\n\r\n{"a":"//127.0.0.1/"}`],
  ])('with %s is not passed on', async (_what, bytes) => {
    says(bytes);
    const { status, raw } = await asked();
    expect([status, INSIDE.test(raw)]).toEqual([502, false]);
  });

  it('keeps to itself what of its headers names the inside, and to whom characters mean something the others', async () => {
    const inner =
      'X-Backend: 127.0.0.1:8080\r\nWarning: 199 127.0.0.1 "old"\r\nRefresh: 0; url=BASE/other\r\nX-Up: [::ffff:127.0.0.1]:80\r\nX-By: tcp:127.0.0.1:80\r\nX-At: u@127.0.0.1/x\r\nX-To: //127.0.0.1/';
    says(`${OK}${inner}\r\nX-Name: é日\r\nX-Version: 127.0.1\r\nETag: "1"\r\nContent-Type: text/plain\r\n\r\nok`);
    const { status, names, headers, raw } = await asked();
    expect([status, INSIDE.test(raw)]).toEqual([200, false]);
    expect(names).toEqual(['x-name', 'x-version', 'etag', 'content-type', 'date', 'connection', 'transfer-encoding']);
    expect(Buffer.from(String(headers['x-name']), 'latin1').toString()).toBe('é日');
  });

  it('in lines is told by lines', async () => {
    says(`${OK}Content-Type: application/x-ndjson\r\n\r\n{"a":"BASE/rni/v2/1"}\n{"a":"BASE/rni/v2/2"}\n`);
    const { body } = await asked();
    expect(body).toBe(`{"a":"${TO}/1"}\n{"a":"${TO}/2"}\n`);
  });

  it('that is packed is told as well', async () => {
    const packed = gzipSync(`<a href="http://127.0.0.1:${portOf(producer)}/rni/v2/1"/>`);
    play = (socket) => {
      socket.write(`${OK}Content-Type: application/xml\r\nContent-Encoding: gzip\r\n\r\n`);
      socket.end(packed);
    };
    const { body, headers } = await asked();
    expect(body).toBe(`<a href="${TO}/1"/>`);
    expect(headers).not.toHaveProperty('content-encoding');
  });

  it('is cut where it names the inside later', async () => {
    play = (socket) => {
      socket.write(`${OK}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwell \r\n`);
      setTimeout(() => socket.end('15\r\nhttp://127.0.0.1/xyz \r\n0\r\n\r\n'), 200);
    };
    const { status, body } = await asked();
    expect([status, body.startsWith('cut'), INSIDE.test(body)]).toEqual([200, true, false]);
  });

  it('that is silent at first has its headers at once', async () => {
    play = (socket) => void socket.write(`${OK}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const req = get({ port: portOf(gateway), host: '127.0.0.1', path: '/x', agent: false });
    const [res] = (await once(req, 'response', { signal: AbortSignal.timeout(Math.round(5_000 * busy())) })) as [
      IncomingMessage,
    ];
    expect(res.headers['content-type']).toBe('text/event-stream');
    req.destroy();
  });

  it.each([
    ['status 99', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a protocol that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`],
    ['a length, and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ['a line within a header', `${OK}X-A: a\rX-B: b\r\n\r\nok`],
    ['NUL in a header', `${OK}X-A: a\0b\r\n\r\nok`],
    ['no HTTP', 'hello'],
  ])('with %s is none', async (_what, bytes) => {
    says(bytes);
    expect([502, 503]).toContain((await asked()).status);
  });

  it('with news before it, and more behind it, is the answer alone', async () => {
    says(
      'HTTP/1.1 103 Early\r\nLink: <BASE/other>\r\n\r\nHTTP/1.1 200 BASE/other\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-In: BASE/other\r\n\r\n',
    );
    const { status, raw, body } = await asked();
    expect([status, body, INSIDE.test(raw)]).toEqual([200, 'ok', false]);
  });
});

describe('a request', () => {
  const heard: string[] = [];
  const put = async (headers: Record<string, string | string[]>, body: string): Promise<number> => {
    play = (socket, text_) => {
      if (!text_.endsWith(body)) return;
      heard.push(text_);
      socket.end(`${OK}Content-Length: 2\r\n\r\nok`);
    };
    const req = request({
      port: portOf(gateway),
      host: '127.0.0.1',
      path: '/x',
      method: 'POST',
      agent: false,
      headers,
    });
    req.on('error', () => undefined);
    req.end(body);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    res.resume();
    return res.statusCode ?? 0;
  };
  beforeEach(() => void (heard.length = 0));

  it.each([
    [{ 'content-type': ['image/png', 'application/json'] }, 400],
    [{ 'content-type': 'text/plain' }, 400],
    [{ 'content-type': 'application/x-ndjson' }, 400],
    [{ 'content-type': 'application/json' }, 400],
    [{ 'content-type': 'application/json', connection: 'content-type' }, 400],
    [{}, 400],
    [{ 'content-type': 'text/plain', 'content-encoding': 'gzip' }, 415],
    [{ 'content-type': 'text/plain; charset=utf-16' }, 415],
  ])('of %o leads nobody inside', async (headers, status) => {
    expect(await put(headers, '{"notifyUri":"http://127.0.0.1/other"}')).toBe(status);
    expect(heard.join('')).not.toContain('127.0.0.1/other');
  });

  it('is refused at once where it may not go on, though its JSON is still to come', async () => {
    cut = nobody;
    const req = request({ port: portOf(gateway), host: '127.0.0.1', path: '/x', method: 'POST', agent: false });
    req.on('error', () => undefined).setHeader('content-type', 'application/json');
    req.write('{ ');
    const answer = once(req, 'response') as Promise<[IncomingMessage]>;
    await eventually(() => cut !== nobody);
    cut(refusedHere('suspended'));
    const [res] = await answer;
    expect(res.statusCode).toBe(503);
    req.destroy();
  });

  it('is refused where its path leads inside, or it is of an encoding that nobody undoes', async () => {
    const asking = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
      const req = request({ port: portOf(gateway), host: '127.0.0.1', path, method: 'POST', agent: false, headers });
      req.end('ok');
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      res.resume();
      return res.statusCode ?? 0;
    };
    expect(await asking('/by/http://127.0.0.1/x')).toBe(400);
    expect(await asking('/x?to=//127.0.0.1/x')).toBe(400);
    expect(await asking('/x', { 'content-type': 'text/plain', 'transfer-encoding': 'gzip, chunked' })).toBe(501);
  });

  it('that says nothing of the inside passes as it is', async () => {
    expect(await put({ 'content-type': 'text/plain', 'x-client': '127.0.0.1' }, 'to http://app.example/, please')).toBe(
      200,
    );
    expect(heard.join('')).toMatch(/content-length: 30[^]*to http:\/\/app.example\/, please/);
    expect(heard.join('')).not.toContain('x-client');
  });
});

it('an answer is waited for once the request is there: one that is long in coming, and comes on, is none that is late', async () => {
  const wait = 200 * busy();
  carrier = new Carrier({}, wait);
  play = (socket, heard) => heard.includes('the end') && socket.end(`${OK}Content-Length: 2\r\n\r\nok`);
  const req = request({ port: portOf(gateway), host: '127.0.0.1', path: '/x', method: 'POST', agent: false });
  req.setHeader('content-type', 'image/png');
  const answer = once(req, 'response') as Promise<[IncomingMessage]>;
  for (let piece = 0; piece < 5; piece += 1) {
    req.write('piece');
    await sleep(wait / 3);
  }
  req.end('the end');
  const [res] = await answer;
  res.resume();
  expect(res.statusCode).toBe(200);
});

it('whatever was played, it was no mistake of the gateway', () => {
  expect(faults).toEqual([]);
});

import { busy } from './busy.ts';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Exchange } from '../../adapters/http.ts';

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body where it is JSON. */
  readonly json: Record<string, unknown>;
}

export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

type Lost = 'reset' | 'silence' | 504;

export interface FaultyServer {
  readonly url: string;
  readonly heard: readonly Heard[];
  /** Audit and debug lines of its exchange. */
  readonly lines: readonly Record<string, unknown>[];
  readonly exchange: Exchange;
  /** `POST /a/b`, each time it was heard. */
  count(call: string | RegExp): number;
  /** The next such call is carried out, but its answer is lost. */
  loseAnswer(call: string | RegExp, as: Lost): void;
  close(): Promise<void>;
}

/** A peer on a real socket; `serve` answers for it, or takes the response in its own hands (undefined). */
export async function faultyServer(
  serve: (heard: Heard, res: ServerResponse) => Reply | undefined,
  { timeoutMs = 300 * busy(), base = '' } = {},
): Promise<FaultyServer> {
  const heard: Heard[] = [];
  const lines: string[] = [];
  const losses: { call: string | RegExp; as: Lost }[] = [];
  const server = createServer((req, res) => void handle(req, res));

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const url = new URL(req.url ?? '', 'http://peer');
    const isJson = req.headers['content-type'] === 'application/json';
    const call: Heard = {
      method: req.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: req.headers,
      bytes,
      json: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {},
    };
    heard.push(call);
    const reply = serve(call, res);
    const at = losses.findIndex((loss) => matches(loss.call, call));
    const loss = at < 0 ? undefined : losses.splice(at, 1)[0];
    if (loss?.as === 'silence' || reply === undefined) return;
    if (loss?.as === 'reset') return void req.socket.destroy();
    if (loss?.as === 504) return void res.writeHead(504).end();
    const type = reply.status < 300 ? 'application/json' : 'application/problem+json';
    const text = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
    res.writeHead(reply.status, { 'content-type': type, ...reply.headers }).end(text);
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
  const log = pino({ level: 'debug', base: null }, { write: (line) => void lines.push(line) });
  return {
    url,
    heard,
    get lines() {
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    exchange: new Exchange({ name: 'peer', url, timeoutMs }, log),
    count: (call) => heard.filter((each) => matches(call, each)).length,
    loseAnswer: (call, as) => void losses.push({ call, as }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const matches = (call: string | RegExp, { method, path }: Heard): boolean =>
  typeof call === 'string' ? call === `${method} ${path}` : call.test(`${method} ${path}`);

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Exchange } from '../../adapters/http.ts';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly json: unknown;
}

/** `reset` and `silence`: whatever was done is done, but its answer is lost. */
export type Reply =
  | {
      readonly status: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
    }
  | 'reset'
  | 'silence';

export interface PlayedPeer {
  readonly url: string;
  readonly port: number;
  readonly asked: readonly Asked[];
  /** Those asked with this method. */
  count(method: string, path?: RegExp): number;
  exchange(name: string, timeoutMs?: number): Exchange;
  close(): Promise<void>;
}

/** A peer on a real socket of its own: `play` answers for it. */
export async function playedPeer(play: (asked: Asked) => Reply | Promise<Reply>): Promise<PlayedPeer> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => void serve(req, res));
  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    const call = { method: req.method ?? '', path: req.url ?? '', json: body === '' ? undefined : JSON.parse(body) };
    asked.push(call);
    const reply = await play(call);
    if (reply === 'silence') return;
    if (reply === 'reset') return void req.socket.destroy();
    const text = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
    res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(text);
  }
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    asked,
    count: (method, path = /./) => asked.filter((call) => call.method === method && path.test(call.path)).length,
    exchange: (name, timeoutMs = 2_000) => new Exchange({ name, url, timeoutMs }, pino({ enabled: false })),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

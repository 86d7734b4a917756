import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Router } from 'express';
import { z } from 'zod';
import { areThere, demanding, filesOf, TLS_PORT } from './certificates/files.ts';
import { type Around, faulty, journalled } from './exchange.ts';
import { problem } from './problem.ts';
import { quirky } from './quirks/quirky.ts';

export interface PeerPlan {
  /** As faults and the log name it. */
  readonly name: string;
  readonly address: string;
  /** 8080 unless told otherwise; 0: any. */
  readonly port?: number;
  readonly routes: Router;
  /** Everything it knows, sorted, so that two dumps can be compared. */
  readonly state: () => unknown;
}

export interface Peer {
  readonly name: string;
  readonly url: string;
  readonly state: () => unknown;
  close(): Promise<void>;
}

/**
 * Serves one peer: bodies in JSON (1 MiB) or as archives (`application/zip`, 64 MiB, a Buffer in `req.body`), every call in
 * the journal, quirks and faults as ordered, 405 with Allow for a known path, 404 for an unknown one. What a handler throws becomes a
 * problem document: 400 for a ZodError, 500 for a bug. Rejects when the address cannot be bound, and says what helps.
 */
export async function servePeer(
  { name, address, port = 8080, routes, state }: PeerPlan,
  around: Around,
): Promise<Peer> {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(journalled(name, around));
  app.use(express.json({ limit: '1mb', type: ['application/json', 'application/*+json'] }));
  app.use(express.raw({ limit: '64mb', type: ['application/zip', 'application/octet-stream'] }));
  if (around.quirks !== undefined) app.use(quirky(name, around.quirks));
  if (around.guard !== undefined) app.use(around.guard);
  app.use(faulty(name, around));
  app.use(routes);
  app.use((req, res) => {
    const methods = methodsOf(routes as unknown as Layers, req.path);
    if (methods.length === 0) return problem(res, 404, `nothing at ${req.path}`);
    res.setHeader('Allow', methods.join(', '));
    problem(res, 405, `${req.method} is not possible at ${req.path}`);
  });
  app.use(failed);

  const server = createServer(app);
  await listening(server, { name, address, port });
  const servers = [server];
  const files = around.certificates === undefined ? undefined : filesOf(around.certificates, name);
  if (files !== undefined && areThere(files)) {
    const secured = createTlsServer(demanding(files), app);
    await listening(secured, { name, address, port: TLS_PORT });
    servers.push(secured);
  }
  return {
    name,
    url: `http://${address}:${(server.address() as AddressInfo).port}`,
    state,
    close: async () => void (await Promise.all(servers.map(closed))),
  };
}

const listening = async (server: Server, { name, address, port }: Where): Promise<void> =>
  await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unbound(error, { name, address, port })));
    server.listen(port, address, resolve);
  });

const closed = async (server: Server): Promise<void> =>
  await new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

type Where = Required<Pick<PeerPlan, 'name' | 'address' | 'port'>>;

/** What Express keeps of the routes of a router, and does not type. */
interface Layers {
  readonly stack: readonly {
    readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
    readonly handle: object;
    match(path: string): { readonly path: string } | false;
  }[];
}

function methodsOf({ stack }: Layers, path: string): string[] {
  const methods = stack.flatMap((layer) => {
    const match = layer.match(path);
    if (!match) return [];
    if (layer.route !== undefined) return Object.keys(layer.route.methods).map((method) => method.toUpperCase());
    return 'stack' in layer.handle ? methodsOf(layer.handle as Layers, path.slice(match.path.length) || '/') : [];
  });
  return [...new Set(methods)].toSorted();
}

const failed: ErrorRequestHandler = (error: Error & { status?: number }, req, res, _next) => {
  if (error instanceof z.ZodError) return problem(res, 400, z.prettifyError(error));
  if (error.status !== undefined && error.status < 500) return problem(res, error.status, error.message);
  process.stderr.write(`${req.method} ${req.originalUrl}: ${error.stack ?? error.message}\n`);
  problem(res, 500, error.message);
};

function unbound(error: NodeJS.ErrnoException, { name, address, port }: Where): Error {
  const help = error.code === 'EADDRNOTAVAIL' ? `; this makes it: sudo ifconfig lo0 alias ${address}` : '';
  return new Error(`${name} cannot listen on ${address}:${port} (${error.code ?? error.message})${help}`, {
    cause: error,
  });
}

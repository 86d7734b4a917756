import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json, Malformed, malformed, refusal } from './answers.ts';
import { exchange, read, TooLarge } from './exchange.ts';
import type { Instance } from './instance.ts';
import { size } from './intervals.ts';
import { ALL, type ClientRequest, type Effect, endpointOf, type Fence, peerAt } from './messages.ts';
import type { Notifications } from './notifications.ts';
import { standingOf } from './state.ts';
import type { Visitors } from './visitors.ts';

/** What clients and the platform see of an instance. */
export interface ClientEndpoint {
  readonly id: string;
  /** The same on every instance. */
  readonly port: number;
  readonly instance: Instance;
  readonly visitors: Visitors;
  readonly notifications: Notifications;
}

const LARGEST_WRITE = 64 * 1024;
const RELAY_MS = 5_000;

export const clients =
  (endpoint: ClientEndpoint): RequestListener =>
  (req, res) => {
    res.setHeader('Ferry-Instance', endpoint.id);
    answer(endpoint, req, res).catch((error: unknown) => malformed(res, error));
  };

async function answer(endpoint: ClientEndpoint, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { id, instance, visitors, notifications } = endpoint;
  const [path = '/'] = (req.url ?? '/').split('?');
  if (path === '/' && req.method === 'GET') return json(res, 200, { instance: id });
  if (path.startsWith('/notifications/') && req.method === 'POST') {
    notifications.received(await bodyOf(req));
    res.writeHead(204).end();
    return;
  }
  const user = /^\/users\/([^/]+)(?:\/writes)?$/.exec(path)?.[1];
  const writes = path.endsWith('/writes');
  if (user === undefined || req.method !== (writes ? 'POST' : 'GET')) throw new Malformed('no such resource', 404);
  const asked = { user: nameOf(user), number: writes ? numberIn(await bodyOf(req)) : null, ...relayed(req) };
  if (asked.hops === 0) visitors.came(asked.user, performance.now());
  const ending = await instance.request(asked);
  if (ending.kind === 'relay') return await relay(endpoint, asked, ending, res);
  if (ending.kind === 'refuse') {
    // Too far this time: those before learn where he is, and need fewer hops the next time
    const { to, epoch } = standingOf(instance.state, asked.user);
    if (ending.refused === 'TooManyHops') res.setHeader('Ferry-Served-By', `${to} ${epoch}`);
    return refusal(res, ending.refused);
  }
  if (ending.kind !== 'serve') throw new Error('a request that ends as a call');
  if (asked.hops > 0) res.setHeader('Ferry-Served-By', `${instance.state.self} ${ending.epoch}`);
  const { number, accepted, epoch } = ending;
  const context = number === null ? { accepted } : { number };
  json(res, 200, { user: asked.user, ...context, counter: size(accepted), epoch, instance: id });
}

/** Sends it on, and closes the client's connection, so that it looks for the new path. */
async function relay(
  { port, instance }: ClientEndpoint,
  { user, number }: Omit<ClientRequest, 'id'>,
  { to, hops, fence }: Extract<Effect, { kind: 'relay' }>,
  res: ServerResponse,
): Promise<void> {
  res.setHeader('Connection', 'close');
  const path = `/users/${encodeURIComponent(user)}${number === null ? '' : '/writes'}`;
  const headers = { 'ferry-relayed': hops, 'ferry-epoch': `${fence.epoch}${fence.all ? '; all' : ''}` };
  const [method, body] = number === null ? ['GET', ''] : ['POST', JSON.stringify({ number })];
  try {
    const url = `http://${peerAt(endpointOf(to).host, port)}${path}`;
    const passed = await exchange(url, { method, headers }, body, RELAY_MS);
    const servedBy = passed.headers['ferry-served-by'];
    if (typeof servedBy === 'string') {
      const [at = '', epoch] = servedBy.split(' ');
      instance.happens({ kind: 'learned', user, at, epoch: Number(epoch) });
      if (hops > 1) res.setHeader('Ferry-Served-By', servedBy);
    }
    const type = passed.headers['content-type'] ?? 'application/json';
    res.writeHead(passed.status, { 'content-type': type, 'content-length': passed.body.length }).end(passed.body);
  } catch {
    refusal(res, 'AuthorityUnreachable');
  }
}

function relayed({ headers }: IncomingMessage): { hops: number; fence: Fence | null } {
  const hops = Number(headers['ferry-relayed'] ?? 0);
  const [, epoch, all] = /^(\d+)(; all)?$/.exec(String(headers['ferry-epoch'] ?? '')) ?? [];
  return { hops, fence: epoch === undefined ? null : { epoch: Number(epoch), all: all !== undefined } };
}

function nameOf(segment: string): string {
  try {
    const name = decodeURIComponent(segment);
    if (name !== ALL) return name;
  } catch {
    // no name either
  }
  throw new Malformed('that is no name of a user');
}

function numberIn(body: unknown): number {
  const number = typeof body === 'object' && body !== null && 'number' in body ? body.number : undefined;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Malformed('a write has a whole number');
}

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await read(req, LARGEST_WRITE)).toString());
  } catch (error) {
    throw error instanceof TooLarge ? new Malformed('too large', 413) : new Malformed('no JSON');
  }
}

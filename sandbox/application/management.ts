import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json, Malformed, malformed, refusal } from './answers.ts';
import { read } from './exchange.ts';
import type { Ending, Instance } from './instance.ts';
import { size } from './intervals.ts';
import { ALL, type Commit, type Copy, type Leaving, type Peer, peerAt, type Prepare } from './messages.ts';
import type { Notifications } from './notifications.ts';
import { subscribe } from './platform.ts';
import { promisedTo } from './promise.ts';
import { standingOf } from './state.ts';
import type { Visitors } from './visitors.ts';

/** What Ferry, other instances and the application's provider see of an instance. */
export interface ManagementEndpoint {
  readonly id: string;
  /** Of the client endpoint. */
  readonly base: string;
  readonly instance: Instance;
  readonly visitors: Visitors;
  readonly notifications: Notifications;
  /** Absent: whoever reaches it may manage it. */
  readonly token?: string | undefined;
}

interface Asked {
  readonly query: URLSearchParams;
  readonly body: Body;
}
type Body = Readonly<Record<string, unknown>>;

const LARGEST_BODY = 64 * 1024 * 1024;

export const management = (endpoint: ManagementEndpoint): RequestListener => {
  const routes = routesOf(endpoint);
  return (req, res) => {
    answer(routes, endpoint.token, req, res).catch((error: unknown) => malformed(res, error));
  };
};

type Route = (asked: Asked) => Promise<Ending | object> | object;

async function answer(
  routes: Readonly<Record<string, Route>>,
  token: string | undefined,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (token !== undefined && !same(req.headers.authorization ?? '', `Bearer ${token}`))
    throw new Malformed('who calls has to show the token of its operator', 401);
  const url = new URL(req.url ?? '/', 'http://instance');
  const route = routes[`${req.method} ${url.pathname}`];
  if (route === undefined) throw new Malformed('no such resource', 404);
  const body = req.method === 'POST' ? parsed(await read(req, LARGEST_BODY)) : {};
  const said = await route({ query: url.searchParams, body });
  if (!('kind' in said)) json(res, 200, said);
  else if (said.kind === 'refuse') refusal(res, said.refused, said.relocation);
  else if (said.kind === 'answer' && said.body !== null) json(res, 200, said.body);
  else res.writeHead(204).end();
}

/** Takes as long wherever they differ. */
const same = (one: string, other: string): boolean => timingSafeEqual(hashed(one), hashed(other));
const hashed = (word: string): Buffer => createHash('sha256').update(word).digest();

const routesOf = (endpoint: ManagementEndpoint): Readonly<Record<string, Route>> => {
  const { instance } = endpoint;
  return {
    'GET /relocation/v1/state': ({ query }) => stateOf(endpoint, query.get('users') ?? ALL),
    'POST /relocation/v1/promise': async ({ body }) =>
      await instance.call({
        kind: 'promise',
        ...relocationIn(body),
        users: text(body, 'users'),
        target: body['target'] === null || body['target'] === undefined ? null : peer(body, 'target'),
      }),
    'POST /relocation/v1/copy': async ({ body }) => {
      const chunk = body['chunk'];
      if (!Array.isArray(chunk)) throw new Malformed('chunk is missing');
      const epoch = body['epoch'] === undefined ? {} : { epoch: count(body, 'epoch') };
      const from = { users: text(body, 'users'), source: peer(body, 'source') };
      const copy = { ...from, chunk: chunk as Copy['chunk'], ...epoch };
      return await instance.call({ kind: 'copy', ...relocationIn(body), ...copy });
    },
    'POST /relocation/v1/handOver': async ({ body }) => {
      const handOver = { target: peer(body, 'target'), at: performance.now() };
      return await instance.call({ kind: 'handOver', ...relocationIn(body), ...handOver });
    },
    'POST /relocation/v1/settle': async ({ body }) =>
      await instance.call({
        kind: 'settle',
        ...relocationIn(body),
        users: body['users'] === undefined ? null : text(body, 'users'),
        retired: body['retired'] === true,
      }),
    'POST /relocation/v1/supersede': async ({ body }) => {
      const elsewhere = body['elsewhere'] ?? [];
      if (!Array.isArray(elsewhere)) throw new Malformed('elsewhere is no list');
      return await instance.call({
        kind: 'supersede',
        ...relocationIn(body),
        users: text(body, 'users'),
        epoch: count(body, 'epoch'),
        to: body['to'] === null ? null : peer(body, 'to'),
        spared: body['spared'] === true,
        elsewhere: (elsewhere as Body[]).map((one) => ({
          user: text(one, 'user'),
          epoch: count(one, 'epoch'),
          to: peer(one, 'to'),
        })),
      });
    },
    'POST /relocation/v1/retire': async ({ body }) => await instance.call({ kind: 'retire', ...relocationIn(body) }),
    // Between two instances: the application's own business.
    'POST /transfer/v1/prepare': async ({ body }) =>
      await instance.call({ ...(body as unknown as Prepare), kind: 'prepare' }),
    'POST /transfer/v1/commit': async ({ body }) =>
      await instance.call({ ...(body as unknown as Commit), kind: 'commit' }),
    'POST /transfer/v1/leaving': async ({ body }) =>
      await instance.call({ ...(body as unknown as Leaving), kind: 'leaving' }),
    'POST /transfer/v1/left': async ({ body }) =>
      await instance.call({ kind: 'left', instance: text(body, 'instance') }),
    'POST /provider/found': async ({ body }) => await found(endpoint, body),
    'GET /provider/state': () => dump(endpoint),
  };
};

/** The answer to `state`. */
function stateOf({ id, instance, visitors }: ManagementEndpoint, users: string): object {
  const { state, expectedFreezeMs } = instance;
  const now = performance.now();
  const named = users === ALL ? [...state.users.keys()].filter((user) => user !== ALL) : [users];
  return {
    instance: id,
    role: standingOf(state, ALL).role,
    epoch: standingOf(state, ALL).epoch,
    users: named.map((user) => {
      const { role, epoch, accepted } = standingOf(state, user);
      return { user, role, epoch, count: size(accepted) };
    }),
    promisedTo: promisedTo(state, users),
    copies: instance.copies(users, now),
    retiring: state.retiring?.final === true,
    clientSeenSecondsAgo: visitors.secondsAgo(users, now),
    clients: visitors.recently(users, now),
    expectedFreezeMs,
  };
}

/** The provider makes this instance the authority of everybody, and has it subscribe to cell changes. */
async function found({ id, base, instance }: ManagementEndpoint, body: Body): Promise<Ending | object> {
  const users = (body['users'] ?? {}) as Record<string, string>;
  const founded = await instance.call({ kind: 'found', users });
  if (founded.kind === 'refuse') return founded;
  const { platform, subscriptions } = body;
  const wanted = typeof subscriptions === 'number' ? subscriptions : 0;
  const subscribed = typeof platform === 'string' ? await subscribe(platform, id, base, wanted) : 0;
  return { instance: id, subscriptions: subscribed };
}

/** Everything, for the provider and for tests. */
function dump({ id, instance, notifications }: ManagementEndpoint): object {
  const { users, relocations, freezes } = instance.state;
  const listed = [...users].map(([user, standing]) => ({ user, ...standing }));
  return {
    instance: id,
    notifications: notifications.count,
    freezes,
    retiring: instance.state.retiring !== null,
    frozen: listed.filter(({ frozen }) => frozen).map(({ user }) => user),
    users: listed,
    relocations: [...relocations].map(([relocation, { phase }]) => ({ relocation, phase })),
  };
}

function parsed(body: Buffer): Body {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null) return value as Body;
  } catch {
    // no JSON either
  }
  throw new Malformed('no JSON object');
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Malformed(`${name} is missing`);
}

function count(body: Body, name: string): number {
  const value = body[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Malformed(`${name} is no whole number`);
}

const relocationIn = (body: Body): { relocation: string } => ({ relocation: text(body, 'relocation') });

function peer(body: Body, name: string): Peer {
  const { host, port } = (body[name] ?? {}) as { host?: unknown; port?: unknown };
  if (typeof host === 'string' && host !== '' && typeof port === 'number' && Number.isInteger(port))
    return peerAt(host, port);
  throw new Malformed(`${name} is no {host, port}`);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { size } from './accepted.ts';
import { giving, id, journal, retirement, state, taking, visitors } from './instance.ts';
import { ALL, type Entry, isContext, keptOf, type Peer, peerAt, type Prepare } from './state.ts';
import { supersede } from './takeover.ts';
import { copiesIn } from './taking.ts';
import { demandToken, jsonIn, Malformed, Refused, send } from './wire.ts';

/** The management endpoint: the calls of the contract, and those between instances. */

const RECENT_MS = 60_000;

type Body = Readonly<Record<string, unknown>>;

const calls: Readonly<Record<string, (body: Body, query: URLSearchParams) => object | null | Promise<object>>> = {
  'GET /relocation/v1/state': (_, query) => stated(query.get('users') ?? ALL),
  'POST /relocation/v1/promise': (body) =>
    giving.promise(text(body, 'relocation'), text(body, 'users'), body['target'] == null ? null : peer(body, 'target')),
  'POST /relocation/v1/copy': (body) => {
    const [chunk, epoch] = [list(body, 'chunk') as Entry[], body['epoch'] === undefined ? 0 : count(body, 'epoch')];
    return taking.copy(text(body, 'relocation'), text(body, 'users'), peer(body, 'source'), chunk, epoch);
  },
  'POST /relocation/v1/handOver': async (body) => await giving.handOver(text(body, 'relocation'), peer(body, 'target')),
  'POST /relocation/v1/settle': (body) => {
    const users = body['users'] === undefined ? null : text(body, 'users');
    return giving.settle(text(body, 'relocation'), users, body['retired'] === true);
  },
  'POST /relocation/v1/retire': async (body) => await retirement.retire(text(body, 'relocation')),
  'POST /relocation/v1/supersede': (body) => {
    const [to, spared] = [body['to'] === null ? null : peer(body, 'to'), body['spared'] === true];
    const elsewhere = (body['elsewhere'] === undefined ? [] : (list(body, 'elsewhere') as Body[])).map((one) => ({
      user: text(one, 'user'),
      epoch: count(one, 'epoch'),
      to: peer(one, 'to'),
    }));
    const whose = { relocation: text(body, 'relocation'), users: text(body, 'users'), epoch: count(body, 'epoch') };
    return supersede(state, { ...whose, to, spared, elsewhere }, journal);
  },
  // Between two instances of yours
  'POST /transfer/v1/prepare': (body) => taking.prepare(body as unknown as Prepare),
  'POST /transfer/v1/commit': (body) =>
    taking.commit(text(body, 'relocation'), count(body, 'number'), body['whole'] as Prepare | null),
  'POST /transfer/v1/leaving': (body) =>
    retirement.leaving(text(body, 'instance'), list(body, 'users') as [], body['peers']),
  'POST /transfer/v1/left': (body) => retirement.left(text(body, 'instance')),
  // Yours, and nobody else's: makes this the first instance, and tells what there is
  'POST /provider/found': ({ users = {} }) => founded(Object.keys(users as object)),
  'GET /provider/state': () => everything(),
};

function stated(users: string): object {
  const now = performance.now();
  const named = users === ALL ? [...state.users.keys()].filter((user) => user !== ALL) : [users];
  const seen = [...visitors].flatMap(([user, at]) => (users === ALL || users === user ? [at] : []));
  return {
    instance: id,
    role: state.of(ALL).role,
    epoch: state.of(ALL).epoch,
    users: named.map((user) => {
      const { role, epoch, accepted } = state.of(user);
      return { user, role, epoch, count: size(accepted) };
    }),
    promisedTo: state.promisedTo(users),
    copies: copiesIn(state, users, now),
    retiring: state.gone,
    clientSeenSecondsAgo: seen.length === 0 ? null : Math.round(now - Math.max(...seen)) / 1_000,
    clients: seen.filter((at) => now - at < RECENT_MS).length,
    expectedFreezeMs: giving.expectedFreezeMs,
  };
}

/** Serves whoever comes, of whom `named` are listed; with what it had kept, where it was started again. */
function founded(named: readonly string[]): object {
  if (state.gone) throw new Refused('Retiring');
  const [all, kept] = [state.of(ALL), journal.kept];
  if (all.epoch > 0 || all.to !== null) throw new Refused('Authority');
  const own = kept.get(ALL);
  if (own !== undefined && !isContext(own)) throw new Refused('NotServing'); // it gave them away before
  const epoch = Math.max(0, ...[...kept.values()].map((entry) => entry.epoch)) + 1;
  for (const [user, entry] of kept)
    if (isContext(entry)) Object.assign(state.list(user), { role: 'authority', epoch, ...keptOf(entry) });
    else Object.assign(state.list(user), { role: 'relay', epoch: entry.epoch, to: entry.to });
  Object.assign(all, { role: 'authority', epoch });
  for (const user of named) state.list(user);
  journal.write([{ user: ALL, epoch, ...keptOf(all) }]);
  return { instance: id };
}

function everything(): object {
  const listed = [...state.users].map(([user, { frozen, ...standing }]) => ({
    user,
    ...standing,
    frozen: frozen !== null,
  }));
  return {
    instance: id,
    freezes: state.freezes,
    retiring: state.leaving || state.gone,
    frozen: listed.filter(({ frozen }) => frozen).map(({ user }) => user),
    users: listed,
    relocations: [...state.relocations].map(([relocation, { phase }]) => ({ relocation, phase })),
  };
}

export async function managed(req: IncomingMessage, res: ServerResponse): Promise<void> {
  demandToken(req);
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://instance');
  const call = calls[`${req.method} ${pathname}`];
  if (call === undefined) throw new Malformed('no such resource', 404);
  send(res, 200, await call(req.method === 'POST' ? await jsonIn(req, 1 << 26) : {}, searchParams));
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

function list(body: Body, name: string): unknown[] {
  const value = body[name];
  if (Array.isArray(value)) return value as unknown[];
  throw new Malformed(`${name} is no list`);
}

function peer(body: Body, name: string): Peer {
  const at = (body[name] ?? {}) as { host?: unknown; port?: unknown };
  if (typeof at.host === 'string' && at.host !== '' && typeof at.port === 'number') return peerAt(at.host, at.port);
  throw new Malformed(`${name} is no {host, port}`);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../context.ts';
import { has, joined } from './accepted.ts';
import { journal, port, self, state, taking, visitors } from './instance.ts';
import { ALL, endpointOf, peerAt } from './state.ts';
import { ask, Refused, send } from './wire.ts';

/** Whoever is the authority serves; everybody else relays. */

const [MOST_HOPS, RELAY_MS] = [2, 5_000];

interface Wanted {
  readonly user: string;
  readonly path: string;
  readonly body: string;
}

/** `act` at the authority, at once; in a freeze, when that is over; elsewhere relayed. */
export async function served(req: IncomingMessage, res: ServerResponse, wanted: Wanted, act: () => object) {
  const { user } = wanted;
  const hops = Number(req.headers['ferry-relayed'] ?? 0);
  if (hops === 0) visitors.set(user, performance.now());
  fenced(user, String(req.headers['ferry-epoch'] ?? ''));
  while (state.of(user).role === 'authority') {
    const standing = state.of(user);
    if (standing.frozen === null) {
      const answer = act();
      if (hops > 0) res.setHeader('Ferry-Served-By', `${self} ${state.of(user).epoch}`);
      return send(res, 200, answer);
    }
    await standing.frozen;
  }
  await relay(res, { ...wanted, method: req.method ?? 'GET' }, hops);
}

/** A write, within `served`: what `written` makes of his context. One that was accepted before changes nothing. */
export function accept(user: string, number: number, written: (context: Context) => Context): void {
  const { epoch, context, accepted } = state.of(user);
  if (has(accepted, number)) return;
  // What is kept changes when it is written down, not before
  const kept = { context: written(structuredClone(context)), accepted: joined(accepted, number) };
  journal.write([{ user, epoch, ...kept }]);
  Object.assign(state.list(user), kept);
}

/** A request with a newer epoch makes an instance stop serving; with that for which it is prepared, it begins to. */
function fenced(user: string, header: string): void {
  const [, epoch, all] = /^(\d+)(; all)?$/.exec(header) ?? [];
  if (epoch === undefined) return;
  taking.decidedAt(user, Number(epoch));
  const standing = state.users.get(all === undefined ? user : ALL);
  if (standing?.role === 'authority' && Number(epoch) > standing.epoch)
    Object.assign(standing, { role: 'standby', epoch: Number(epoch) });
}

async function relay(res: ServerResponse, { user, path, body, method }: Wanted & { method: string }, hops: number) {
  const { to, epoch } = state.of(user);
  if (to === null) throw new Refused('NoAuthority');
  if (hops >= MOST_HOPS) {
    res.setHeader('Ferry-Served-By', `${to} ${epoch}`); // those before learn a shorter way
    throw new Refused('TooManyHops');
  }
  res.setHeader('Connection', 'close'); // so that it looks for the new path
  const headers = {
    'ferry-relayed': String(hops + 1),
    'ferry-epoch': `${epoch}${state.users.has(user) ? '' : '; all'}`,
  };
  const url = `http://${peerAt(endpointOf(to).host, port)}${path}`;
  const passed = await ask(url, { method, headers, body, ms: RELAY_MS }).catch(() => {
    throw new Refused('AuthorityUnreachable');
  });
  const servedBy = passed.headers.get('ferry-served-by');
  if (servedBy !== null) {
    const [at = '', since] = servedBy.split(' ');
    if (state.users.has(user)) state.learn(user, Number(since), at, self);
    if (hops > 0) res.setHeader('Ferry-Served-By', servedBy);
  }
  const type = passed.headers.get('content-type') ?? 'application/json';
  res.writeHead(passed.status, { 'content-type': type, 'content-length': Buffer.byteLength(passed.text) });
  res.end(passed.text);
}

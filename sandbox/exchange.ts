import type { TLSSocket } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Fault, Faults } from './faults.ts';
import type { Entry, Journal } from './journal.ts';
import { problem } from './problem.ts';
import type { Quirks } from './quirks/quirks.ts';

/** Around one call to a peer: what the journal writes, what faults do before and after the handler, how odd it is. */
export interface Around {
  readonly journal: Journal;
  readonly faults: Faults;
  /** Absent: a part of the sandbox that has none. */
  readonly quirks?: Quirks;
  /** Who is let in where a peer asks; goes with quirks. */
  readonly guard?: RequestHandler;
  /** Who has a certificate in this folder serves by TLS as well, and asks for one of the same authority. */
  readonly certificates?: string | undefined;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Writes the call down, and keeps its answer back until the faults that met it have had their way. */
export const journalled =
  (peer: string, { journal, faults }: Around): RequestHandler =>
  (req, res, next) => {
    const entry = journal.received(peer, req.method, req.originalUrl, callerOf(req));
    res.locals['entry'] = entry;
    beforeAnswer(res, (send) => {
      const met = faults.met(req);
      entry.phase = 'executed';
      entry.status = res.statusCode;
      entry.effect = !SAFE.has(req.method) && res.statusCode < 300 && !met.some(withoutEffect);
      if (met.length === 0) return send();
      void answer(entry, met, req, res, send);
    });
    res.once('finish', () => void (entry.phase === 'executed' && (entry.phase = 'answered')));
    res.once('close', () => void (entry.phase === 'executed' && (entry.phase = 'lost')));
    next();
  };

/** By his certificate; undefined: by plain HTTP. */
const callerOf = ({ socket }: Request): string | undefined =>
  [(socket as Partial<TLSSocket>).getPeerCertificate?.().subject.CN].flat()[0];

/** Behind the parsers of bodies: a call that is held here is executed later even when its caller has left. */
export const faulty =
  (peer: string, { faults }: Around): RequestHandler =>
  async (req, res, next) => {
    const met = faults.meet(req, peer);
    const entry = res.locals['entry'] as Entry;
    if (met.length > 0) entry.fault = met.map(({ order }) => order.kind).join('+');
    for (const fault of met) if (await stops(fault, entry, req, res)) return;
    next();
  };

/** What a fault does before the handler runs. True: the handler is not to run at all. */
async function stops(fault: Fault, entry: Entry, req: Request, res: Response): Promise<boolean> {
  const { order } = fault;
  if (order.kind === 'latency') await pause(order.ms);
  if (order.kind === 'hold' && order.when === 'before') await fault.hold();
  if (order.kind === 'reset') {
    entry.phase = 'lost';
    req.socket.resetAndDestroy();
  }
  if (order.kind === 'status') {
    if (order.retryAfter !== undefined) res.setHeader('Retry-After', order.retryAfter);
    if (order.body === undefined) problem(res, order.status, 'refused, as ordered');
    else res.status(order.status).json(order.body);
  }
  return order.kind === 'reset' || order.kind === 'status';
}

/** What faults do once the handler has run: its effect stays, its answer may not arrive. */
async function answer(
  entry: Entry,
  met: readonly Fault[],
  req: Request,
  res: Response,
  send: () => void,
): Promise<void> {
  for (const fault of met) {
    const { order } = fault;
    if (order.kind === 'hold' && order.when === 'executed') await fault.hold();
    if (order.kind !== 'answerLost') continue;
    entry.phase = 'lost';
    if (order.as === 'reset') req.socket.resetAndDestroy();
    if (order.as === '504') {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      problem(res, 504, 'no answer in time');
    }
    return;
  }
  if (!req.socket.destroyed) send();
}

const withoutEffect = ({ order }: Fault): boolean => order.kind === 'noEffect' && order.pushed !== false;

/** Calls `then` in place of the first `end` of an answer, before anything of it leaves. */
function beforeAnswer(res: Response, then: (send: () => void) => void): void {
  const end = res.end.bind(res);
  res.end = ((...args: Parameters<typeof end>) => {
    res.end = end;
    then(() => void end(...args));
    return res;
  }) as typeof end;
}

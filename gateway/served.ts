import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { HttpRefusal } from '../doors/refusal.ts';
import { absent, refusalOf, refuse } from './refusals.ts';

/** Of a request, for the log: nothing of its URL, in which secrets stand. */
export interface Found {
  route: string;
  partner: string;
  /** Of a token that is good: whose it is, where that is no partner. */
  client?: string;
  /** It was not let in. */
  why?: string;
}

export type Handler = (
  req: IncomingMessage,
  res: ServerResponse,
  found: Found,
  parts: readonly (string | undefined)[],
) => void | Promise<void>;

/** `at`: matched with the request target as it came, query included. */
export interface Route {
  readonly name: string;
  readonly at: RegExp;
  readonly handler: Handler;
}

const underWay = new WeakMap<IncomingMessage, Found>();

/** Of a request that is being answered, for whoever follows it: nothing of its URL. */
export const routeOf = (req: IncomingMessage): string | undefined => underWay.get(req)?.route;

/** One face: who may come in, and what there is. `admit` throws a refusal, or finds out who asks. */
export const served =
  (routes: readonly Route[], log: Logger, admit: Handler = () => undefined): RequestListener =>
  (req, res) => {
    const found: Found = { route: 'none', partner: 'nobody' };
    underWay.set(req, found);
    const begun = performance.now();
    res.once('close', () => {
      const { statusCode: status, writableFinished: whole } = res;
      const line = { method: req.method, ...found, status, whole, ms: Math.round(performance.now() - begun) };
      log[status < 400 && whole ? 'debug' : 'info'](line, 'answered');
    });
    void answered(routes, admit, req, res, found).catch((error: unknown) => {
      if (res.destroyed) return;
      const refusal = refusalOf(error, log);
      if ([401, 403].includes(refusal.status)) found.why = refusal.message;
      refuse(res, refusal);
    });
  };

async function answered(
  routes: readonly Route[],
  admit: Handler,
  req: IncomingMessage,
  res: ServerResponse,
  found: Found,
): Promise<void> {
  const url = req.url ?? '';
  const route = routes.find(({ at }) => at.test(url));
  found.route = route?.name ?? 'none';
  await admit(req, res, found, []);
  if (res.destroyed) return; // whoever asked has gone meanwhile
  demandCarried(req);
  if (route === undefined) throw absent();
  await route.handler(req, res, found, route.at.exec(url) ?? []);
}

/** Requests with one answer; what a client only offers (h2c) is passed over (RFC 9110, 7.8). */
function demandCarried({ method, headers }: IncomingMessage): void {
  const wanted = (headers.upgrade ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim());
  if (wanted.some((each) => each !== '' && each !== 'h2c'))
    throw new HttpRefusal(501, 'only requests with one answer are carried', 'Use a service that needs no WebSocket.');
  if (method === 'TRACE') throw new HttpRefusal(405, 'TRACE is not carried', 'Use another method.', { allow: 'GET' });
}

import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { HttpRefusal, plain, unavailable } from '../doors/refusal.ts';
import { Refusal } from '../domain/failures.ts';
import { REFUSED, SUSPENDED } from '../protocols/mpp/path.ts';
import type { Verdict } from './judging.ts';

/** Hidden, ended, somebody else's, or never there: one and the same answer. */
export const absent = (): HttpRefusal => new HttpRefusal(404, 'there is no such thing here', 'Ask for it again.');

/** Why what is no open path does not pass, as a partner is told. */
export function refusedTo(verdict: Exclude<Verdict, 'open'> | 'unknown'): HttpRefusal {
  if (verdict === 'suspended')
    return new HttpRefusal(403, 'our operator has suspended your use of it', 'Ask our operator.', {}, SUSPENDED);
  return refusedHere(verdict);
}

/** The same, as an application of ours is told: that it comes again is all that it can do. */
export function refusedHere(verdict: Exclude<Verdict, 'open'> | 'unknown'): HttpRefusal {
  if (verdict === 'suspended') return unavailable('the federation with its operator is suspended', 'Ask again later.');
  if (verdict === 'idle') return unavailable('it is not offered at the moment', 'Ask again later.');
  if (verdict === 'unknown') return unavailable('it cannot be found out whether this may pass', 'Ask again later.');
  return absent();
}

/** What no handler says, and what a handler could not foresee. */
export function refusalOf(error: unknown, log: Logger): HttpRefusal {
  if (error instanceof HttpRefusal) {
    if (error.cause !== undefined) log.warn({ err: error }, error.message);
    return error;
  }
  if (error instanceof Refusal) return unavailable('the catalogue does not answer', 'Ask again later.');
  log.error({ err: error }, 'a mistake of the gateway');
  return new HttpRefusal(500, 'the gateway made a mistake', 'Look at its log.');
}

/** RFC 9457, with the sign that it is no answer of the service. What is late for an answer is cut. */
export function refuse(res: ServerResponse, { status, message, headers, type }: HttpRefusal): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const body = JSON.stringify({ ...plain(status, message), type });
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    [REFUSED.name]: REFUSED.value,
    ...headers,
    ...(!res.req.complete && { connection: 'close' }), // what is still being sent is not worth reading
  });
  res.end(res.req.method === 'HEAD' ? undefined : body);
}

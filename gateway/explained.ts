import { errors } from 'undici';
import { Unreadable } from '../adapters/body.ts';
import { isUntrusted } from '../adapters/secured.ts';
import { HttpRefusal, unavailable } from '../doors/refusal.ts';
import { isFailureType } from '../domain/failures.ts';
import { TooLong } from './telling.ts';
import { WouldLeak } from './translation.ts';

/** Of what did not come to an answer: why, without a name or an address. */
export function explained(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HttpRefusal) return error;
  if (error instanceof WouldLeak) return brokenAnswer('names an address that has no name outside');
  if (error instanceof TooLong) return brokenAnswer('is more than 1 MiB of JSON');
  if (error instanceof SyntaxError) return brokenAnswer('is no JSON, though it says so');
  if (error instanceof Unreadable) return brokenAnswer('cannot be read');
  if (isFailureType((error as { type?: unknown }).type))
    // of our credentials
    return unavailable("there is no token of the partner's authorization server", 'Ask again later.');
  return unanswered(error);
}

export const brokenAnswer = (what: string): HttpRefusal =>
  new HttpRefusal(502, `the answer of the service ${what}`, 'Ask its provider.');

export const late = (seconds = 2): HttpRefusal =>
  new HttpRefusal(504, 'the service does not answer in time', 'Ask again later.', { 'retry-after': `${seconds}` });

function unanswered(error: unknown): unknown {
  if (error instanceof errors.BodyTimeoutError) return late();
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return brokenAnswer('is no HTTP');
  const { code } = error as { code?: unknown };
  const isKnown = typeof code === 'string' && (/^E[A-Z]+/.test(code) || isUntrusted(code));
  if (error instanceof errors.UndiciError || isKnown)
    return unavailable('the service is not in reach', 'Ask again later.');
  return error;
}

/**
 * What a partner's gateway has refused, as an application is told: it can mend something, or come again. Whose fault it is
 * concerns our operator.
 */
export function refusedBeyond(status: number, retryAfter: string | string[] | undefined): HttpRefusal {
  if ([400, 405, 413, 415, 501].includes(status))
    return new HttpRefusal(status, 'the gateway of the service does not take such a request', 'Mend the request.');
  if ([500, 502].includes(status)) return brokenAnswer('cannot be passed on');
  const after = Math.min(60, Number(retryAfter) || 2);
  if (status === 504) return late(after);
  return unavailable('the gateway of the service does not let it pass', 'Ask again later.', after);
}

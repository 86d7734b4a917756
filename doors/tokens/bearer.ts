import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from '../refusal.ts';

/** Longer ones are not worth hashing. */
const LONGEST = 8_192;

/** The one token that a request carries (RFC 6750, 2.1); of several headers each server would take another. */
export function bearer({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string {
  const fields = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'authorization');
  const [field] = fields;
  if (field === undefined) throw unauthorized('there is no token', undefined);
  if (fields.length > 1) throw unauthorized('there are several Authorization headers', 'invalid_request');
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(field)?.[1];
  if (token === undefined) throw unauthorized('the Authorization header carries no bearer token', 'invalid_request');
  if (token.length > LONGEST) throw unauthorized('the token is too long', 'invalid_token');
  return token;
}

/** RFC 6750, 3: why it was not taken, unless there was none. */
export function unauthorized(why: string, error: 'invalid_request' | 'invalid_token' | undefined): HttpRefusal {
  const challenge = error === undefined ? 'Bearer' : `Bearer error="${error}", error_description="${why}"`;
  return new HttpRefusal(401, why, 'Send a valid token of our authorization server (RFC 6750).', {
    'www-authenticate': challenge,
  });
}

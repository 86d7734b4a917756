import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import { plain, Unreadable, whole } from './body.ts';
import type { Call } from './call.ts';
import { parseJson } from './json.ts';
import { problemDocument, problemTold } from './problem.ts';
import { scrubbed } from './scrubbed.ts';

/** Of a whole answer, or of one entry of a list. */
export const BODY_LIMIT = 4 * 1024 * 1024;
/** Of what is kept of a list, in bytes on the wire, and of one that has to be read whole: most of it is of others. */
export const LIST_LIMIT = 16 * 1024 * 1024;
/** Of what explains a refusal: what is longer explains nothing. */
const REFUSAL_LIMIT = 256 * 1024;
/** It is not there: not found, or, where a peer remembers what it had, gone (RFC 9110, 15.5.5 and 15.5.11). */
export const GONE: readonly number[] = [404, 410];
/** They keep method and body (RFC 9110, 15.4.8 and 15.4.9). The older ones make a GET of whatever was asked (15.4.2 and 15.4.3). */
const REDIRECTS = { kept: [307, 308], asGet: [301, 302] };

export const isRedirect = (status: number, method: string): boolean =>
  REDIRECTS.kept.includes(status) || (method === 'GET' && REDIRECTS.asGet.includes(status));

/** An answer before its body. */
export interface Opened {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Where it was asked in the end: links are relative to it. */
  readonly path: string;
  readonly body: Dispatcher.ResponseData['body'];
}

export const isExpected = ({ status }: Opened): boolean => status >= 200 && status < 300;

/** It may be the token's age; one of too little scope is answered 403. */
export const isStale = ({ status, headers }: Opened): boolean => {
  const [, error] = /\berror\s*=\s*"?(\w+)/.exec(single(headers['www-authenticate']) ?? '') ?? [];
  return status === 401 && (error === undefined || error === 'invalid_token');
};

export const chunksOf = ({ body, headers }: Opened): AsyncIterable<Uint8Array> =>
  plain(body, single(headers['content-encoding']));

export const unfit = (status: number, what: string): Unreadable => new Unreadable(`${status}, but ${scrubbed(what)}`);

export async function fitting<T>(
  schema: z.ZodType<T>,
  opened: Opened,
  { hint, mixed, limit = BODY_LIMIT }: Pick<Call<T>, 'hint' | 'limit' | 'mixed'>,
): Promise<T> {
  const { status } = opened;
  let json: unknown;
  try {
    json = parseJson(await whole(chunksOf(opened), limit), mixed);
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof Unreadable;
    if (!unreadable || hint !== true)
      throw error instanceof SyntaxError ? unfit(status, `its body ${error.message}`) : error;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const member = issue === undefined || issue.path.length === 0 ? 'its body' : issue.path.join('.');
  throw unfit(status, `${member} does not fit: ${issue?.message ?? 'unknown'}`);
}

/** The problem document of a refusal as it came, and what it says. */
export async function refusal(opened: Opened, method: string): Promise<{ problem: unknown; told: string }> {
  const { status, headers } = opened;
  if (isRedirect(status, method)) {
    await opened.body.dump();
    return { problem: undefined, told: `answered ${status}: it sends elsewhere than below its url, or in circles` };
  }
  const bytes = await whole(chunksOf(opened), REFUSAL_LIMIT).catch((error: unknown) => {
    if (error instanceof Unreadable) return new Uint8Array();
    throw error;
  });
  const problem = problemDocument(bytes);
  const words = problemTold(problem, bytes, single(headers['content-type']) ?? '');
  return { problem, told: `answered ${status}${words === '' ? '' : `: ${words}`}` };
}

export const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

import type { Logger } from 'pino';
import { Agent, errors, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { failure } from '../activities/failure.ts';
import { isFailureType } from '../domain/failures.ts';
import { plain, Unreadable, whole } from './body.ts';
import { Deadline, PROGRESS_BYTES } from './deadline.ts';
import { entriesOf } from './json-list.ts';
import { parseJson } from './json.ts';
import { below, nextLink } from './links.ts';
import { problemDocument, problemTold, retryAfterMs, scrubbed } from './problem.ts';

/** A system that Ferry calls. `url` is without a slash at its end. */
export interface PeerAddress {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the peer's url; may carry a query. */
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: { readonly type: string; readonly body: Buffer };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer has to be. An empty one is `undefined` to it. Without a schema the body is not looked at. */
  readonly schema?: z.ZodType<T>;
  /** Statuses besides 2xx that the caller judges itself. */
  readonly alsoExpect?: readonly number[];
  /** The step's key, for the audit line and the peer's log. */
  readonly key?: string;
  /** It only asks, though its method says that it changes something: no effect, hence no audit line. */
  readonly question?: true;
}

export interface Answer<T> {
  readonly status: number;
  /** With a status of `alsoExpect`: the problem document as it came, or undefined. */
  readonly body: T;
  readonly etag: string | null;
  /** A path below the peer's url; null also where it leads to another host. */
  readonly location: string | null;
  /** The next part of a list (Link, rel=next), a path below the peer's url. */
  readonly next: string | null;
  /** The answer in one sentence, for the message of a failure. */
  readonly told: string;
}

/** An answer before its body. */
interface Opened {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Where it was asked in the end: links are relative to it. */
  readonly path: string;
  readonly body: Dispatcher.ResponseData['body'];
}

/** Of a whole answer, or of one entry of a list. */
const BODY_LIMIT = 4 * 1024 * 1024;
const CONNECTIONS = 16;
/** They keep method and body (RFC 9110, 15.4.8 and 15.4.9). */
const REDIRECTS = [307, 308];
const HOPS = 3;

/**
 * The only way to a peer: a deadline, bounded memory, redirects below the peer's url only, no retries (Temporal retries), one
 * audit line for each call that changes something. Throws PeerUnavailable, PeerRejected, PeerMalformed, or the reason of the
 * given signal.
 */
export class Exchange {
  readonly #peer: PeerAddress;
  readonly #log: Logger;
  readonly #base: URL;
  readonly #agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });

  constructor(peer: PeerAddress, log: Logger) {
    this.#peer = peer;
    this.#log = log;
    this.#base = new URL(peer.url);
  }

  get name(): string {
    return this.#peer.name;
  }

  async ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
    return await this.#asked(call, signal, async (opened) => {
      if (call.schema === undefined) return await opened.body.dump().then(() => undefined as T);
      return fitting(call.schema, opened.status, await whole(chunksOf(opened), BODY_LIMIT));
    });
  }

  /** Asks for a list and takes its entries as they come, so that a long one needs no more memory than a short one. */
  async each(
    call: Call<unknown>,
    take: (entry: unknown, bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Answer<unknown>> {
    return await this.#asked(call, signal, async (opened, deadline) => {
      async function* coming(): AsyncGenerator<Uint8Array> {
        let since = 0;
        for await (const chunk of chunksOf(opened)) {
          since += chunk.byteLength;
          if (since > PROGRESS_BYTES) deadline.putOff();
          since %= PROGRESS_BYTES;
          yield chunk;
        }
      }
      try {
        for await (const { value, size } of entriesOf(coming(), BODY_LIMIT)) take(value, size);
      } catch (error) {
        throw error instanceof SyntaxError ? unfit(opened.status, `its body ${error.message}`) : error;
      }
    });
  }

  async #asked<T>(
    call: Call<T>,
    signal: AbortSignal,
    read: (opened: Opened, deadline: Deadline) => Promise<T>,
  ): Promise<Answer<T>> {
    const begun = performance.now();
    let outcome: { status: number } | { outcome: string } = { outcome: 'no answer' };
    const deadline = new Deadline(this.#peer.timeoutMs);
    try {
      const opened = await this.#open(call, AbortSignal.any([signal, deadline.signal]));
      outcome = { status: opened.status };
      const answer = isExpected(opened)
        ? { body: await read(opened, deadline), told: `answered ${opened.status}` }
        : await this.#refused(call, opened);
      const next = nextLink(opened.headers['link']);
      return {
        status: opened.status,
        body: answer.body as T,
        etag: single(opened.headers['etag']) ?? null,
        location: below(this.#peer.url, single(opened.headers['location']), opened.path) ?? null,
        next: next === undefined ? null : this.#here(call, next, opened.path),
        told: this.#sentence(call, answer.told),
      };
    } catch (error) {
      if (!signal.aborted) throw this.#explained(call, error, deadline);
      outcome = { outcome: 'cancelled' };
      throw signal.reason;
    } finally {
      deadline.end();
      this.#record(call, outcome, Math.round(performance.now() - begun));
    }
  }

  async #open(call: Call<unknown>, signal: AbortSignal): Promise<Opened> {
    let { path } = call;
    for (let hops = 0; ; hops += 1) {
      const { statusCode, headers, body } = await this.#agent.request({
        origin: this.#base.origin,
        path: `${this.#base.pathname.replace(/\/$/, '')}${path}`,
        method: call.method,
        headers: headersOf(call),
        body: call.bytes?.body ?? (call.json === undefined ? null : JSON.stringify(call.json)),
        signal,
      } satisfies Dispatcher.RequestOptions);
      const opened = { status: statusCode, headers, path, body };
      if (!REDIRECTS.includes(statusCode)) return opened;
      const next = below(this.#peer.url, single(headers['location']), path);
      if (next === undefined || hops === HOPS) return opened;
      await body.dump();
      path = next;
    }
  }
  /** Thrown, unless the caller judges it itself: then the problem document as it came. */
  async #refused(call: Call<unknown>, opened: Opened): Promise<{ body: unknown; told: string }> {
    const { status, headers } = opened;
    const bytes = await whole(chunksOf(opened), BODY_LIMIT);
    const problem = problemDocument(bytes);
    const words = REDIRECTS.includes(status)
      ? 'it sends elsewhere than below its url'
      : problemTold(problem, bytes, single(headers['content-type']) ?? '');
    const told = `answered ${status}${words === '' ? '' : `: ${words}`}`;
    if (call.alsoExpect?.includes(status) === true) return { body: problem, told };
    // 501 says that it never will (RFC 9110, 15.6.2): nothing to wait for.
    const passing = (status >= 500 && status !== 501) || status === 408 || status === 429;
    if (!passing) throw this.#failure('PeerRejected', call, told);
    const after = retryAfterMs(single(headers['retry-after']));
    const wish = after === undefined ? '' : `; it asked to come back in ${Math.ceil(after / 1_000)} s`;
    throw this.#failure('PeerUnavailable', call, `${told}${wish}`, after);
  }

  #explained(call: Call<unknown>, error: unknown, deadline: Deadline): Error {
    const { type, code = 'no connection', message } = error as Error & { type?: unknown; code?: string };
    if (isFailureType(type)) return error as Error;
    if (deadline.passed)
      return this.#failure('PeerUnavailable', call, `did not answer within ${this.#peer.timeoutMs} ms`);
    if (error instanceof Unreadable) return this.#failure('PeerMalformed', call, `answered ${message}`);
    if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
      return this.#failure('PeerMalformed', call, 'answered with something that is no HTTP');
    return this.#failure('PeerUnavailable', call, `did not answer (${code})`);
  }

  #here(call: Call<unknown>, uri: string, path: string): string {
    const there = below(this.#peer.url, uri, path);
    if (there === undefined) throw this.#failure('PeerMalformed', call, 'leads to another host for its next page');
    return there;
  }

  #failure(
    type: 'PeerUnavailable' | 'PeerRejected' | 'PeerMalformed',
    call: Call<unknown>,
    what: string,
    afterMs?: number,
  ): Error {
    return failure(type, this.#sentence(call, what), afterMs);
  }

  #sentence({ method, path }: Call<unknown>, what: string): string {
    return `${this.#peer.name}: ${method} ${withoutQuery(path)} ${what}`;
  }

  #record({ method, path, key, question }: Call<unknown>, outcome: object, ms: number): void {
    const line = { peer: this.#peer.name, method, path: withoutQuery(path), ...outcome, ms };
    if (method === 'GET' || question === true) this.#log.debug(line, 'asked');
    else this.#log.info({ audit: true, ...line, ...(key !== undefined && { key }) }, 'called');
  }
}

const isExpected = ({ status }: Opened): boolean => status >= 200 && status < 300;

const chunksOf = ({ body, headers }: Opened): AsyncIterable<Uint8Array> =>
  plain(body, single(headers['content-encoding']));

const unfit = (status: number, what: string): Unreadable => new Unreadable(`${status}, but ${scrubbed(what)}`);

function fitting<T>(schema: z.ZodType<T>, status: number, bytes: Uint8Array): T {
  let json: unknown;
  try {
    json = parseJson(bytes);
  } catch (error) {
    throw unfit(status, `its body ${(error as SyntaxError).message}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const member = issue === undefined || issue.path.length === 0 ? 'its body' : issue.path.join('.');
  throw unfit(status, `${member} does not fit: ${issue?.message ?? 'unknown'}`);
}

function headersOf({ json, bytes, headers, key }: Call<unknown>): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    'accept-encoding': 'identity',
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...(bytes !== undefined && { 'content-type': bytes.type }),
    ...(key !== undefined && { 'x-correlator': key }),
    ...headers,
  };
}

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** A query may name devices. */
const withoutQuery = (path: string): string => path.split('?', 1)[0] ?? path;

import type { Logger } from 'pino';
import { Agent, errors, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { failure } from '../activities/failure.ts';
import { parseJson } from './json.ts';
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

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Uint8Array;
}

const BODY_LIMIT = 4 * 1024 * 1024;
const CONNECTIONS = 16;

/**
 * The only way to a peer: a deadline, bounded bodies, no redirects, no retries (Temporal retries), one audit line for each call
 * that changes something. Throws PeerUnavailable, PeerRejected, PeerMalformed, or the reason of the given signal.
 */
export class Exchange {
  readonly #peer: PeerAddress;
  readonly #log: Logger;
  readonly #base: URL;
  readonly #agent = new Agent({ connections: CONNECTIONS, pipelining: 1, maxResponseSize: BODY_LIMIT });

  constructor(peer: PeerAddress, log: Logger) {
    this.#peer = peer;
    this.#log = log;
    this.#base = new URL(peer.url);
  }

  async ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
    const begun = performance.now();
    let outcome: { status: number } | { outcome: string } = { outcome: 'no answer' };
    try {
      const raw = await this.#exchange(call, signal);
      outcome = { status: raw.status };
      return this.#judge(call, raw);
    } catch (error) {
      if (signal.aborted) outcome = { outcome: 'cancelled' };
      throw error;
    } finally {
      this.#record(call, outcome, Math.round(performance.now() - begun));
    }
  }

  async #exchange(call: Call<unknown>, signal: AbortSignal): Promise<Raw> {
    const deadline = AbortSignal.timeout(this.#peer.timeoutMs);
    try {
      const { statusCode, headers, body } = await this.#agent.request({
        origin: this.#base.origin,
        path: `${this.#base.pathname.replace(/\/$/, '')}${call.path}`,
        method: call.method,
        headers: headersOf(call),
        body: call.bytes?.body ?? (call.json === undefined ? null : JSON.stringify(call.json)),
        signal: AbortSignal.any([signal, deadline]),
      } satisfies Dispatcher.RequestOptions);
      return { status: statusCode, headers, bytes: new Uint8Array(await body.arrayBuffer()) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (deadline.aborted)
        throw this.#failure('PeerUnavailable', call, `did not answer within ${this.#peer.timeoutMs} ms`);
      if (error instanceof errors.ResponseExceededMaxSizeError)
        throw this.#failure('PeerMalformed', call, `answered with more than ${BODY_LIMIT} bytes`);
      if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
        throw this.#failure('PeerMalformed', call, 'answered with something that is no HTTP');
      const { code = 'no connection' } = error as { code?: string };
      throw this.#failure('PeerUnavailable', call, `did not answer (${code})`);
    }
  }

  #judge<T>(call: Call<T>, raw: Raw): Answer<T> {
    const { status, headers, bytes } = raw;
    const expected = status >= 200 && status < 300;
    const problem = expected ? undefined : problemDocument(bytes);
    const words = expected ? '' : problemTold(problem, bytes, single(headers['content-type']) ?? '');
    const answered = `answered ${status}${words === '' ? '' : `: ${words}`}`;
    if (!expected && call.alsoExpect?.includes(status) !== true) {
      // 501 says that it never will (RFC 9110, 15.6.2): nothing to wait for.
      const passing = (status >= 500 && status !== 501) || status === 408 || status === 429;
      throw passing
        ? this.#failure('PeerUnavailable', call, answered, retryAfterMs(single(headers['retry-after'])))
        : this.#failure('PeerRejected', call, answered);
    }
    return {
      status,
      body: expected ? this.#body(call, raw) : (problem as T),
      etag: single(headers['etag']) ?? null,
      location: this.#below(single(headers['location']), call) ?? null,
      next: this.#next(call, headers['link']),
      told: this.#sentence(call, answered),
    };
  }

  #body<T>(call: Call<T>, { status, bytes }: Raw): T {
    if (call.schema === undefined) return undefined as T;
    const malformed = (what: string): Error =>
      this.#failure('PeerMalformed', call, `answered ${status}, but ${scrubbed(what)}`);
    let json: unknown;
    try {
      json = parseJson(bytes);
    } catch (error) {
      throw malformed(`its body ${(error as SyntaxError).message}`);
    }
    const parsed = call.schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const member = issue === undefined || issue.path.length === 0 ? 'its body' : issue.path.join('.');
    throw malformed(`${member} does not fit: ${issue?.message ?? 'unknown'}`);
  }

  #next(call: Call<unknown>, link: string | string[] | undefined): string | null {
    for (const [, uri, parameters] of [link ?? []]
      .flat()
      .join(',')
      .matchAll(/<([^>]*)>([^<]*)/g)) {
      if (!/;\s*rel\s*=\s*("[^"]*\bnext\b[^"]*"|next\b)/i.test(parameters ?? '')) continue;
      const next = this.#below(uri, call);
      if (next === undefined) throw this.#failure('PeerMalformed', call, 'leads to another host for its next page');
      return next;
    }
    return null;
  }

  /** A URI of the peer as a path below its url; undefined: it is none of this peer's. */
  #below(uri: string | undefined, call: Call<unknown>): string | undefined {
    if (uri === undefined || !URL.canParse(uri, `${this.#peer.url}${call.path}`)) return undefined;
    const { origin, pathname, search } = new URL(uri, `${this.#peer.url}${call.path}`);
    const base = this.#base.pathname.replace(/\/$/, '');
    return origin === this.#base.origin && pathname.startsWith(`${base}/`)
      ? `${pathname.slice(base.length)}${search}`
      : undefined;
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

  #record({ method, path, key }: Call<unknown>, outcome: object, ms: number): void {
    const line = { peer: this.#peer.name, method, path: withoutQuery(path), ...outcome, ms };
    if (method === 'GET') this.#log.debug(line, 'asked');
    else this.#log.info({ audit: true, ...line, ...(key !== undefined && { key }) }, 'called');
  }
}

function headersOf({ json, bytes, headers, key }: Call<unknown>): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
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

import type { Logger } from 'pino';
import { Agent, errors, type Dispatcher } from 'undici';
import { failure, outcomeOf } from '../activities/failure.ts';
import { isFailureType } from '../domain/failures.ts';
import { type PeerCall, type PeerCallBegun, peerCalls, peerCallsBegun } from '../traces/told.ts';
import {
  BODY_LIMIT,
  chunksOf,
  fitting,
  isExpected,
  isRedirect,
  isStale,
  LIST_LIMIT,
  type Opened,
  refusal,
  single,
  unfit,
} from './answer.ts';
import { Unreadable } from './body.ts';
import {
  type Answer,
  type Call,
  type Credentials,
  discreet,
  headersOf,
  type PeerAddress,
  placeOf,
  withoutQuery,
} from './call.ts';
import { Deadline, PROGRESS_BYTES } from './deadline.ts';
import { entriesOf } from './json-list.ts';
import { below, nextLink } from './links.ts';
import { clockOf, retryAfterMs } from './problem.ts';
import { mistrust, secured } from './secured.ts';

export { GONE, LIST_LIMIT } from './answer.ts';
export type { Answer, Call, Credentials, PeerAddress } from './call.ts';

const CONNECTIONS = 16;
const HOPS = 3;
/** What is named so leads out of where it is said to be (RFC 3986, 5.2.4): to the collection, or beyond it. */
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;

const agentOf = ({ name, tls }: PeerAddress): Agent =>
  new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    ...(tls !== undefined && { connect: secured(name, tls) }),
  });

/**
 * The only way to a peer: a deadline, bounded memory, redirects below the peer's url only, no retries (Temporal retries), one
 * audit line for each call that changes something. Throws PeerUnavailable, PeerRejected, PeerMalformed, or the reason of the
 * given signal.
 */
export class Exchange {
  readonly #peer: PeerAddress;
  readonly #log: Logger;
  readonly #base: URL;
  readonly #credentials: Credentials | undefined;
  #agent: Agent;

  constructor(peer: PeerAddress, log: Logger, credentials?: Credentials) {
    this.#peer = peer;
    this.#log = log;
    this.#credentials = credentials;
    this.#base = new URL(peer.url);
    this.#agent = agentOf(peer);
  }

  get name(): string {
    return this.#peer.name;
  }

  async ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
    return await this.#asked(call, signal, async (opened) => {
      if (call.schema === undefined) return await opened.body.dump().then(() => undefined as T);
      return await fitting(call.schema, opened, call);
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
        for await (const { value, size } of entriesOf(coming(), BODY_LIMIT, LIST_LIMIT)) take(value, size);
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
    const since = performance.now();
    const begun: PeerCallBegun = { peer: this.name, method: call.method, place: placeOf(call), headers: {} };
    peerCallsBegun.publish(begun);
    let outcome: PeerCall['outcome'] = { outcome: 'no answer' };
    let failed: string | undefined;
    const deadline = new Deadline(this.#peer.timeoutMs, signal);
    try {
      if (DOTS.test(withoutQuery(call.path)))
        throw this.#failure('PeerMalformed', call, 'was not asked: no path leads to what it names by dots alone');
      const opened = await this.#admitted(call, begun.headers, deadline.signal);
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
      if (!signal.aborted) {
        const explained = this.#explained(call, error, deadline);
        if ('outcome' in outcome || outcomeOf(explained) === 'PeerUnavailable') failed = explained.message;
        throw explained;
      }
      outcome = { outcome: 'cancelled' };
      throw signal.reason;
    } finally {
      deadline.end();
      const ms = performance.now() - since;
      peerCalls.publish({ begun, outcome, ms, ...(failed !== undefined && { failure: failed }) } satisfies PeerCall);
      this.#record(call, outcome, Math.round(ms));
    }
  }

  /** Where the peer does not take our token any more nothing was done: once more with a new one (RFC 6750, 3.1). */
  async #admitted(call: Call<unknown>, along: Record<string, string>, signal: AbortSignal): Promise<Opened> {
    const authorization = await this.#credentials?.authorization(signal);
    const agent = this.#agent;
    const opened = await this.#open(call, { ...along, ...headersOf(call, authorization) }, signal);
    if (this.#credentials === undefined || authorization === undefined || !isStale(opened)) return opened;
    await opened.body.dump();
    this.#credentials.refused(authorization);
    if (agent === this.#agent) this.#connectAnew();
    const another = await this.#credentials.authorization(signal);
    return await this.#open(call, { ...along, ...headersOf(call, another) }, signal);
  }

  /** A token may be bound to our certificate (RFC 8705, 3), and that was renewed since these connections were made. */
  #connectAnew(): void {
    if (this.#peer.tls?.certificate === undefined) return;
    void this.#agent.close(); // once its calls have been answered
    this.#agent = agentOf(this.#peer);
  }

  async #open(call: Call<unknown>, headers: Record<string, string>, signal: AbortSignal): Promise<Opened> {
    let { path } = call;
    for (let hops = 0; ; hops += 1) {
      const answered = await this.#agent.request({
        origin: this.#base.origin,
        path: `${this.#base.pathname.replace(/\/$/, '')}${path}`,
        method: call.method,
        headers,
        body: call.bytes?.body ?? (call.json === undefined ? null : JSON.stringify(call.json)),
        signal,
      } satisfies Dispatcher.RequestOptions);
      const opened = { status: answered.statusCode, headers: answered.headers, path, body: answered.body };
      if (!isRedirect(opened.status, call.method)) return opened;
      const next = below(this.#peer.url, single(opened.headers['location']), path);
      if (next === undefined || hops === HOPS) return opened;
      await opened.body.dump();
      path = next;
    }
  }

  /** Thrown, unless the caller judges it itself: then the problem document as it came. */
  async #refused(call: Call<unknown>, opened: Opened): Promise<{ body: unknown; told: string }> {
    const { status, headers } = opened;
    const { problem, told } = await refusal(opened, call.method);
    if (call.alsoExpect?.includes(status) === true) return { body: problem, told };
    // 501 says that it never will (RFC 9110, 15.6.2): nothing to wait for.
    const passing = (status >= 500 && status !== 501) || status === 408 || status === 429;
    if (!passing) throw this.#failure('PeerRejected', call, told);
    const after = retryAfterMs(single(headers['retry-after']), clockOf(single(headers['date'])));
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
    return this.#failure('PeerUnavailable', call, mistrust(error as Error, this.#peer) ?? `did not answer (${code})`);
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

  #sentence(call: Call<unknown>, what: string): string {
    return `${this.#peer.name}: ${call.method} ${placeOf(call)} ${discreet(call, what)}`;
  }

  #record(call: Call<unknown>, outcome: object, ms: number): void {
    const { method, key, question } = call;
    const line = { peer: this.#peer.name, method, path: placeOf(call), ...outcome, ms };
    if (method === 'GET' || question === true) this.#log.debug(line, 'asked');
    else this.#log.info({ audit: true, ...line, ...(key !== undefined && { key }) }, 'called');
  }
}

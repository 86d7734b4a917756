import * as oauth from 'oauth4webapi';
import type { Logger } from 'pino';
import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import { isAgreed } from '../../domain/agreed-host.ts';
import { isFailureType } from '../../domain/failures.ts';
import { Exchange, type PeerAddress } from '../http.ts';
import { scrubbed } from '../scrubbed.ts';

export interface ServerOf {
  /** Whose it is, for sentences. */
  readonly name: string;
  /** What it is called, where it is of several. */
  readonly title?: string;
  readonly issuer: string;
  /** By plain HTTP, as the configuration says. */
  readonly insecure: boolean;
  readonly timeoutMs: number;
  readonly tls?: PeerAddress['tls'];
  /** Where that stands; `client.tls` unless it is our own. */
  readonly tlsMember?: string;
  /** Of a partner: to which hosts it may lead us, besides its own; absent: to any. */
  readonly hosts?: readonly string[];
}

/** Statuses with which it says why not (RFC 6749, 5.2), or that there is no such document. */
const JUDGED = [400, 401, 403, 404];

type Sent = oauth.CustomFetchOptions<string, oauth.ProtectedResourceRequestBody | URLSearchParams | undefined>;

/** Somebody's authorization server, found by its metadata (RFC 8414, else OpenID Connect Discovery). */
export class AuthorizationServer {
  readonly #of: ServerOf;
  readonly #log: Logger;
  readonly #exchanges = new Map<string, Exchange>();
  #known: oauth.AuthorizationServer | undefined;

  constructor(of: ServerOf, log: Logger) {
    this.#of = of;
    this.#log = log;
  }

  async grant(client: { id: string; secret: string }, scopes: readonly string[]): Promise<oauth.TokenEndpointResponse> {
    return await this.#explaining(async () => {
      const server = await this.#metadata();
      // RFC 8705, 5: where it asks for certificates elsewhere
      const us = { client_id: client.id, use_mtls_endpoint_aliases: this.#of.tls?.certificate !== undefined };
      const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
      const proof = methods.includes('client_secret_basic') ? oauth.ClientSecretBasic : oauth.ClientSecretPost;
      const asked: Record<string, string> = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
      const answer = await oauth.clientCredentialsGrantRequest(server, us, proof(client.secret), asked, this.#way);
      return await oauth.processClientCredentialsResponse(server, us, answer);
    });
  }

  /** Its next token is asked for by connections of that time: it may be bound to our certificate (RFC 8705, 3). */
  connectAnew(): void {
    this.#exchanges.clear();
  }

  async tokenUrl(): Promise<string> {
    return await this.#explaining(async () => (await this.#metadata()).token_endpoint ?? '');
  }

  async #metadata(): Promise<oauth.AuthorizationServer> {
    if (this.#known !== undefined) return this.#known;
    const issuer = new URL(this.#of.issuer);
    let answer = await oauth.discoveryRequest(issuer, { ...this.#way, algorithm: 'oauth2' });
    if (answer.status === 404) answer = await oauth.discoveryRequest(issuer, { ...this.#way, algorithm: 'oidc' });
    this.#known = await oauth.processDiscoveryResponse(issuer, answer);
    return this.#known;
  }

  /** What it says of itself is asked for anew after whatever went wrong. */
  async #explaining<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#known = undefined;
      if (isFailureType((error as { type?: unknown }).type)) throw error;
      if (error instanceof oauth.ResponseBodyError)
        throw failure('PeerRejected', `${this.#name} refuses our client (${scrubbed(error.error)})`);
      throw failure('PeerMalformed', `${this.#name} does not answer as one (${scrubbed((error as Error).message)})`);
    }
  }

  get #name(): string {
    return this.#of.title ?? `${this.#of.name}, its authorization server`;
  }

  get #way() {
    return {
      [oauth.customFetch]: async (url: string, sent: Sent): Promise<Response> => await this.#fetch(url, sent),
      [oauth.allowInsecureRequests]: this.#of.insecure,
    };
  }

  /** Where we show our secret a partner does not choose alone: it could be anybody of ours. */
  #led(url: string): URL {
    const [to, from] = [new URL(url), new URL(this.#of.issuer)];
    const { hosts } = this.#of;
    if (hosts === undefined || to.host === from.host || isAgreed(hosts, to)) return to;
    throw failure(
      'PeerMalformed',
      `${this.#name} gives tokens at ${scrubbed(to.host)}, which is neither its own host nor one agreed upon: where that is right, name it in "hosts" of the partner`,
    );
  }

  /** Through the only door to peers, with its bounds. */
  async #fetch(url: string, { method, headers, body }: Sent): Promise<Response> {
    const { origin, pathname, search } = this.#led(url);
    const { timeoutMs, tls, tlsMember = 'client.tls' } = this.#of;
    const exchange =
      this.#exchanges.get(origin) ??
      new Exchange({ name: this.#name, url: origin, timeoutMs, tls, tlsMember }, this.#log);
    this.#exchanges.set(origin, exchange);
    const answer = await exchange.ask(
      {
        method: method as 'GET' | 'POST',
        path: `${pathname}${search}`,
        headers,
        ...(body instanceof URLSearchParams && {
          bytes: { type: 'application/x-www-form-urlencoded;charset=UTF-8', body: Buffer.from(body.toString()) },
        }),
        schema: z.unknown(),
        alsoExpect: JUDGED,
        question: true,
      },
      AbortSignal.timeout(timeoutMs * 2),
    );
    return Response.json(answer.body ?? {}, { status: answer.status });
  }
}

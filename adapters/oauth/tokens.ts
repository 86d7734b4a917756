import type { Logger } from 'pino';
import type { Credentials } from '../http.ts';
import { AuthorizationServer, type ServerOf } from './authorization-server.ts';
import { secretAt, type SecretReference } from './secret.ts';

/** A secret that is a bearer token itself (RFC 6750), as it stands there now. */
export const standingToken = (secret: SecretReference, whose: string): Credentials => ({
  authorization: async () => `Bearer ${await secretAt(secret, whose)}`,
  refused: () => undefined,
});

/** Who we are at somebody's authorization server. */
export interface ClientOf extends ServerOf {
  readonly id: string;
  readonly secret: SecretReference;
  readonly scopes: readonly string[];
}

/** Where nothing is said of a token's life. */
const LIFE_SECONDS = 60;
/** Of its life: the rest is for clocks that differ, and for the call that it is used in. */
const KEPT = 0.8;

interface Token {
  readonly authorization: string;
  readonly until: number;
}

/**
 * Tokens by client credentials (RFC 6749, 4.4): one at a time, kept for most of its life, asked for once however many need
 * it. Neither token nor secret is in what this throws.
 */
export class Tokens implements Credentials {
  readonly #client: ClientOf;
  readonly #server: AuthorizationServer;
  #token: Token | undefined;
  #fetching: Promise<Token> | undefined;

  constructor(client: ClientOf, log: Logger) {
    this.#client = client;
    this.#server = new AuthorizationServer(client, log);
  }

  async authorization(signal: AbortSignal): Promise<string> {
    if (this.#token !== undefined && performance.now() < this.#token.until) return this.#token.authorization;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return (await unlessAborted(signal, this.#fetching)).authorization;
  }

  refused(authorization: string): void {
    if (this.#token?.authorization !== authorization) return;
    this.#token = undefined;
    this.#server.connectAnew();
  }

  async #fetch(): Promise<Token> {
    const { id, secret, name, scopes } = this.#client;
    const begun = performance.now();
    const { access_token: token, expires_in: seconds = LIFE_SECONDS } = await this.#server.grant(
      { id, secret: await secretAt(secret, name) },
      scopes,
    );
    this.#token = { authorization: `Bearer ${token}`, until: begun + seconds * 1_000 * KEPT };
    return this.#token;
  }
}

/** Whoever waits may stop waiting; what is waited for is others' too, and goes on. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

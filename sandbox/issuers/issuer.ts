import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { Router } from 'express';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { found } from '../problem.ts';
import { issuerName, type IssuerPlan } from './clients.ts';
import { newSecret, secretFile, tell } from './secrets.ts';

/** So short that whatever lasts crosses a renewal. */
const LIFETIME_SECONDS = 10;
const ALGORITHM = 'ES256';

type Answer = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** For the operator's own Ferry: peers see by which certificate it asks them. */
const BOUND = 'ferry';

/**
 * An operator's authorization server: client credentials (RFC 6749, 4.4) for access tokens that are JWTs (RFC 9068), bound
 * to a client's certificate (RFC 8705, 3) where it has one to show.
 */
export class Issuer {
  readonly name: string;
  readonly routes: Router;
  readonly #plan: IssuerPlan;
  readonly #folder: string;
  readonly #key: object;
  readonly #secrets = new Map<string, string>();
  #answer: Answer;

  /** Its clients find their secrets below `folder`. */
  static async start(plan: IssuerPlan, folder: string): Promise<Issuer> {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: ALGORITHM };
    return new Issuer(plan, folder, key);
  }

  private constructor(plan: IssuerPlan, folder: string, key: object) {
    this.name = issuerName(plan.operator);
    [this.#plan, this.#folder, this.#key] = [plan, folder, key];
    for (const client of Object.keys(plan.clients)) this.#give(client, true);
    this.#answer = this.#provider();
    this.routes = Router().use(async (req, res) => await this.#answer(req, res));
  }

  /** The former one is refused from now on; `told`: the client's file has the new one. Tokens that it has stay good. */
  rotate(client: string, told: boolean): void {
    found(this.#plan.clients[client], `client ${client} of ${this.name}`);
    this.#give(client, told);
    this.#answer = this.#provider();
  }

  state(): object {
    const { url, audience, clients } = this.#plan;
    return { url, audience, clients };
  }

  #give(client: string, told: boolean): void {
    const secret = newSecret();
    this.#secrets.set(client, secret);
    if (told) tell(secretFile(this.#folder, this.#plan.operator, client), secret);
  }

  /** Clients are told to it once: a new secret makes a new one with the same key. */
  #provider(): Answer {
    const { issuer, audience, clients } = this.#plan;
    const secured = issuer.startsWith('https:');
    const scopes = [...new Set(Object.values(clients).flat())];
    const provider = new Provider(issuer, {
      jwks: { keys: [this.#key] },
      scopes,
      clients: Object.entries(clients).map(([id, allowed]) => ({
        client_id: id,
        client_secret: this.#secrets.get(id) ?? '',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: ALGORITHM, // its default has no key here
        token_endpoint_auth_method: 'client_secret_basic',
        scope: allowed.join(' '),
        ...(secured && id === BOUND && { tls_client_certificate_bound_access_tokens: true }),
      })),
      ttl: { ClientCredentials: LIFETIME_SECONDS },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        mTLS: {
          enabled: secured,
          certificateBoundAccessTokens: true,
          getCertificate: ({ req }) => (req.socket as TLSSocket).getPeerX509Certificate?.(),
        },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: scopes.join(' '),
            audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: LIFETIME_SECONDS,
            jwt: { sign: { alg: ALGORITHM } },
          }),
        },
      },
    });
    return provider.callback();
  }
}

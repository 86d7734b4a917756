import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** By which certificate somebody asks, as a token has it that is bound to it (RFC 8705, 3.1). Undefined: by none. */
export function confirmationOf({ socket }: IncomingMessage): object | undefined {
  const shown = (socket as Partial<TLSSocket>).getPeerX509Certificate?.();
  return shown && { 'x5t#S256': createHash('sha256').update(shown.raw).digest('base64url') };
}

/** An authorization server, as far as whoever checks its tokens sees it: metadata, and keys that are changed. */
export class Issuer {
  readonly url: string;
  /** How often its keys were asked for. */
  asked = 0;
  /** How many tokens it has given. */
  granted = 0;
  /** While it is set, it answers so and nothing else. */
  away: number | 'silent' | undefined;
  /** Where its metadata says that its keys are, in place of here. */
  keysAt: string | undefined;
  /** Whoever asks again connects anew. */
  hangsUp = false;
  #keys: { readonly kid: string; readonly pair: KeyPair; readonly jwk: JWK }[] = [];
  readonly #server: Server;

  constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      const { url } = req;
      if (this.away === 'silent') return;
      if (this.hangsUp) res.setHeader('connection', 'close');
      if (url === '/token' && this.away === undefined) {
        void this.#grant(req, res);
        return;
      }
      const told = this.away === undefined ? this.#told(url) : undefined;
      res.writeHead(told === undefined ? (this.away ?? 404) : 200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(told ?? {}));
    });
  }

  #told(path: string | undefined): object | undefined {
    if (path === '/.well-known/openid-configuration')
      return { issuer: this.url, jwks_uri: this.keysAt ?? `${this.url}/jwks`, token_endpoint: `${this.url}/token` };
    if (path !== '/jwks') return undefined;
    this.asked += 1;
    return { keys: this.#keys.map(({ jwk }) => jwk) };
  }

  /** To whoever asks, by client credentials (RFC 6749, 4.4): what he asks for, bound to his certificate if he shows one. */
  async #grant(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.granted += 1;
    const [, basic = ''] = (req.headers.authorization ?? '').split(' ');
    const client_id = decodeURIComponent(Buffer.from(basic, 'base64').toString().split(':')[0] ?? '');
    const { scope } = Object.fromEntries(new URLSearchParams(await text(req)));
    const claims = { client_id, scope, cnf: confirmationOf(req) };
    const token = { access_token: await this.token(claims), token_type: 'Bearer', expires_in: 300 };
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token));
  }

  /** `tls`: it is asked by HTTPS. */
  static async start(tls?: ServerOptions): Promise<Issuer> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const issuer = new Issuer(server, tls === undefined ? 'http' : 'https');
    await issuer.rotate();
    return issuer;
  }

  /** From now on it signs with another key, and publishes that one alone. */
  async rotate(): Promise<void> {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const kid = `key-${this.#keys.length}-${Math.random().toString(36).slice(2)}`;
    this.#keys = [{ kid, pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' } }];
  }

  get publicKey(): JWK {
    return this.#keys[0]?.jwk ?? {};
  }

  get privateKey(): KeyPair['privateKey'] {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('it has no key');
    return key.pair.privateKey;
  }

  /** An access token of a client; what is given stands over what is usual. Undefined: left out. */
  async token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const usual = {
      iss: this.url,
      aud: 'ferry',
      iat: now,
      exp: now + 300,
      client_id: 'client-b',
      scope: 'fed-mgmt mff',
    };
    return await new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: this.publicKey.kid ?? '', ...header })
      .sign(this.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

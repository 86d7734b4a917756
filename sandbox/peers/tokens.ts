import { readFile } from 'node:fs/promises';
import type { Federator } from './system.ts';

const LIMIT_MS = 2_000;
/** Of a token's life: what is left is for the call that it is used in. */
const KEPT = 0.8;

/** Tokens of a client of the operator's issuer (RFC 6749, 4.4), kept for most of their lives. */
export class Tokens {
  readonly #of: Federator;
  #token = '';
  #until = 0;

  constructor(of: Federator) {
    this.#of = of;
  }

  async authorization(): Promise<string> {
    if (Date.now() < this.#until) return this.#token;
    const { issuer, client, secretFile, tells } = this.#of;
    const secret = await readFile(secretFile, 'utf8'); // it may have been rotated
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: `fed_enablement fed_enablement:read${tells === true ? ' mfm' : ''}`,
      }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (!answer.ok) throw new Error(`${issuer} gives ${client} no token: ${answer.status}`);
    const { access_token: token, expires_in: seconds } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    this.#until = Date.now() + seconds * 1_000 * KEPT;
    this.#token = `Bearer ${token}`;
    return this.#token;
  }
}

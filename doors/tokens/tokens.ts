import { createHash } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Federation } from '../../configuration/federation.ts';
import { unauthorized } from './bearer.ts';
import { keysOf, withoutSlash } from './keys.ts';
import { Remembered } from './remembered.ts';

const REMEMBERED_MS = 60_000;
const AT_MOST = 10_000;
const LEEWAY_SECONDS = 30;
/** RFC 9068; older servers write JWT. */
const TYPES = ['at+jwt', 'jwt'];

/** Who asks, as a token says: a client of an authorization server that the configuration names. */
export interface Caller {
  readonly issuer: string;
  readonly client: string;
  readonly scopes: readonly string[];
}

type Issuers = Federation['issuers'];
interface Checking {
  readonly name: string;
  readonly issuer: Issuers[string];
  readonly keys: JWTVerifyGetKey;
}

/**
 * Access tokens of our authorization servers: JWTs that are signed, for us, and valid now. A checked one is remembered
 * for a minute, by its digest, and never past its end.
 */
export class Tokens {
  readonly #issuers = new Map<string, Checking>();
  readonly #remembered: Remembered<Caller>;
  readonly #checking = new Map<string, Promise<Caller>>();

  constructor(issuers: Issuers, { cooldownMs, atMost = AT_MOST }: { cooldownMs?: number; atMost?: number } = {}) {
    for (const [name, issuer] of Object.entries(issuers))
      this.#issuers.set(issuer.issuer, { name, issuer, keys: keysOf({ name, ...issuer }, cooldownMs) });
    this.#remembered = new Remembered(atMost);
  }

  /** How many are remembered. */
  get size(): number {
    return this.#remembered.size;
  }

  /** Whose it is, where that was found out lately: costs nothing. */
  known(token: string): Caller | undefined {
    return this.#remembered.get(digestOf(token));
  }

  /** Is it known, or being checked: does it cost nothing to bring it? */
  isChecked(token: string): boolean {
    const digest = digestOf(token);
    return this.#remembered.get(digest) !== undefined || this.#checking.has(digest);
  }

  /** Whose it is; however many bring it at once. Throws a refusal: 401, or 503 where the keys to check it cannot be had. */
  async check(token: string): Promise<Caller> {
    const digest = digestOf(token);
    const known = this.#remembered.get(digest);
    if (known !== undefined) return known;
    const checking = this.#checking.get(digest) ?? this.#check(token).finally(() => this.#checking.delete(digest));
    this.#checking.set(digest, checking);
    return await checking;
  }

  async #check(token: string): Promise<Caller> {
    const { name, claims } = await this.#verified(token);
    const client = ['client_id', 'azp', 'sub'].map((claim) => claims[claim]).find((value) => value !== undefined);
    if (typeof client !== 'string' || client === '') throw unauthorized('the token names no client', 'invalid_token');
    const caller: Caller = { issuer: name, client, scopes: scopesOf(claims) };
    const left = (claims.exp ?? 0) * 1_000 - Date.now();
    this.#remembered.set(digestOf(token), caller, Math.min(REMEMBERED_MS, left));
    return caller;
  }

  async #verified(token: string): Promise<{ readonly name: string; readonly claims: JWTPayload }> {
    try {
      const { iss } = decodeJwt<{ iss?: unknown }>(token);
      const from = typeof iss === 'string' ? iss : '';
      const checking = this.#issuers.get(withoutSlash(from));
      if (checking === undefined) throw unauthorized('the token is of another issuer', BAD);
      const { name, issuer, keys } = checking;
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: from,
        audience: issuer.audience,
        algorithms: [...issuer.algorithms],
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['exp'],
      });
      if (!TYPES.includes(typeOf(protectedHeader.typ))) throw unauthorized('the token is no access token', BAD);
      return { name, claims: payload };
    } catch (error) {
      throw error instanceof errors.JOSEError ? unauthorized(whyNot(error), BAD) : error;
    }
  }
}

const BAD = 'invalid_token';

const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64');

const typeOf = (typ: unknown): string =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';

/** RFC 9068, 2.2.3; some servers write a list. */
function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const told = scope ?? scp;
  if (typeof told === 'string') return told.split(' ').filter((one) => one !== '');
  return Array.isArray(told) ? told.filter((one) => typeof one === 'string') : [];
}

/** Of ours, not of the library, whose sentences repeat what it was given. */
function whyNot(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf'
      ? 'the token is not valid yet'
      : `the claim ${error.claim} of the token is not as it must be`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed by an algorithm that is not taken';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is not right';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed by an unknown key';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say which key it is signed by';
  return 'the token is no signed JWT';
}

import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { z } from 'zod';
import { distrust, secured } from '../../adapters/secured.ts';
import type { Tls } from '../../configuration/credentials.ts';
import { unavailable } from '../refusal.ts';

/** So seldom an unknown key id makes us read the keys again: who invents them must not make us ask all the time. */
const COOLDOWN_MS = 5_000;
const TIMEOUT_MS = 3_000;

/** RFC 8414, or OpenID Connect Discovery. */
const Metadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** `name`: as the configuration calls it. */
interface KeysOf {
  readonly name: string;
  readonly issuer: string;
  readonly tls?: Tls | undefined;
}

type Ask = (url: string) => Promise<Response>;

/**
 * The public keys of an authorization server, read when they are needed first, every ten minutes, and when a token names
 * an unknown one. That they cannot be read is no fault of the token: 503.
 */
export function keysOf(of: KeysOf, cooldownMs = COOLDOWN_MS): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(of.issuer), {
    [customFetch]: async (_url, init) => await read(of, init as RequestInit),
    cooldownDuration: Number.POSITIVE_INFINITY, // it would count from any reading: a key that is new just then is to be found
    timeoutDuration: TIMEOUT_MS,
  });
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  /** By however many who bring one that is not known; that it failed keeps nobody from asking again. */
  const readAgain = async (): Promise<void> => {
    reading ??= keys
      .reload()
      .then(() => void (readAt = performance.now()))
      .finally(() => (reading = undefined));
    await reading;
  };
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isNew = error instanceof errors.JWKSNoMatchingKey;
      if (!isNew || (reading === undefined && performance.now() - readAt < cooldownMs)) throw judged(error);
    }
    try {
      await readAgain();
      return await keys(header, token);
    } catch (error) {
      throw judged(error);
    }
  };
}

const judged = (error: unknown): unknown => (isOfToken(error) ? error : unreadable(error));

const isOfToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;

const unreadable = (cause: unknown): Error =>
  Object.assign(
    unavailable('the keys of the authorization server cannot be read, so no token can be checked', 'Ask again later.'),
    { cause },
  );

/** Rarely, hence by connections of its own each time. */
async function read({ name, issuer, tls }: KeysOf, init: RequestInit): Promise<globalThis.Response> {
  const title = `issuer ${name}`;
  const dispatcher = new Agent(tls && { connect: secured(title, tls) });
  const ask: Ask = async (url) =>
    await fetch(url, { ...init, dispatcher }).catch((error: Error) => {
      const why = error.cause && distrust(title, error.cause as Error, { tls, tlsMember: `issuers.${name}.tls` });
      throw typeof why === 'string' ? new Error(why) : error;
    });
  try {
    const answer = await foundBy(issuer, ask);
    return new globalThis.Response(await answer.text(), { status: answer.status });
  } finally {
    void dispatcher.destroy();
  }
}

/** Where the keys are may change, as they do: it is asked for each time. */
async function foundBy(issuer: string, ask: Ask): Promise<Response> {
  for (const at of wellKnown(issuer)) {
    const answer = await ask(at);
    if (answer.status === 404) continue;
    if (answer.status !== 200) throw new Error(`${at} is answered ${answer.status}`);
    const { issuer: told, jwks_uri } = Metadata.parse(await answer.json());
    if (withoutSlash(told) !== issuer) throw new Error(`${at} is of ${told}`);
    if (isSecure(issuer) && !isSecure(jwks_uri)) throw new Error(`${at} leads to keys by plain HTTP`);
    return await ask(jwks_uri);
  }
  throw new Error(`${issuer} has no metadata (RFC 8414)`);
}

function wellKnown(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  return [`${origin}/.well-known/oauth-authorization-server${path}`, `${issuer}/.well-known/openid-configuration`];
}

const isSecure = (url: string): boolean => /^https:/i.test(url);

/** Configuration has it without one. */
export const withoutSlash = (issuer: string): string => issuer.replace(/\/$/, '');

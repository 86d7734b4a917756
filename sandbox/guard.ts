import type { RequestHandler } from 'express';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { SCOPE_OF_PEERS } from './issuers/clients.ts';
import { problem } from './problem.ts';
import { has } from './quirks/call.ts';

/** Lets nobody in, where a peer asks who calls, but clients of these issuers whose token (RFC 9068) is for peers. */
export function guard(issuers: readonly string[]): RequestHandler {
  const keys = new Map(issuers.map((issuer) => [issuer, createRemoteJWKSet(new URL(`${issuer}/jwks`))]));

  async function isGood(token: string): Promise<boolean> {
    try {
      const { iss = '' } = decodeJwt(token);
      const ofIssuer = keys.get(iss);
      if (ofIssuer === undefined) return false;
      const { payload } = await jwtVerify<{ scope?: string }>(token, ofIssuer, { issuer: iss });
      return payload.scope?.split(' ').includes(SCOPE_OF_PEERS) === true;
    } catch {
      return false;
    }
  }

  return async (req, res, next) => {
    if (!has(res, 'asksWhoCalls')) return next();
    const [, token] = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '') ?? [];
    if (token !== undefined && (await isGood(token))) return next();
    res.setHeader('WWW-Authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
    problem(res, 401, 'who calls? Ask with a token of the operator’s authorization server');
  };
}

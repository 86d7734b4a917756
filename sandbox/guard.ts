import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Request, RequestHandler } from 'express';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { type IssuerPlan, SCOPE_OF_PEERS } from './issuers/clients.ts';
import { problem } from './problem.ts';
import { has } from './quirks/call.ts';

interface Claims {
  readonly scope?: string;
  /** The one certificate with which it is good (RFC 8705, 3.1). */
  readonly cnf?: { readonly 'x5t#S256'?: string };
}

/** Of the certificate of whoever calls; undefined: of none. */
function thumbprintOf({ socket }: Request): string | undefined {
  const shown = (socket as Partial<TLSSocket>).getPeerX509Certificate?.();
  return shown && createHash('sha256').update(shown.raw).digest('base64url');
}

/** Lets nobody in, where a peer asks who calls, but clients of these issuers whose token (RFC 9068) is for peers. */
export function guard(issuers: readonly IssuerPlan[]): RequestHandler {
  const keys = new Map(issuers.map(({ issuer, url }) => [issuer, createRemoteJWKSet(new URL(`${url}/jwks`))]));

  async function isGood(token: string, by: string | undefined): Promise<boolean> {
    try {
      const { iss = '' } = decodeJwt(token);
      const ofIssuer = keys.get(iss);
      if (ofIssuer === undefined) return false;
      const { payload } = await jwtVerify<Claims>(token, ofIssuer, { issuer: iss });
      const bound = payload.cnf?.['x5t#S256'];
      if (bound !== undefined && bound !== by) return false;
      return payload.scope?.split(' ').includes(SCOPE_OF_PEERS) === true;
    } catch {
      return false;
    }
  }

  return async (req, res, next) => {
    if (!has(res, 'asksWhoCalls')) return next();
    const [, token] = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '') ?? [];
    if (token !== undefined && (await isGood(token, thumbprintOf(req)))) return next();
    res.setHeader('WWW-Authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
    problem(res, 401, 'who calls? Ask with a token of the operator’s authorization server');
  };
}

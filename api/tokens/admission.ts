import type { Request, RequestHandler, Response } from 'express';
import { HttpRefusal } from '../problem.ts';
import type { Caller, Scope } from '../serve.ts';
import { bearer } from '../../doors/tokens/bearer.ts';
import type { Tokens } from '../../doors/tokens/tokens.ts';

/** Finds out who asks, and keeps it for `callerOf`. Throws a refusal: 401, or 503. */
export async function identify(tokens: Tokens, req: Request, res: Response): Promise<Caller> {
  const caller = await tokens.check(bearer(req));
  res.locals['caller'] = caller;
  return caller;
}

/** Who asks, once that is known. */
export function callerOf({ locals }: Pick<Response, 'locals'>): Caller {
  const caller = locals['caller'] as Caller | undefined;
  if (caller === undefined) throw new Error('nobody has asked who it is');
  return caller;
}

/** Throws a refusal where the token does not allow it (RFC 6750, 3.1). Who may write may read: `mfm` is `mfm:read` too. */
export function permit({ scopes }: Caller, scope: Scope): void {
  const enough: readonly string[] = [scope, scope.replace(/:read$/, '')];
  if (scope === 'anybody' || scopes.some((one) => enough.includes(one))) return;
  throw new HttpRefusal(403, `the token has no scope ${scope}`, 'Ask our authorization server for a token with it.', {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
  });
}

/** `admit` of a face whose callers are known by their tokens. */
export const admission =
  (tokens: Tokens) =>
  (scope: Scope): RequestHandler =>
  async (req, res, next) => {
    if (scope !== 'anybody') permit(await identify(tokens, req, res), scope);
    next();
  };

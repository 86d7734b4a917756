import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Federation } from '../../configuration/federation.ts';
import { HttpRefusal } from '../problem.ts';
import type { Asker } from '../../doors/asker.ts';
import { bearer } from '../../doors/tokens/bearer.ts';
import { Places } from '../../doors/places.ts';
import type { Tokens } from '../../doors/tokens/tokens.ts';
import { partnerOf } from './asking.ts';

const inASecond = (
  limit: (res: Response) => number,
  key: { readonly keyGenerator?: (req: Request, res: Response) => string; readonly skip?: (req: Request) => boolean },
): RequestHandler =>
  rateLimit({
    windowMs: 1_000,
    limit: (_req, res) => limit(res),
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (_req, _res, next) => next(tooMany()),
    ...key,
  });

const tooMany = (): HttpRefusal =>
  new HttpRefusal(429, 'there are too many requests at once', 'Ask again after Retry-After.', {
    'retry-after': '1',
  });

/** By address, for whoever is not known yet: what a token is costs something to find out. */
export const ofStrangers = (tokens: Tokens, asker: Asker, perSecond: number): RequestHandler =>
  inASecond(() => perSecond, { keyGenerator: asker, skip: (req) => isKnown(req, tokens) });

/** By partner, wherever it comes from: in a second, and under way. Each process counts for itself. */
export function ofPartners({ partners }: Federation): readonly RequestHandler[] {
  const places = new Places((partner) => partners[partner]?.atOnce ?? 0);
  return [
    inASecond((res) => partners[partnerOf(res)]?.perSecond ?? 0, { keyGenerator: (_req, res) => partnerOf(res) }),
    (_req, res, next) => {
      if (!places.take(partnerOf(res), res)) throw tooMany();
      next();
    },
  ];
}

function isKnown(req: Request, tokens: Tokens): boolean {
  try {
    return tokens.known(bearer(req)) !== undefined;
  } catch {
    return false;
  }
}

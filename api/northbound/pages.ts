import type { Request, Response } from 'express';
import { digest } from '../../configuration/digest.ts';
import { HttpRefusal } from '../problem.ts';

/** Of a list: what `next` of the page before says, and of which question it is a page. */
interface Asked {
  readonly path: string;
  readonly query: string;
}

/** The token of the next page, also in `Link`; null: this is the last. */
export function following(req: Request, res: Response, token: Uint8Array, { path, query }: Asked): string | null {
  return linked(req, res, token.length === 0 ? null : sealed(token, query), path);
}

/** What asks for the next page, also in `Link` as a whole path; null: this is the last. */
export function linked(req: Request, res: Response, next: string | null, path: string): string | null {
  if (next === null) return null;
  const search = new URLSearchParams(req.query as Record<string, string>);
  search.set('next', next);
  res.links({ next: `${path}?${search.toString()}` });
  return next;
}

/** Temporal's token, with a seal: one that was changed, or belongs to another query, is refused before Temporal is asked. */
const sealed = (token: Uint8Array, query: string): string => {
  const text = Buffer.from(token).toString('base64url');
  return `${text}.${digest(`${query}\n${text}`)}`;
};

/** Undefined: the first page. */
export function tokenIn(next: string | undefined, query: string): Uint8Array | undefined {
  if (next === undefined) return undefined;
  const [text = '', seal] = next.split('.');
  if (seal === digest(`${query}\n${text}`)) return Buffer.from(text, 'base64url');
  throw new HttpRefusal(
    404,
    '`next` is of no page of this very list',
    'Ask with `next` of a page and the same filters, or begin with the first page.',
  );
}

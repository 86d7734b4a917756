import { digest } from '../../configuration/digest.ts';
import { HttpRefusal } from '../problem.ts';

/** Temporal's token, with a seal: one that was changed, or belongs to another query, is refused before Temporal is asked. */
export const sealed = (token: Uint8Array, query: string): string => {
  const text = Buffer.from(token).toString('base64url');
  return `${text}.${digest(`${query}\n${text}`)}`;
};

export function tokenIn(next: string, query: string): Uint8Array {
  const [text = '', seal] = next.split('.');
  if (seal === digest(`${query}\n${text}`)) return Buffer.from(text, 'base64url');
  throw new HttpRefusal(
    404,
    '`next` is of no page of this very list',
    'Ask with `next` of a page and the same filters, or begin with the first page.',
  );
}

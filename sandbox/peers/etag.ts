import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { Refused } from '../problem.ts';

/** Real platforms have either: one that rises with every change, or one that comes back with the content. */
export type EtagKind = 'version' | 'content';

export const etagOf = (kind: EtagKind, version: number, content: unknown): string =>
  kind === 'version'
    ? `"v${version}"`
    : `"${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)}"`;

/** Refuses with 412 unless `If-Match` is absent, `*`, or names the present ETag (RFC 9110, 13.1.1; MEC 011). */
export function demandMatch(req: Request, etag: string): void {
  const wanted = req.get('if-match');
  if (wanted === undefined || wanted.trim() === '*') return;
  if (!wanted.split(',').some((one) => one.trim() === etag)) throw new Refused(412, 'it is no longer as it was read');
}

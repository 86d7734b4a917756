import { createHash } from 'node:crypto';

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

/** The same for as long as nothing of `value` changes, and so for what tells more than that (RFC 9110, 8.8.1). */
export const weakTag = (value: unknown): string => `W/"${digest(value)}"`;

/** RFC 9110, 13.1.2. */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  const opaque = (one: string): string => one.trim().replace(/^W\//, '');
  return (ifNoneMatch ?? '').split(',').some((one) => ['*', opaque(tag)].includes(opaque(one)));
}

import { createHash } from 'node:crypto';

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

/** The same for as long as nothing of `value` changes, and so for what tells more than that (RFC 9110, 8.8.1). */
export const weakTag = (value: unknown): string => `W/"${digest(value)}"`;

/** Weakly compared (RFC 9110, 13.1.2). */
export const isKnown = (ifNoneMatch: string | undefined, tag: string): boolean =>
  (ifNoneMatch ?? '').split(',').some((one) => ['*', opaque(tag)].includes(opaque(one)));

const opaque = (one: string): string => one.trim().replace(/^W\//, '');

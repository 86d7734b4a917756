import { createHash } from 'node:crypto';
import type { Digest } from '../domain/identity.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first 125 bits of SHA-256, as lower-case base32: 25 characters. */
export const digest: Digest = (text) => {
  const head = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const quintets = (BigInt(`0x${head}`) >> 3n).toString(32).padStart(25, '0');
  return Array.from(quintets, (quintet) => alphabet[Number.parseInt(quintet, 32)]).join('');
};

import { randomInt } from 'node:crypto';

/** Of letters that take three bytes each, which nothing makes shorter: no index holds a thousand of them. */
export const longText = (length: number): string =>
  Array.from({ length }, () => String.fromCodePoint(0x4e_00 + randomInt(20_000))).join('');

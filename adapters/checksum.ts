/** `sha256:`, `SHA-256=`, `0x`. */
const PREFIX = /^(?:(?:sha|md|blake)[\w-]*[:=]|0x)\s*/i;
const SEPARATED = /^[\da-f]{2}(?:[:\s-][\da-f]{2})+$/i;

/**
 * A checksum of so many bytes as a peer tells it, in hexadecimal: with its algorithm before it, with separators, or in base64
 * (RFC 4648, 4 and 5). Undefined: it is none that could be compared.
 */
export function checksumIn(told: string, bytes: number): string | undefined {
  const plain = told.trim().replace(PREFIX, '');
  const digits = SEPARATED.test(plain) ? plain.replaceAll(/[:\s-]/g, '') : plain;
  if (/^(?:[\da-f]{2})+$/i.test(digits)) return digits.toLowerCase();
  const decoded = /^[\w+/-]+={0,2}$/.test(plain) ? Buffer.from(plain, 'base64') : Buffer.alloc(0);
  return decoded.length === bytes ? decoded.toString('hex') : undefined;
}

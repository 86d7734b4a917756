import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Says in its message what is wrong with an archive. */
export class PackageInvalid extends Error {
  override readonly name = 'PackageInvalid';
}

/** MEC 010-2, CreateAppPkg: either algorithm, the hash in hexadecimal. */
export const Checksum = z
  .object({ algorithm: z.enum(['SHA-256', 'SHA-512']), hash: z.string().regex(/^[0-9a-fA-F]+$/) })
  .refine(({ algorithm, hash }) => hash.length === (algorithm === 'SHA-256' ? 64 : 128), {
    message: 'the hash is not as long as its algorithm makes it',
  });
export type Checksum = z.infer<typeof Checksum>;

const HASHES: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-512': 'sha512' };

/**
 * In lower-case hexadecimal. The names are those of NFV-SOL 004, with or without the hyphen. Throws
 * PackageInvalid.
 */
export function digestOf({ algorithm }: { readonly algorithm: string }, bytes: Uint8Array): string {
  const hash = HASHES[algorithm.toUpperCase().replace(/^SHA(?=\d)/, 'SHA-')];
  if (hash === undefined) throw new PackageInvalid(`algorithm ${algorithm || '(none)'} is not known`);
  return createHash(hash).update(bytes).digest('hex');
}

export const sha256 = (bytes: Uint8Array): string => digestOf({ algorithm: 'SHA-256' }, bytes);

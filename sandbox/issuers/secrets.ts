import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where a client of this issuer finds its secret. */
export const secretFile = (folder: string, operator: string, client: string): string =>
  path.join(folder, `issuer-${operator}`, client);

export const newSecret = (): string => randomBytes(24).toString('base64url');

/** What reads it meanwhile reads the former one, whole. */
export function tell(file: string, secret: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, secret, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

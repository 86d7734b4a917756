import { readFile } from 'node:fs/promises';
import { failure } from '../../activities/failure.ts';

/** Where a secret is. */
export type SecretReference = { readonly env: string } | { readonly file: string };

/** Read whenever it is used, so that a rotated one is taken. `whose`: for the sentence that says that it is not there. */
export async function secretAt(reference: SecretReference, whose: string): Promise<string> {
  const secret = 'env' in reference ? process.env[reference.env] : await contentOf(reference.file);
  if (secret !== undefined && secret !== '') return secret;
  const where = 'env' in reference ? `environment variable ${reference.env}` : 'file that the configuration names';
  throw failure('PeerUnavailable', `${whose}: the secret of our client is not in the ${where}: put it there`);
}

const contentOf = async (file: string): Promise<string | undefined> =>
  await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

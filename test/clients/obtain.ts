import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../servers/cache.ts';

/**
 * The public generators of clients with which docs/integrators.md is tried: `npm run clients` obtains them, into a folder
 * of their own, since they want another TypeScript than ours. Tests go without where they are not there.
 */
const here = fileURLToPath(new URL('.', import.meta.url));
const files = ['package.json', 'package-lock.json', 'requirements.txt'];
const digest = createHash('sha256');
for (const file of files) digest.update(readFileSync(join(here, file)));
export const generators = join(cacheFolder(), `generated-clients-${digest.digest('hex').slice(0, 12)}`);

const python = join(generators, 'python/bin/python');
export const there = {
  typescript: existsSync(join(generators, 'node_modules/.package-lock.json')),
  python: existsSync(join(generators, 'python/bin/openapi-python-client')) ? python : undefined,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(generators, { recursive: true });
  for (const file of files) cpSync(join(here, file), join(generators, file));
  const run = (command: string, ...args: string[]): void =>
    void execFileSync(command, args, { cwd: generators, stdio: 'inherit' });
  if (!there.typescript) run('npm', 'ci', '--no-audit', '--no-fund');
  if (there.python === undefined) {
    run('python3', '-m', 'venv', 'python');
    run(python, '-m', 'pip', 'install', '--quiet', '--requirement', 'requirements.txt');
  }
}

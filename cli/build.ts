import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lock } from 'proper-lockfile';
import { isBuilt, noted } from './built.ts';
import { buildPrograms } from './programs.ts';

/**
 * Makes `dist`: the programs, the workflows as one script, and the console. `--where-needed`: if it is not of this very source.
 * The types are looked at elsewhere (`npm run check`). One build at a time: a second one waits, and may find that all is done.
 */
const root = fileURLToPath(new URL('../', import.meta.url));
const bundler = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
const whereNeeded = process.argv.includes('--where-needed');

async function run(...args: readonly string[]): Promise<void> {
  const [status] = await once(spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }), 'exit');
  if (status !== 0) throw new Error(`the build ended with status ${status}: node ${args.join(' ')}`);
}

const unlock = await lock(root, {
  lockfilePath: join(root, 'node_modules', '.build.lock'),
  stale: 10_000,
  retries: { retries: 240, factor: 1, minTimeout: 500, maxTimeout: 500 },
});
try {
  if (!(whereNeeded && isBuilt()))
    await noted(async () => {
      await Promise.all([
        buildPrograms(root),
        run('--import', import.meta.resolve('tsx'), 'temporal/make-bundle.ts'),
        run(bundler, 'build', 'console'),
      ]);
    });
} finally {
  await unlock();
}

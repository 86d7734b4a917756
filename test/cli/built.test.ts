import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** A small checkout of its own, whose programs are started as they are there. */
const here = fileURLToPath(new URL('../../', import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ferry-built-'));
  for (const folder of ['cli', 'worker', 'dist/worker']) mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'cli/built.ts'])
    cpSync(join(here, file), join(root, file));
  symlinkSync(join(here, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'tsconfig.build.json'), '{ "include": ["cli", "worker", "not-there"] }');
  writeFileSync(join(root, 'worker/main.ts'), 'let version = 1;');
  writeFileSync(join(root, 'dist/worker/main.js'), 'let version = 1;');
});
afterEach(() => rmSync(root, { recursive: true }));

/** The last of what node is given. */
async function starts(script: string, before = ''): Promise<string> {
  const code = `
    import { noted, program } from './cli/built.ts';
    ${before}
    process.stdout.write(program('${script}').at(-1));`;
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.replace(`${root}/`, '');
}

const build = 'await noted(async () => undefined);';

it('a program is started as it was built, from this very source', async () => {
  expect(await starts('worker/main.ts', build)).toBe('dist/worker/main.js');
  expect(await starts('worker/main.ts')).toBe('dist/worker/main.js');
  expect(await starts('elsewhere/main.ts')).toBe('elsewhere/main.ts');
});

it('is started from source where nothing was built, or something has changed since', async () => {
  expect(await starts('worker/main.ts')).toBe('worker/main.ts');
  await starts('worker/main.ts', build);
  writeFileSync(join(root, 'worker/main.ts'), 'let version = 2;');
  expect(await starts('worker/main.ts')).toBe('worker/main.ts');
});

it('is started from source when a build has failed, or the source has changed while it was built', async () => {
  const fails = 'await noted(async () => { throw new Error("no such type"); }).catch(() => undefined);';
  expect(await starts('worker/main.ts', `${build} ${fails}`)).toBe('worker/main.ts');
  const changes = `
    const { writeFileSync } = await import('node:fs');
    await noted(async () => writeFileSync('worker/main.ts', 'let version = 3;'));`;
  expect(await starts('worker/main.ts', changes)).toBe('worker/main.ts');
});

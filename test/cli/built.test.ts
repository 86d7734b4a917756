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

/** What a start makes of a checkout whose build does this: the environment of its programs, and what it told. */
async function madeReady(making: string): Promise<{ environment: object; told: string[] }> {
  for (const folder of ['servers', 'temporal']) mkdirSync(join(root, folder));
  for (const file of ['cli/ready.ts', 'servers/program.ts', 'servers/tether.ts'])
    cpSync(join(here, file), join(root, file));
  writeFileSync(join(root, 'cli/build.ts'), `import { noted } from './built.ts';\n${making}`);
  writeFileSync(join(root, 'temporal/make-bundle.ts'), '');
  const code = `
    import { madeReady } from './cli/ready.ts';
    const told = [];
    const phases = { timed: async (phase, done) => (told.push(phase), await done), say: (line) => told.push(line) };
    process.stdout.write(JSON.stringify({ environment: await madeReady('data', phases), told }));`;
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return JSON.parse(stdout) as { environment: object; told: string[] };
}

it('a start builds what was not built', async () => {
  expect(await madeReady(build)).toEqual({ environment: {}, told: ['build'] });
  expect(await starts('worker/main.ts')).toBe('dist/worker/main.js');
});

it('a start whose build fails says so, and makes the workflows of the sources once for every worker', async () => {
  const { environment, told } = await madeReady('throw new Error("no such bundler");');
  expect(environment).toEqual({ FERRY_WORKFLOW_BUNDLE: 'data/workflow-bundle.js' });
  expect(told.join('; ')).toMatch(/^build; cannot be built \(.*\): the sources are run as they are/);
});

it('the command says what to do where its packages are not installed, or not all of them', async () => {
  const asked = async (): Promise<string> => {
    const program = join(root, 'cli/ferry.mjs');
    const failed = await promisify(execFile)(process.execPath, [program, '--version']).catch((error: unknown) => error);
    return (failed as { stderr: string }).stderr;
  };
  cpSync(join(here, 'cli/ferry.mjs'), join(root, 'cli/ferry.mjs'));
  writeFileSync(join(root, 'cli/main.ts'), '');
  rmSync(join(root, 'node_modules'));
  const first = `run \`npm ci\` in ${root}/ first, and let it end\n`;
  expect(await asked()).toBe(`ferry: Cannot find package 'tsx': ${first}`);
  // Half of one is there
  mkdirSync(join(root, 'node_modules/tsx'), { recursive: true });
  writeFileSync(join(root, 'node_modules/tsx/package.json'), '{"exports": {"./esm/api": "./api.js"}}');
  expect(await asked()).toMatch(/^ferry: Cannot find module .*: run `npm ci` .*\n$/);
});

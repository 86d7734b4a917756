import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { generators, there } from '../clients/obtain.ts';
import type { Served } from '../support/api.ts';
import { over, reached, servedByTheEngine, starting } from '../support/served-engine.ts';
import { PortWorld } from '../support/world.ts';

servedByTheEngine();

const page = await readFile(new URL('../../docs/integrators.md', import.meta.url), 'utf8');
const program = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? '';
if (!there.typescript || there.python === undefined)
  process.stderr.write('Generators of clients are not all here (`npm run clients`): what lacks is not tried.\n');

/** In a folder of its own, beside the API's document; what it says is answered. */
async function inAFolder(api: Served, work: (folder: string) => Promise<string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'));
  try {
    const document = await api.get<object>('/openapi.json');
    await writeFile(join(folder, 'openapi.json'), JSON.stringify(document.body));
    return (await work(folder)).trim().split('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string, api: Served): Promise<string> {
  const started = promisify(execFile)(command, args, { cwd, env: { ...process.env, FERRY_API: api.url } });
  const { stdout } = await started.catch((error: Error & { stdout: string; stderr: string }) => {
    throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`);
  });
  return stdout;
}

/** What the program of the page says of a counter that was moved there and back before: it is more than one page. */
async function expectItWorks(work: (api: Served, folder: string) => Promise<string>): Promise<void> {
  await over(new PortWorld(), async (api) => {
    for (const move of [{}, { source: 'a1', target: 'cloud' }]) {
      const { body } = await starting(api, move);
      await reached(api, body, 'ended');
    }
    const said = await inAFolder(api, async (folder) => await work(api, folder));
    expect(said).toContainEqual(expect.stringMatching(/^planned true zeroLoss$/i));
    const watched = said.filter((line) => line.startsWith('watched '));
    expect(watched.length).toBeGreaterThan(1);
    expect(watched.at(-1)).toMatch(/^watched ended \w+ relocated$/);
    // Whatever the index does not show yet is on no page; none twice
    const listed = said.filter((line) => line.startsWith('listed ')).map((line) => line.split(' ')[1]);
    expect(listed.length).toBeGreaterThan(1);
    expect(new Set(listed).size).toBe(listed.length);
  });
}

describe('a client that was generated from /openapi.json', () => {
  it.skipIf(!there.typescript)('plans, starts, watches and lists, in TypeScript, strictly checked', async () => {
    await expectItWorks(async (api, folder) => {
      await symlink(join(generators, 'node_modules'), join(folder, 'node_modules'));
      await writeFile(join(folder, 'package.json'), '{"type": "module"}');
      await writeFile(join(folder, 'program.ts'), program('ts'));
      const bin = (name: string): string => join(folder, 'node_modules/.bin', name);
      await run(bin('openapi-typescript'), ['openapi.json', '--output', 'ferry.ts'], folder, api);
      const strict = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'];
      const shape = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--skipLibCheck'];
      await run(bin('tsc'), [...strict, ...shape, 'program.ts'], folder, api);
      return await run(process.execPath, ['program.js'], folder, api);
    });
  });

  it.skipIf(there.python === undefined)('plans, starts, watches and lists, in Python', async () => {
    await expectItWorks(async (api, folder) => {
      await writeFile(join(folder, 'program.py'), program('python'));
      const generate = ['generate', '--path', 'openapi.json', '--meta', 'none', '--output-path', 'ferry_client'];
      await run(join(generators, 'python/bin/openapi-python-client'), generate, folder, api);
      return await run(there.python ?? '', ['-B', 'program.py'], folder, api);
    });
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cpuMsToRun } from '../support/cpu.ts';
import { answering, FakeApi, relocation } from './fake-api.ts';

/** `ferry` as a process, as a person calls it. */
const root = fileURLToPath(new URL('../../', import.meta.url));
let api: FakeApi;
beforeAll(async () => {
  api = await FakeApi.start();
  api.answer = answering(200, { relocations: [relocation()], next: null });
});
afterAll(async () => await api.stop());
const list = (): string[] => ['cli/ferry.mjs', 'list', '--api', api.url];

it('takes at most 0.4 s of a core, built', async () => {
  const took = [];
  for (let n = 0; n < 3; n += 1) took.push(await cpuMsToRun(process.execPath, list(), root));
  process.stdout.write(`A call of ferry takes ${took.join(', ')} ms of CPU.\n`);
  expect(Math.min(...took)).toBeGreaterThan(50);
  expect(Math.min(...took)).toBeLessThan(400); // what others do meanwhile makes some of them dearer
});

it('colours what it says where that is asked for, in a pipe too, and nowhere else', async () => {
  const said = async (environment: NodeJS.ProcessEnv): Promise<string> => {
    const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
    return (await promisify(execFile)(process.execPath, list(), { cwd: root, env: { ...env, ...environment } })).stdout;
  };
  expect(await said({})).not.toContain('\u001B');
  expect(await said({ FORCE_COLOR: '1' })).toContain('\u001B');
  expect(await said({ FORCE_COLOR: '0' })).not.toContain('\u001B');
});

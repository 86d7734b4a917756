import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Child } from '../../cli/child.ts';
import { eventually, isAlive } from './eventually.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-child-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function child(script: string): Promise<Child> {
  await writeFile(join(folder, 'child.mts'), script);
  const log = join(folder, 'child.log');
  return new Child({ name: 'worker', script: join(folder, 'child.mts'), args: [], environment: process.env, log });
}

const ready = 'process.stdout.write(JSON.stringify({ ready: true, pid: process.pid }) + "\\n");';

it('tells what the process said when it was ready', async () => {
  const one = await child(`process.stdout.write('warming up\\n'); ${ready} process.stdin.resume();`);
  expect(await one.ready).toMatchObject({ ready: true });
  await one.stop(5_000);
  expect(await one.exited).not.toBe('SIGKILL');
});

it('tells how a process has ended before it was ready, with the last lines of its log', async () => {
  const one = await child(`process.stderr.write('no such peer: meo-9\\n'); process.exitCode = 3;`);
  await expect(one.ready).rejects.toThrow(/worker has ended \(exit status 3\)[^]*no such peer: meo-9/);
});

it('tells nothing of what an earlier one has said in that log', async () => {
  await writeFile(join(folder, 'child.log'), 'no such peer: meo-8\n');
  const one = await child(`process.stderr.write('no such peer: meo-9\\n'); process.exitCode = 3;`);
  await expect(one.ready).rejects.toThrow(/child\.log:\nno such peer: meo-9$/);
});

it('asks by closing stdin, and kills what does not listen', async () => {
  const one = await child(`process.on('SIGTERM', () => {}); setInterval(() => {}, 60_000); ${ready}`);
  const { pid } = await one.ready;
  await one.stop(200);
  expect(await one.exited).toBe('SIGKILL');
  await eventually(() => !isAlive(Number(pid)));
});

it('writes its log behind what earlier ones have said', async () => {
  for (const said of ['first', 'second']) {
    const one = await child(`process.stderr.write('${said}\\n'); ${ready} process.stdin.resume();`);
    await one.ready;
    await one.stop(5_000);
  }
  expect(await readFile(join(folder, 'child.log'), 'utf8')).toBe('first\nsecond\n');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { spawnTethered } from '../../servers/tether.ts';
import { eventually, isAlive } from '../cli/eventually.ts';

const pipes = { stdio: ['ignore', 'pipe', 'pipe'] } as const;

it('what was started is dead soon after a parent that was killed right after the start', async () => {
  const script = fileURLToPath(new URL('dies-at-once.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [[pid]] = (await Promise.all([once(parent.stdout, 'data'), once(parent, 'exit')])) as [[Buffer], unknown];
  expect(Number(pid)).toBeGreaterThan(1);
  await eventually(() => !isAlive(Number(pid)), 5_000);
});

it('what was started is the program itself: its id, what it says, and how it ends', async () => {
  const child = spawnTethered(['/bin/sh', ['-c', 'echo "$$ $1"; exit 7', 'sh', 'a "b" $c']], pipes);
  const said: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => void said.push(chunk));
  expect(await once(child, 'close')).toEqual([7, null]);
  expect(Buffer.concat(said).toString()).toBe(`${child.pid} a "b" $c\n`);
});

it('whoever watches ends with it, and kills nobody else', async () => {
  const child = spawnTethered(['sleep', ['600']], pipes);
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([null, 'SIGTERM']); // nobody holds what it wrote to
  await eventually(() => child.stdio[3]?.destroyed === true, 5_000);
});

it('a program that is not there ends at once', async () => {
  const child = spawnTethered(['/no/such/program', []], pipes);
  expect(await once(child, 'close')).toEqual([127, null]);
});

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { stoodStillMs } from '../../activities/stillness.ts';

const module = fileURLToPath(new URL('../../activities/stillness.ts', import.meta.url));
const script = `
  import { stoodStillMs } from ${JSON.stringify(module)};
  process.stdin.on('data', () => console.log(Math.round(stoodStillMs())));
  console.log('ready');
`;

it('a process knows that it stood still, for a moment after it went on', async () => {
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const asked = async (): Promise<number> => {
    child.stdin.write('?\n');
    return Number((await lines.next()).value);
  };
  try {
    expect((await lines.next()).value).toBe('ready');
    expect(await asked()).toBe(0);
    child.kill('SIGSTOP');
    await new Promise((resume) => setTimeout(resume, 3_000)); // so long it stands still
    child.kill('SIGCONT');
    expect(await asked()).toBeGreaterThan(2_000);
    await expect.poll(asked, { timeout: 10_000 }).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

it('a clock that was put ahead, and back, wakes nobody up when it is as late as it was', () => {
  expect(stoodStillMs()).toBe(0);
  const begun = performance.now();
  const asked = (seconds: number): number => {
    vi.spyOn(performance, 'now').mockReturnValue(begun + 1_000 * seconds);
    return Math.round(stoodStillMs());
  };
  expect([0, 8, 0.1, 1, 2.5, 4, 5.5, 7, 8.1].map(asked)).toEqual([0, 8_000, 0, 0, 0, 0, 0, 0, 0]);
});

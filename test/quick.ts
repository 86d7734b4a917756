import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * For every change: types, lint, and the tests that start no process. Those wait for half of their time, in which the others
 * compute: all side by side. What each says comes in one piece, what failed last.
 */
const parts = [
  ['run', 'check'],
  ['run', 'lint'],
  ['exec', '--', 'vitest', 'run', '--project', 'quick'],
];

interface Ended {
  readonly status: number;
  readonly said: string;
}

async function ended(words: readonly string[]): Promise<Ended> {
  const part = spawn('npm', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [part.stdout, part.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [status] = (await once(part, 'close')) as [number | null];
  return { status: status ?? 1, said };
}

const all = await Promise.all(parts.map(ended));
const inOrder = all.toSorted((one, other) => Number(one.status !== 0) - Number(other.status !== 0));
for (const { said } of inOrder) process.stdout.write(said);
process.exitCode = inOrder.at(-1)?.status ?? 1;

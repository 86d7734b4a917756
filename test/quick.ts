import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * For every change: types, lint, and the tests that start no process. Those wait for half of their time, in which the others
 * compute: all side by side. The tests are seen as they go; what types and lint say comes after them, in one piece each, what
 * failed last.
 */
interface Ended {
  readonly status: number;
  readonly said: string;
}

async function ended(words: readonly string[], shown: 'later' | 'asItComes'): Promise<Ended> {
  const part = spawn('npm', words, { stdio: ['ignore', ...Array(2).fill(shown === 'later' ? 'pipe' : 'inherit')] });
  let said = '';
  for (const stream of [part.stdout, part.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [status] = (await once(part, 'close')) as [number | null];
  return { status: status ?? 1, said };
}

const all = await Promise.all([
  ended(['exec', '--', 'vitest', 'run', '--project', 'quick'], 'asItComes'),
  ended(['run', 'check'], 'later'),
  ended(['run', 'lint'], 'later'),
]);
for (const { said } of all.toSorted((one, other) => one.status - other.status)) process.stdout.write(said);
process.exitCode = Math.max(...all.map(({ status }) => status));

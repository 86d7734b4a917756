import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 60_000;

/** A command of the user's own, as his shell takes it; what it complains of is his to read. True: it ended with 0. */
export async function shell(command: string, environment: Readonly<Record<string, string>>): Promise<boolean> {
  const child = spawn(command, {
    shell: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: LIMIT_MS,
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status === 0;
}

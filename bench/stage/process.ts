import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { program } from '../../cli/built.ts';
import { spawnTethered } from '../../servers/tether.ts';

/** The server and the peers are on one core, who is measured and who measures on another; where there are two. */
export const [SERVER_CORE, OWN_CORE] = [0, 1];

/** Holds a process, all its threads, to a core. Where nothing can do that it runs where it likes. */
export function pin(pid: number, core: number): void {
  if (availableParallelism() < 2) return;
  try {
    execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    // no taskset here: the facts tell how many cores there are
  }
}

/** Milliseconds of CPU that a process has used, by the kernel's own count of nanoseconds for each of its threads. */
export function cpuMsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const task of readdirSync(tasks)) {
    try {
      nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // a thread that has just ended
    }
  }
  return nanoseconds / 1e6;
}

/** Kilobytes of memory that it holds now. */
export const residentKbOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

const READY_MS = 60_000;

/** A program of ours as a process that dies with this one; it has said its first line of JSON. */
export interface Running {
  readonly pid: number;
  readonly said: Readonly<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
}

export async function start(
  script: string,
  args: readonly string[],
  { core, environment = {} }: { readonly core: number; readonly environment?: NodeJS.ProcessEnv },
): Promise<Running> {
  const child = spawnTethered([process.execPath, [...program(script), ...args]], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const { pid } = child;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  if (pid === undefined) throw new Error(`cannot start ${script}: ${await ended}`);
  pin(pid, core);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
    await ended;
    clearTimeout(late);
  };
  const limit = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  const said = await Promise.race([
    firstLine(child),
    ended.then((how) => Promise.reject(new Error(`${script} ended at its start (${how}): ${errors}`))),
  ]).finally(() => clearTimeout(limit));
  return { pid, said, stop };
}

async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return await new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      for (const line of text.split('\n').slice(0, -1))
        if (line.startsWith('{')) resolve(JSON.parse(line) as Record<string, unknown>);
      text = text.slice(text.lastIndexOf('\n') + 1);
    });
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { program } from '../../cli/built.ts';

/** A process of ours that may be killed by its id. */
export interface Part {
  readonly pid: number;
  readonly log: string;
  readonly said: Record<string, unknown>;
  readonly exited: Promise<string>;
  /** SIGKILL, and seen dead. */
  kill(): Promise<void>;
}

interface PartPlan {
  readonly script: string;
  readonly args?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: string;
}

/** Resolves when it says that it is ready. */
export async function startPart({ script, args = [], environment, log }: PartPlan): Promise<Part> {
  const child: ChildProcess = spawn(process.execPath, [...program(script), ...args, '--tethered'], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', openSync(log, 'w')],
  });
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`)),
  );
  const said = await new Promise<Record<string, unknown>>((resolve, reject) => {
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as Record<string, unknown>);
      });
    void exited.then((how) =>
      reject(new Error(`${script} ended (${how}):\n${readFileSync(log, 'utf8').slice(-2_000)}`)),
    );
  });
  const pid = child.pid ?? 0;
  const kill = async (): Promise<void> => {
    process.kill(pid, 'SIGKILL');
    if ((await exited) !== 'SIGKILL') throw new Error(`${script} did not die of SIGKILL`);
  };
  return { pid, log, said, exited, kill };
}

/** Asks all to end, the last one first, and kills who does not. */
export async function endParts(parts: readonly Part[]): Promise<void> {
  for (const { pid } of parts.toReversed())
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // gone already
    }
  await Promise.all(
    parts.map(async ({ pid, exited }) => {
      const late = setTimeout(() => process.kill(pid, 'SIGKILL'), 6_000);
      await exited;
      clearTimeout(late);
    }),
  );
}

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What a running process has taken of the machine's cores so far, itself and in the kernel (proc(5), clock ticks of 10 ms). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return 10 * (Number(user) + Number(system));
}

/** Runs a command to its end; what it took, in ms: `times` of a shell tells of its children. */
export async function cpuMsToRun(command: string, args: readonly string[], cwd: string): Promise<number> {
  const script = '"$0" "$@" >/dev/null && times';
  const { stdout } = await promisify(execFile)('bash', ['-c', script, command, ...args], { cwd, env: process.env });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, min, s]) => sum + 60_000 * Number(min) + 1_000 * Number(s),
    0,
  );
}

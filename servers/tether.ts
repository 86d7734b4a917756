import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell becomes the program, and leaves behind whoever kills it once the pipe closes that only we hold: from before its
 * first instruction on. `$$` is the program's id as well, since the shell is replaced by it.
 */
const SHELL = '(read -r _ <&3 || kill -KILL "$$") >/dev/null 2>&1 & exec 3<&- "$@"';

type Output = number | 'pipe' | 'ignore';
type Stdio = readonly ['ignore', Output, Output];

/** Starts a program that dies when this process does, SIGKILL included, at whatever moment. */
export function spawnTethered(
  [program, args]: readonly [string, readonly string[]],
  { stdio, ...options }: Omit<SpawnOptions, 'stdio'> & { readonly stdio: Stdio },
): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SHELL, 'tether', program, ...args], { ...options, stdio: [...stdio, 'pipe'] });
  const tether = child.stdio[3] as Socket | null | undefined;
  tether?.on('error', () => undefined); // already gone
  tether?.unref();
  // Before its id can belong to another
  child.once('exit', () => void tether?.end('let go\n'));
  return child;
}

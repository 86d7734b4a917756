import { spawn } from 'node:child_process';

/**
 * Kills a process when this one dies, SIGKILL included: a shell of its own session reads from a pipe that only we hold.
 * Returns what lets go of it, to be called once that process has ended, before its id can belong to another.
 */
export function tether(pid: number): () => void {
  const shell = spawn('/bin/sh', ['-c', 'read -r _ || kill -KILL "$1"', 'tether', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined); // already gone
  shell.unref();
  return () => void shell.stdin.end('let go\n');
}

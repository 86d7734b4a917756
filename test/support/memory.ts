import { readFileSync } from 'node:fs';

const MIB = 1_024;

/** What a process has needed at most, in MiB (proc(5), VmHWM); what it shares with others is counted whole. */
export const mostOf = (pid: number): number => member(`/proc/${pid}/status`, 'VmHWM') / MIB;

/** What processes need together now, in MiB: what is shared is counted once (proc(5), Pss). Who has ended needs nothing. */
export const together = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    try {
      return sum + member(`/proc/${pid}/smaps_rollup`, 'Pss');
    } catch {
      return sum;
    }
  }, 0) / MIB;

function member(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file} says nothing of ${name}`);
  return Number(found);
}

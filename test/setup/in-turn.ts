import { spawnSync } from 'node:child_process';

/**
 * Of the many processes that the tests start, none is waited for more than another: each computes until its turn is over,
 * and whoever wakes up interrupts nobody (`SCHED_BATCH`). They inherit it. Where the system has no `chrt`, all is as it was.
 */
export function setup(): void {
  spawnSync('chrt', ['--batch', '--all-tasks', '--pid', '0', String(process.pid)], { stdio: 'ignore' });
}

import { setTimeout as pause } from 'node:timers/promises';

/** Awaits a condition with a deadline. */
export async function eventually(condition: () => Promise<boolean> | boolean, limitMs = 10_000): Promise<void> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > limitMs) throw new Error('it never came about');
    await pause(20);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

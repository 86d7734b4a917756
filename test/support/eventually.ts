import { busy } from './busy.ts';

/**
 * Who has waited long looks seldom: each look may ask an API, a worker and a server, which have something to do. It comes
 * late by an eighth of what it waited for, and by a quarter of a second at most.
 */
const [SHARE, SELDOM_MS] = [1 / 8, 250];

/** How long who has waited so long rests before he looks again. */
export const restAfter = (waitedMs: number, everyMs: number): number =>
  Math.max(everyMs, Math.min(SHARE * waitedMs, SELDOM_MS));

/** Awaits a condition with a deadline; no fixed sleeps. `everyMs`: at first. */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  limitMs = 10_000,
  everyMs = 20,
): Promise<void> {
  const begun = performance.now();
  while (!(await condition())) {
    const waited = performance.now() - begun;
    if (waited > limitMs * busy()) throw new Error('it never came about');
    await new Promise((resume) => setTimeout(resume, restAfter(waited, everyMs)));
  }
}

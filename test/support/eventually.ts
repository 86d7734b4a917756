import { busy } from './busy.ts';

/**
 * Who has waited long looks seldom: each look may ask an API, a worker and a server, which have something to do. It comes
 * late by an eighth of what it waited for, and by a quarter of a second at most.
 */
const [SHARE, SELDOM_MS] = [1 / 8, 250];

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
    const pauseMs = Math.max(everyMs, Math.min(SHARE * waited, SELDOM_MS));
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
}

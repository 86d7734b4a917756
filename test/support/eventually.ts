import { busy } from './busy.ts';

/** Awaits a condition with a deadline; no fixed sleeps. */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  limitMs = 10_000,
  everyMs = 20,
): Promise<void> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > limitMs * busy()) throw new Error('it never came about');
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
}

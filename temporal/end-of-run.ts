import type { Client } from '@temporalio/client';

/**
 * A server answers who waits for a run's end a second before his deadline: who asks again within it is answered at once, some
 * thousand times. So nobody waits until his deadline: it lies this far behind, and the wait is given up before.
 */
const BEHIND_MS = 2_000;

/** The result of a run that ends until `due`. Rejects as its result does; with a `ServiceError` where it has not come by then. */
export async function resultBy<T>(temporal: Client, run: { result: () => Promise<T> }, due: number): Promise<T> {
  const late = AbortSignal.timeout(Math.max(0, due - Date.now()));
  const asked = async () => await temporal.withDeadline(due + BEHIND_MS, async () => await run.result());
  return await temporal.withAbortSignal(late, asked);
}

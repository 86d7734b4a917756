import { setTimeout as pause } from 'node:timers/promises';

/** Something that runs, and may end by itself. */
export interface Running {
  /** Resolves with how it ended: `exit status 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
}

export interface KeepPlan {
  readonly name: string;
  /** Starts it once more; rejects where it ends before it is ready. */
  readonly again: () => Promise<Running>;
  readonly tell: (line: string) => void;
  /** Aborted: whatever ends now was asked to. */
  readonly ending: AbortSignal;
  readonly pace?: typeof PACE;
}

/** The first pause, the longest of those that double, and how long something has to run to begin with the first anew. */
const PACE = { firstMs: 200, longestMs: 15_000, steadyMs: 30_000 };

/** Starts again whatever ends by itself, for as long as it is not ended: with one line each time, and ever more slowly. */
export async function keepUp(first: Running, { name, again, tell, ending, pace = PACE }: KeepPlan): Promise<void> {
  let [running, waitMs] = [first, pace.firstMs];
  while (!ending.aborted) {
    const begun = performance.now();
    const how = await running.exited;
    if (ending.aborted) return;
    if (performance.now() - begun > pace.steadyMs) waitMs = pace.firstMs;
    tell(`${name} has ended (${how}), and is started again`);
    await pause(waitMs, undefined, { signal: ending }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, pace.longestMs);
    if (!ending.aborted) running = await started(again);
  }
}

/** One that does not come up has ended at once. */
async function started(again: () => Promise<Running>): Promise<Running> {
  try {
    return await again();
  } catch (error) {
    const how = (error as Error).message;
    return { exited: Promise.resolve(how) };
  }
}

import type { Pace } from '../../configuration/peers.ts';
import { stepsAt } from '../../workflows/steps.ts';

/** Two steps as procedures ask for them, without the rest. */
export async function drainOnly(pace: Pace): Promise<void> {
  await stepsAt(pace).confirmQuiet({} as never);
}
export async function handOverOnly(pace: Pace): Promise<void> {
  await stepsAt(pace).handOver({} as never);
}

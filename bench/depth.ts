import type { Call } from './peers/plan.ts';

/** So many calls had to wait for one another: the most of them of which none began before another had ended. */
export function oneAfterTheOther(calls: readonly Pick<Call, 'from' | 'to'>[]): number {
  let [count, last] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of calls.toSorted((a, b) => a.to - b.to)) if (from >= last) [count, last] = [count + 1, to];
  return count;
}

/**
 * Numbers of accepted writes, as ascending intervals with both ends included: [[1, 7], [9, 9]]. A write is accepted once, by
 * its number: a client that had no answer sends it again.
 */
export type Accepted = readonly (readonly [from: number, to: number])[];

export const has = (accepted: Accepted, number: number): boolean =>
  accepted.some(([from, to]) => from <= number && number <= to);

export function joined(accepted: Accepted, number: number): Accepted {
  const merged: [number, number][] = [];
  for (const [from, to] of [...accepted, [number, number] as const].toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** So many writes: within one epoch it only grows, so it tells two copies of a context apart. */
export const size = (accepted: Accepted): number => accepted.reduce((sum, [from, to]) => sum + to - from + 1, 0);

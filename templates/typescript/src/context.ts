/**
 * What is kept of a user: **this file is yours**. Here: the last value that he wrote. It has to be JSON, since it is copied
 * to other instances; it changes by accepted writes only, and a write is accepted once, by its number.
 */
export interface Context {
  readonly value: unknown;
  /** Numbers of accepted writes, as ascending intervals with both ends included: [[1, 7], [9, 9]]. */
  readonly accepted: readonly (readonly [from: number, to: number])[];
}

export const empty: Context = { value: null, accepted: [] };

/** What one accepted write makes of it. */
export const written = ({ accepted }: Context, number: number, value: unknown): Context => ({
  value,
  accepted: joined(accepted, number),
});

/** So many writes: within one epoch it only grows, so it tells two copies of a context apart. */
export const size = ({ accepted }: Context): number => accepted.reduce((sum, [from, to]) => sum + to - from + 1, 0);

export const has = ({ accepted }: Context, number: number): boolean =>
  accepted.some(([from, to]) => from <= number && number <= to);

function joined(accepted: Context['accepted'], number: number): Context['accepted'] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...accepted, [number, number] as const].toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

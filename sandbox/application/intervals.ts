/** Whole numbers as disjoint, ascending intervals with both ends included: [[1, 7], [9, 9]]. */
export type Intervals = readonly (readonly [from: number, to: number])[];

export const has = (intervals: Intervals, number: number): boolean =>
  intervals.some(([from, to]) => from <= number && number <= to);

export const size = (intervals: Intervals): number => intervals.reduce((sum, [from, to]) => sum + to - from + 1, 0);

export function add(intervals: Intervals, number: number): Intervals {
  const last = intervals.at(-1);
  if (last !== undefined && number === last[1] + 1) return [...intervals.slice(0, -1), [last[0], number]];
  return union(intervals, [[number, number]]);
}

export function union(a: Intervals, b: Intervals): Intervals {
  const merged: [number, number][] = [];
  for (const [from, to] of [...a, ...b].toSorted((x, y) => x[0] - y[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

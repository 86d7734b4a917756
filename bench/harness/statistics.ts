import type { Of, Values } from './measure.ts';
import { randomOf } from './random.ts';

/** One block that was measured. `pair` counts from 0 at each point; that of the warm-up is kept nowhere. */
export interface Sample {
  readonly point: string;
  readonly variant: string;
  readonly pair: number;
  readonly values: Values;
}

export interface Estimate {
  readonly value: number;
  /** 95 %, percentile. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 10_000;

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export const most = (numbers: readonly number[]): number => Math.max(...numbers);

export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** What a figure is made of: which values, at which points. */
export type Ingredient = readonly [variant: string, value: string, point: string];

export function ingredients(value: (of: Of) => number): Ingredient[] {
  const found: Ingredient[] = [];
  value((...one) => {
    found.push(one);
    return 1;
  });
  return found;
}

const keyOf = (...ingredient: Ingredient): string => ingredient.join('\n');

/**
 * What a figure is, and within which bounds: pairs are drawn again and again, those of a point together, so that what
 * disturbed a pair disturbs it in every variant. The same seed gives the same bounds.
 */
export function estimate(
  value: (of: Of) => number,
  samples: readonly Sample[],
  seed: number,
  average: (numbers: readonly number[]) => number = median,
): Estimate {
  const made = ingredients(value);
  const pairsAt = new Map<string, number[]>();
  const columns = new Map<string, number[]>();
  for (const [variant, name, point] of made) {
    const own = samples.filter((sample) => sample.variant === variant && sample.point === point);
    if (own.length === 0) throw new Error(`nothing was measured of ${variant} at ${point}`);
    pairsAt.set(point, [...new Set(samples.filter((each) => each.point === point).map(({ pair }) => pair))]);
    const column: number[] = [];
    for (const { pair, values } of own) {
      const one = values[name];
      if (one === undefined) throw new Error(`${variant} gives no ${name} at ${point}`);
      column[pair] = one;
    }
    columns.set(keyOf(variant, name, point), column);
  }
  const over = (pairs: ReadonlyMap<string, readonly number[]>): number =>
    value((...ingredient) => {
      const column = columns.get(keyOf(...ingredient)) ?? [];
      return average((pairs.get(ingredient[2]) ?? []).flatMap((pair) => column[pair] ?? []));
    });

  const seen = over(pairsAt);
  // Whichever pairs are drawn, they say the same
  if ([...columns.values()].every((column) => new Set(Object.values(column)).size === 1))
    return { value: seen, low: seen, high: seen };
  const random = randomOf(seed);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    over(
      new Map(
        [...pairsAt].map(([point, pairs]) => [point, pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? 0)]),
      ),
    ),
  ).toSorted((a, b) => a - b);
  return { value: seen, low: percentile(drawn, 0.025), high: percentile(drawn, 0.975) };
}

import type { Figure, Kind, Measure, Target, Values } from './measure.ts';
import { type Estimate, estimate, ingredients, median, most, type Sample } from './statistics.ts';

export type Verdict = 'pass' | 'fail' | 'noisy' | 'not measured' | 'reported';

export interface Judged extends Estimate {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string | null;
  readonly target: Target | null;
  readonly verdict: Verdict;
  /** The fewest at any of its points, and how many there have to be. */
  readonly pairs: { readonly seen: number; readonly least: number };
  /** How a twin compares with itself in what this is made of; null: a count needs none, and what no twin has cannot. */
  readonly control: Estimate | null;
}

/** Of a twin that is measured against itself. */
export const CONTROL = 'control';
/** A run in which it differs by more says nothing about wall time. */
const QUIET = { low: 0.93, high: 1.07 };
/** So much room at most is given to CPU time: with more of it anything would be kept. */
const CPU_ROOM = 0.2;

const holds = (target: Target, { low, high }: Pick<Estimate, 'low' | 'high'>, margin = 0): boolean => {
  if ('atMost' in target) return high <= target.atMost * (1 + margin);
  if ('atLeast' in target) return low >= target.atLeast * (1 - margin);
  return low === target.exactly && high === target.exactly;
};

/**
 * The twin against itself, in each value and at each point of the figure, or where it was so elsewhere: the widest bounds.
 * Null: it has nothing that the figure is made of.
 */
export function controlOf(figure: Figure, twin: string, samples: readonly Sample[], seed: number): Estimate | null {
  const points = [...new Set(samples.filter(({ variant }) => variant === CONTROL).map(({ point }) => point))];
  const all = new Map(
    ingredients(figure.value)
      .flatMap(([, value, point]) => (points.includes(point) ? [point] : points).map((at) => ({ value, point: at })))
      .filter(({ value, point }) =>
        samples.some((each) => each.point === point && each.variant === twin && value in each.values),
      )
      .map((each) => [`${each.value} ${each.point}`, each]),
  );
  const estimates = [...all.values()]
    .map(({ value, point }) => estimate((of) => of(CONTROL, value, point) / of(twin, value, point), samples, seed))
    .filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high)); // of nothing there is no ratio
  if (estimates.length === 0) return null;
  const furthest = estimates.toSorted((a, b) => Math.abs(Math.log(b.value)) - Math.abs(Math.log(a.value)))[0];
  return {
    value: furthest?.value ?? 1,
    low: Math.min(1, ...estimates.map(({ low }) => low)),
    high: Math.max(1, ...estimates.map(({ high }) => high)),
  };
}

/** How many rounds a point has to have. */
export type Least = (point: string) => number;

/** A figure and whether it is as it has to be: the unfavourable bound counts. */
export function judge(
  figure: Figure,
  twin: string | undefined,
  samples: readonly Sample[],
  { seed, least = () => 1 }: { readonly seed: number; readonly least?: Least },
): Judged {
  const { name, kind, unit = null, target = null } = figure;
  const pairs = fewest(figure, samples, least);
  const judged = { name, kind, unit, target, pairs };
  if (pairs.seen === 0)
    return { ...judged, value: Number.NaN, low: Number.NaN, high: Number.NaN, control: null, verdict: 'not measured' };
  const seen = estimate(figure.value, samples, seed, figure.over === 'most' ? most : median);
  const control = kind === 'count' || twin === undefined ? null : controlOf(figure, twin, samples, seed);
  const alone = kind !== 'count' && control === null && target !== null && 'atMost' in target && unit !== null;
  const verdict = alone ? ofTimeAlone(target, seen) : verdictOf(kind, target, seen, control);
  return { ...judged, ...seen, control, verdict: pairs.seen < pairs.least ? ofTooFew(kind, verdict) : verdict };
}

/** Of its points the one that has the smallest part of what it has to have. */
function fewest({ value }: Figure, samples: readonly Sample[], least: Least): Judged['pairs'] {
  const all = ingredients(value).map(([variant, , point]) => ({
    seen: new Set(samples.filter((each) => each.variant === variant && each.point === point).map(({ pair }) => pair))
      .size,
    least: least(point),
  }));
  return all.toSorted((a, b) => a.seen / a.least - b.seen / b.least)[0] ?? { seen: 0, least: 1 };
}

/** Nothing is kept by too few; what a count has missed it has missed. */
const ofTooFew = (kind: Kind, verdict: Verdict): Verdict =>
  verdict === 'reported' || (kind === 'count' && verdict === 'fail') ? verdict : 'noisy';

export function verdictOf(kind: Kind, target: Target | null, seen: Estimate, control: Estimate | null): Verdict {
  if (target === null) return 'reported';
  if (kind === 'count') return holds(target, seen) ? 'pass' : 'fail';
  if (control === null) return 'noisy'; // nothing tells how far it can be trusted
  if (kind === 'wall' && (control.low < QUIET.low || control.high > QUIET.high)) return 'noisy';
  const spread = Math.max(control.high - 1, 1 - control.low);
  if (holds(target, seen)) return 'pass';
  if (kind === 'wall' || !holds(target, seen, spread)) return 'fail';
  return spread <= CPU_ROOM ? 'pass' : 'noisy';
}

/** A time that no twin has: whatever disturbs makes it longer, so that it is kept and missed by both bounds alike. */
function ofTimeAlone({ atMost }: { readonly atMost: number }, { low, high }: Estimate): Verdict {
  if (high <= atMost) return 'pass';
  return low > atMost ? 'fail' : 'noisy';
}

/** One figure that fails makes the measure fail; one that nobody can judge leaves it open. */
export function together(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ['fail', 'not measured', 'noisy', 'pass'] as const)
    if (verdicts.includes(verdict)) return verdict;
  return 'reported';
}

/** What a bad variant gave, once, at these points. */
export interface Tried {
  readonly variant: string;
  readonly at: ReadonlyMap<string, Values>;
}

/** Where a bad variant has to be tried: wherever the engine is, for what it has to miss. */
export function triedAt({ misses }: Measure['bad'][number], figures: readonly Figure[], engine: string): string[] {
  const points = named(figures, misses).flatMap(({ value }) =>
    ingredients(value).flatMap(([variant, , point]) => (variant === engine ? [point] : [])),
  );
  return [...new Set(points)];
}

/** The bad variant stands in the engine's place: each figure that has to notice does so, or cannot say. */
export function survivors(
  {
    engine,
    twin,
    misses,
  }: { readonly engine: string; readonly twin: string | undefined; readonly misses: readonly string[] },
  { at }: Tried,
  figures: readonly Figure[],
  samples: readonly Sample[],
  seed: number,
): { readonly figure: string; readonly verdict: Verdict }[] {
  const exchanged = samples.map((sample) => {
    const values = sample.variant === engine ? at.get(sample.point) : undefined;
    return values === undefined ? sample : { ...sample, values };
  });
  return named(figures, misses).map((figure) => ({
    figure: figure.name,
    verdict: judge(figure, twin, exchanged, { seed }).verdict,
  }));
}

const named = (figures: readonly Figure[], names: readonly string[]): Figure[] =>
  names.map((name) => {
    const figure = figures.find((each) => each.name === name);
    if (figure === undefined) throw new Error(`no figure is called ${name}`);
    return figure;
  });

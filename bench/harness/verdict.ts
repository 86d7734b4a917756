import type { Figure, Kind, Measure, Point, Target } from './measure.ts';
import { type Estimate, estimate, ingredients, type Sample } from './statistics.ts';

export type Verdict = 'pass' | 'fail' | 'noisy' | 'reported';

export interface Judged extends Estimate {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string | null;
  readonly target: Target | null;
  readonly verdict: Verdict;
  /** How a twin compares with itself in what this is made of; null: a count needs none. */
  readonly control: Estimate | null;
}

/** Of a twin that is measured against itself. */
export const CONTROL = 'control';
/** A run in which it differs by more says nothing about wall time. */
const QUIET = { low: 0.93, high: 1.07 };

const holds = (target: Target, { low, high }: Pick<Estimate, 'low' | 'high'>, margin = 0): boolean => {
  if ('atMost' in target) return high <= target.atMost * (1 + margin);
  if ('atLeast' in target) return low >= target.atLeast * (1 - margin);
  return low === target.exactly && high === target.exactly;
};

/** The twin against itself, in each value and at each point of the figure: the widest bounds of all. */
export function controlOf(figure: Figure, twin: string, samples: readonly Sample[], seed: number): Estimate {
  const all = new Map(
    ingredients(figure.value)
      .filter(([, value, point]) =>
        samples.some((each) => each.point === point && each.variant === twin && value in each.values),
      )
      .map(([, value, point]) => [`${value} ${point}`, { value, point }]),
  );
  const estimates = [...all.values()].map(({ value, point }) =>
    estimate((of) => of(CONTROL, value, point) / of(twin, value, point), samples, seed),
  );
  const furthest = estimates.toSorted((a, b) => Math.abs(Math.log(b.value)) - Math.abs(Math.log(a.value)))[0];
  return {
    value: furthest?.value ?? 1,
    low: Math.min(1, ...estimates.map(({ low }) => low)),
    high: Math.max(1, ...estimates.map(({ high }) => high)),
  };
}

/** A figure and whether it is as it has to be: the unfavourable bound counts. */
export function judge(figure: Figure, twin: string | undefined, samples: readonly Sample[], seed: number): Judged {
  const { name, kind, unit = null, target = null } = figure;
  const seen = estimate(figure.value, samples, seed);
  const control = kind === 'count' || twin === undefined ? null : controlOf(figure, twin, samples, seed);
  return { name, kind, unit, target, ...seen, control, verdict: verdictOf(kind, target, seen, control) };
}

export function verdictOf(kind: Kind, target: Target | null, seen: Estimate, control: Estimate | null): Verdict {
  if (target === null) return 'reported';
  if (kind === 'count') return holds(target, seen) ? 'pass' : 'fail';
  if (control === null) return 'noisy'; // nothing tells how far it can be trusted
  if (kind === 'wall' && (control.low < QUIET.low || control.high > QUIET.high)) return 'noisy';
  const spread = Math.max(control.high - 1, 1 - control.low);
  return holds(target, seen, kind === 'cpu' ? spread : 0) ? 'pass' : 'fail';
}

/** One figure that fails makes the measure fail; one that nobody can judge makes it noisy. */
export function together(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ['fail', 'noisy', 'pass'] as const) if (verdicts.includes(verdict)) return verdict;
  return 'reported';
}

/** The bad variant stands in the engine's place: each figure that has to notice does so, or cannot say. */
export function survivors<P extends Point>(
  measure: Pick<Measure<P>, 'variants'>,
  bad: Measure<P>['bad'][number],
  figures: readonly Figure[],
  samples: readonly Sample[],
  twin: string | undefined,
  seed: number,
): { readonly figure: string; readonly verdict: Verdict }[] {
  const [engine = ''] = measure.variants;
  const exchanged = samples.flatMap((sample) =>
    sample.variant === bad.variant ? [{ ...sample, variant: engine }] : sample.variant === engine ? [] : [sample],
  );
  return bad.misses.map((name) => {
    const figure = figures.find((each) => each.name === name);
    if (figure === undefined) throw new Error(`no figure is called ${name}`);
    return { figure: name, verdict: judge(figure, twin, exchanged, seed).verdict };
  });
}

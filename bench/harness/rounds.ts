import type { Measure, Pairs, Point, Running } from './measure.ts';
import type { Sample } from './statistics.ts';
import { CONTROL } from './verdict.ts';

export interface Block extends Sample {
  /** Which block of its round it was. */
  readonly position: number;
  readonly warmUp: boolean;
}

/** In blocks A B C, C B A, A B C, …: what drifts meanwhile drifts for all of them alike. */
export const orderOf = (round: number, variants: readonly string[]): readonly string[] =>
  round % 2 === 0 ? variants : variants.toReversed();

export const pairsAt = (point: Point, pairs: Pairs): Pairs => point.pairs ?? pairs;

/** Who is measured at a point: the twin twice. The first round warms up where there is a twin, unless a hint is enough. */
export function planAt(
  { variants, twin }: Pick<Measure, 'variants' | 'twin'>,
  point: Point,
  pairs: Pairs,
  quick: boolean,
): { readonly variants: readonly string[]; readonly warmUps: number; readonly rounds: Pairs } {
  const warmUps = quick || twin === undefined || point.only !== undefined ? 0 : 1;
  const { least, most } = pairsAt(point, pairs);
  return {
    variants: point.only ?? [...variants, ...(twin === undefined ? [] : [CONTROL])],
    warmUps,
    rounds: { least: least + warmUps, most: most + warmUps },
  };
}

/** Milliseconds: what it is now, and when all has to be done. */
export interface Clock {
  readonly now: () => number;
  readonly end: number;
}

export interface Plan<P extends Point> {
  readonly points: readonly P[];
  readonly pairs: Pairs;
  readonly quick: boolean;
  readonly clock: Clock;
}

/** One point, and how far it has come. */
interface Course<P extends Point> {
  readonly point: P;
  readonly plan: ReturnType<typeof planAt>;
  round: number;
  longestMs: number;
}

/**
 * Every variant at every point, in rounds, as many as there is time for. Each point has its share of the time that is left
 * when it begins, and one round that counts whatever its share; what all of them have left over goes to those that have
 * less than their least. So none is without a figure because one before it was slow.
 */
export async function* rounds<P extends Point>(
  measure: Pick<Measure<P>, 'variants' | 'twin'>,
  { points, pairs, quick, clock }: Plan<P>,
  running: Pick<Running<P>, 'sample'>,
): AsyncGenerator<Block> {
  const courses = points.map(
    (point): Course<P> => ({ point, plan: planAt(measure, point, pairs, quick), round: 0, longestMs: 0 }),
  );
  /** So many rounds in all; a round that would come too late is not begun, unless it is the first that counts. */
  async function* upTo(many: number, until: number, course: Course<P>): AsyncGenerator<Block> {
    const { warmUps } = course.plan;
    for (; course.round < many; course.round += 1) {
      const begun = clock.now();
      if (course.round > warmUps ? begun + course.longestMs > until : begun > clock.end) break;
      yield* blocksOf(measure, course, running);
      // What is done once, as it warms up, is not done in a round
      if (course.round >= warmUps) course.longestMs = Math.max(course.longestMs, clock.now() - begun);
    }
  }
  for (const [nth, course] of courses.entries()) {
    const until = clock.now() + (clock.end - clock.now()) * shareOf(points.slice(nth));
    yield* upTo(course.plan.rounds.most, until, course);
  }
  for (const course of courses) yield* upTo(course.plan.rounds.least, clock.end, course);
}

async function* blocksOf<P extends Point>(
  measure: Pick<Measure<P>, 'twin'>,
  { point, plan, round }: Course<P>,
  running: Pick<Running<P>, 'sample'>,
): AsyncGenerator<Block> {
  const warmUp = round < plan.warmUps;
  for (const [position, variant] of orderOf(round, plan.variants).entries()) {
    const values = await running.sample(variant === CONTROL ? (measure.twin ?? variant) : variant, point);
    yield { point: point.name, variant, pair: warmUp ? round : round - plan.warmUps, position, warmUp, values };
  }
}

/** Of the first of them, as against all. */
function shareOf(points: readonly Point[]): number {
  const [first = 1, ...rest] = points.map(({ share = 1 }) => share);
  return first / rest.reduce((sum, share) => sum + share, first);
}

import type { Measure, Point, Running } from './measure.ts';
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

/** Every variant at every point, in rounds; the twin twice. The first round of a point warms up. */
export async function* rounds<P extends Point>(
  { twin }: Pick<Measure<P>, 'twin'>,
  { variants, points, pairs }: { variants: readonly string[]; points: readonly P[]; pairs: number },
  running: Pick<Running<P>, 'sample'>,
): AsyncGenerator<Block> {
  const warmUps = twin === undefined ? 0 : 1;
  const all = [...variants, ...(twin === undefined ? [] : [CONTROL])];
  for (const point of points)
    for (let round = 0; round < (point.pairs ?? pairs) + warmUps; round += 1)
      for (const [position, variant] of orderOf(round, all).entries()) {
        const values = await running.sample(variant === CONTROL && twin !== undefined ? twin : variant, point);
        const warmUp = round < warmUps;
        yield { point: point.name, variant, pair: warmUp ? round : round - warmUps, position, warmUp, values };
      }
}

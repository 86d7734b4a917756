import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from './facts.ts';
import type { Facts } from './facts.ts';
import type { Ground } from './ground.ts';
import type { Figure, Measure, Point } from './measure.ts';
import type { Proof, Result } from './results.ts';
import { rounds } from './rounds.ts';
import type { Sample } from './statistics.ts';
import { CONTROL, judge, survivors, together } from './verdict.ts';

/** So often it is told how far a measure has come. */
const TELL_EVERY_MS = 5_000;

export interface Asked {
  readonly ground: Ground;
  readonly facts: Omit<Facts, 'loadAfter'>;
  /** Are the bad variants tried, in the engine's place? */
  readonly prove: boolean;
}

/** Carries out one measure: its blocks, raw as they come, and what is to be made of them. */
export async function carryOut<P extends Point>(measure: Measure<P>, { ground, facts, prove }: Asked): Promise<Result> {
  const { quick, seed, folder, tell } = ground;
  const begun = performance.now();
  const [points, pairs] = [measure.points(quick), measure.pairs(quick)];
  const bad = prove ? measure.bad.map(({ variant }) => variant) : [];
  const variants = [...new Set([...measure.variants, ...bad])];
  const raw = join(folder, `${measure.name}.jsonl`);
  writeFileSync(
    raw,
    `${JSON.stringify({ ...facts, measure: measure.name, pairs, variants, twin: measure.twin ?? null, points })}\n`,
  );
  const perRound = variants.length + (measure.twin === undefined ? 0 : 1);
  const warmUps = measure.twin === undefined ? 0 : 1;
  const expected = points.reduce((sum, point) => sum + perRound * ((point.pairs ?? pairs) + warmUps), 0);

  const samples: Sample[] = [];
  tell(`${measure.id} ${measure.name}: starting what it needs`);
  const running = await measure.prepare(ground);
  try {
    let [blocks, toldAt] = [0, 0];
    for await (const block of rounds(measure, { variants, points, pairs }, running)) {
      appendFileSync(raw, `${JSON.stringify({ ...block, at: new Date().toISOString(), load: load() })}\n`);
      if (!block.warmUp) samples.push(block);
      blocks += 1;
      if (performance.now() - toldAt < TELL_EVERY_MS && blocks < expected) continue;
      toldAt = performance.now();
      const seconds = (toldAt - begun) / 1_000;
      tell(
        `${measure.id} ${measure.name}: ${blocks} of ${expected} blocks, ${block.variant} at ${block.point}, ${seconds.toFixed(0)} s, load ${load()[0]}`,
      );
    }
  } finally {
    await running.stop();
  }
  appendFileSync(raw, `${JSON.stringify({ loadAfter: load() })}\n`);

  const figures = measure.figures(points);
  const own = samples.filter(({ variant }) => measure.variants.includes(variant) || variant === CONTROL);
  const judged = figures.map((figure) => judge(figure, measure.twin, own, seed));
  const proofs: readonly Proof[] = prove ? proofsOf(measure, figures, samples, seed) : [];
  const { id, name, question } = measure;
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const verdict = together([...judged.map((each) => each.verdict), ...(survives(proofs) ? (['fail'] as const) : [])]);
  return { id, name, question, verdict, figures: judged, points, pairs, seconds, proofs };
}

const proofsOf = <P extends Point>(
  measure: Measure<P>,
  figures: readonly Figure[],
  samples: readonly Sample[],
  seed: number,
) =>
  measure.bad.map((bad) => ({
    variant: bad.variant,
    noticed: survivors(measure, bad, figures, samples, measure.twin, seed),
  }));

/** A measure that does not notice what is bad measures nothing. */
const survives = (proofs: readonly Proof[]): boolean =>
  proofs.some(({ noticed }) => noticed.some(({ verdict }) => verdict === 'pass' || verdict === 'reported'));

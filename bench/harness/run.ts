import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from './facts.ts';
import type { Facts } from './facts.ts';
import type { Ground } from './ground.ts';
import { inTime } from './in-time.ts';
import type { Figure, Measure, Point, Running } from './measure.ts';
import type { Proof, Result } from './results.ts';
import { pairsAt, planAt, rounds } from './rounds.ts';
import type { Sample } from './statistics.ts';
import { judge, survivors, together, triedAt, type Verdict } from './verdict.ts';

/** So often it is told how far a measure has come. */
const TELL_EVERY_MS = 5_000;
/** A block that was begun in time may end so late: this part of the measure's time. */
const GRACE = 0.5;
/** One bad variant at one point, with whatever it needs. */
const TRY_MS = 300_000;

export interface Asked {
  readonly ground: Ground;
  readonly facts: Omit<Facts, 'loadAfter'>;
  /** Are the bad variants tried, in the engine's place? */
  readonly prove: boolean;
  /** Instead of what the measure itself takes. */
  readonly seconds?: number | undefined;
}

const clock = (): number => performance.now();

/** Carries out one measure: its blocks, raw as they come, and what is to be made of them. It throws at nothing. */
export async function carryOut<P extends Point>(measure: Measure<P>, asked: Asked): Promise<Result> {
  const { quick, seed, folder, tell } = asked.ground;
  const begun = clock();
  const budgetSeconds = asked.seconds ?? measure.seconds(quick);
  const end = begun + budgetSeconds * 1_000;
  const late = end + GRACE * budgetSeconds * 1_000;
  const [points, pairs] = [measure.points(quick), measure.pairs(quick)];
  const raw = join(folder, `${measure.name}.jsonl`);
  const { twin = null, variants } = measure;
  const head = { ...asked.facts, measure: measure.name, pairs, variants, twin, points, budgetSeconds };
  const keep = (line: object): void => appendFileSync(raw, `${JSON.stringify(line)}\n`);

  const samples: Sample[] = [];
  const proofs: Proof[] = [];
  const figures = measure.figures(points);
  const work = async (running: Running<P>): Promise<void> => {
    const told = progress(measure, points, quick, { begun, end }, tell);
    const limited = limitedTo(late, running);
    for await (const block of rounds(measure, { points, pairs, quick, clock: { now: clock, end } }, limited)) {
      keep({ ...block, at: new Date().toISOString(), load: load() });
      if (!block.warmUp) samples.push(block);
      told(block);
    }
    if (asked.prove && samples.length > 0)
      for (const bad of measure.bad)
        proofs.push(await proof(measure, bad, { running, figures, points, samples, keep }, asked.ground));
  };
  let broken: string | undefined;
  tell(`${measure.id} ${measure.name}: starting what it needs, ${budgetSeconds} s in all`);
  try {
    writeFileSync(raw, `${JSON.stringify(head)}\n`);
    const running = await inTime(late - clock(), measure.prepare(asked.ground));
    try {
      await work(running);
    } finally {
      await running.stop();
      keep({ loadAfter: load() });
    }
  } catch (error) {
    broken = (error as Error).message;
    tell(`${measure.id} ${measure.name} came to no end: ${broken}`);
  }
  const least = (point: string): number =>
    Math.max(...points.flatMap((each) => (each.name === point ? [pairsAt(each, pairs).least] : [])));
  const judged = figures.map((figure) => judge(figure, measure.twin, samples, { seed, least }));
  const { id, name, question } = measure;
  const seconds = Math.round((clock() - begun) / 100) / 10;
  const verdicts: readonly Verdict[] = [
    ...judged.map((each) => each.verdict),
    ...(survives(proofs) ? (['fail'] as const) : []),
    ...(broken === undefined ? [] : (['not measured'] as const)),
  ];
  const result = { id, name, question, verdict: together(verdicts), figures: judged, points, seconds, budgetSeconds };
  return { ...result, proofs, ...(broken !== undefined && { broken }) };
}

interface Standing<P extends Point> {
  readonly running: Running<P>;
  readonly figures: readonly Figure[];
  readonly points: readonly P[];
  readonly samples: readonly Sample[];
  readonly keep: (line: object) => void;
}

/** The bad variant, once wherever it has to be noticed. */
async function proof<P extends Point>(
  { id, name, variants: [engine = ''], twin }: Measure<P>,
  { variant, misses }: Measure['bad'][number],
  { running, figures, points, samples, keep }: Standing<P>,
  { seed, tell }: Ground,
): Promise<Proof> {
  const at = new Map<string, Sample['values']>();
  try {
    for (const point of points.filter((each) => triedAt({ variant, misses }, figures, engine).includes(each.name))) {
      tell(`${id} ${name}: trying ${variant} at ${point.name}`);
      const values = await inTime(TRY_MS, running.sample(variant, point));
      at.set(point.name, values);
      keep({ point: point.name, variant, bad: true, values, at: new Date().toISOString(), load: load() });
    }
  } catch (error) {
    tell(`${id} ${name}: ${variant} came to no end: ${(error as Error).message}`);
    return { variant, noticed: misses.map((figure) => ({ figure, verdict: 'not measured' })) };
  }
  return { variant, noticed: survivors({ engine, twin, misses }, { variant, at }, figures, samples, seed) };
}

const limitedTo = <P extends Point>(at: number, running: Running<P>): Pick<Running<P>, 'sample'> => ({
  sample: async (variant, point) => await inTime(at - clock(), running.sample(variant, point)),
});

/** Tells now and then how far it has come, and how much time there is. */
function progress<P extends Point>(
  measure: Measure<P>,
  points: readonly P[],
  quick: boolean,
  { begun, end }: { readonly begun: number; readonly end: number },
  tell: (line: string) => void,
): (block: { readonly point: string; readonly variant: string }) => void {
  const most = points
    .map((point) => planAt(measure, point, measure.pairs(quick), quick))
    .reduce((sum, { variants, rounds: { most: many } }) => sum + variants.length * many, 0);
  let [blocks, toldAt] = [0, 0];
  return ({ point, variant }) => {
    blocks += 1;
    if (clock() - toldAt < TELL_EVERY_MS && blocks < most) return;
    toldAt = clock();
    const [taken, all] = [toldAt - begun, end - begun].map((ms) => (ms / 1_000).toFixed(0));
    tell(
      `${measure.id} ${measure.name}: ${blocks} of ${most} blocks at most, ${variant} at ${point}, ${taken} of ${all} s, load ${load()[0]}`,
    );
  };
}

/** A measure that does not notice what is bad measures nothing. */
const survives = (proofs: readonly Proof[]): boolean =>
  proofs.some(({ noticed }) => noticed.some(({ verdict }) => verdict === 'pass' || verdict === 'reported'));

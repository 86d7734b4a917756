import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflows } from '../temporal/bundle.ts';
import { type Batch, Growth, type Parked, type Worked } from './growth/growth.ts';
import type { Figure, Measure, Point } from './harness/measure.ts';

interface Size extends Point {
  readonly many: number;
}

/** As many at once as the twin has, and so many such batches for one sample. */
const [FEW, BATCHES] = [10, 5];
const [REST_SECONDS, SMALL_CACHE] = [5, 100];
const of = (many: number, pairs: number): Size => ({ name: `${many} at once`, many, pairs });

const figures = ({ name }: Size): Figure[] => [
  {
    name: `worker's CPU for each, ${name} ÷ ${FEW}`,
    kind: 'cpu',
    value: (at) => at('many', 'workerMs', name) / at('few', 'workerMs', name),
    target: { atMost: 1.25 },
  },
  {
    name: `server's CPU for each, ${name} ÷ ${FEW}`,
    kind: 'cpu',
    value: (at) => at('many', 'serverMs', name) / at('few', 'serverMs', name),
  },
  {
    name: `sticky hits, ${name}`,
    kind: 'count',
    value: (at) => at('many', 'sticky', name),
    target: { atLeast: 0.98 },
  },
  { name: `replays for each, ${name}`, kind: 'count', value: (at) => at('many', 'replays', name) },
  {
    name: `memory for each that waits, ${name}`,
    kind: 'count',
    unit: 'KB',
    value: (at) => at('many', 'kilobytes', name),
    target: { atMost: 150 },
  },
  {
    name: `worker's CPU in a second for each that waits, ${name}`,
    kind: 'wall',
    unit: 'ms',
    value: (at) => at('many', 'restMs', name),
  },
  {
    name: `heartbeats in a second for each that waits, ${name}`,
    kind: 'count',
    value: (at) => at('many', 'heartbeats', name),
  },
  {
    name: `all but one in a hundred have ended, ${name}`,
    kind: 'wall',
    unit: 'ms',
    value: (at) => at('many', 'p99Ms', name),
  },
];

/** What one of many costs, all of which wait for their peers and are then let go at once, against one of ten. */
export const growth: Measure<Size> = {
  id: 'B5',
  name: 'growth',
  question:
    'Does one relocation cost a worker more when thousands are under way, and what does each hold while it waits?',
  variants: ['many', 'few'],
  twin: 'few',
  bad: [{ variant: 'cache of 100', misses: ['sticky hits, 300 at once'] }],
  points: (quick) => (quick ? [of(300, 2)] : [of(300, 3), of(1_000, 3), of(5_000, 1)]),
  pairs: () => 3,
  figures: (points) => points.flatMap(figures),

  prepare: async () => {
    const growing = await Growth.begin();
    const bundle = join(growing.folder, 'bundle.js');
    await writeFile(bundle, await bundleWorkflows());
    let hired: { readonly for: string; readonly worked: Worked } | undefined;
    const workerFor = async (many: number, cached: number): Promise<Worked> => {
      const wanted = `${many} ${cached}`;
      if (hired?.for === wanted) return hired.worked;
      await hired?.worked.hired.dismiss();
      const slots = { steps: 100, waits: many + FEW };
      const worked = await growing.hire(bundle, { slots, maxCachedWorkflows: cached });
      hired = { for: wanted, worked };
      return worked;
    };
    return {
      stop: async () => {
        await hired?.worked.hired.dismiss();
        await growing.end();
      },
      sample: async (variant, { many }) => {
        const worked = await workerFor(many, variant === 'cache of 100' ? SMALL_CACHE : many + FEW);
        if (variant === 'few') return valuesOf(await few(worked));
        const before = await worked.hired.used();
        await worked.ramp(many);
        const parked = await worked.rest(many, before, REST_SECONDS);
        return valuesOf(await worked.release(many), parked);
      },
    };
  },
};

async function few(worked: Worked): Promise<Batch> {
  const batches: Batch[] = [];
  for (let n = 0; n < BATCHES; n += 1) {
    await worked.ramp(FEW);
    batches.push(await worked.release(FEW));
  }
  return meanOf(batches);
}

function meanOf(batches: readonly Batch[]): Batch {
  const mean = (value: keyof Batch): number => batches.reduce((sum, batch) => sum + batch[value], 0) / batches.length;
  return {
    many: mean('many'),
    workerMs: mean('workerMs'),
    serverMs: mean('serverMs'),
    p99Ms: mean('p99Ms'),
    sticky: mean('sticky'),
    replays: mean('replays'),
  };
}

const valuesOf = ({ workerMs, serverMs, p99Ms, sticky, replays, many }: Batch, parked?: Parked) => ({
  workerMs,
  serverMs,
  p99Ms,
  sticky,
  replays: replays / many,
  kilobytes: (parked?.bytes ?? 0) / 1_024,
  restMs: parked?.workerMs ?? 0,
  heartbeats: parked?.heartbeats ?? 0,
});

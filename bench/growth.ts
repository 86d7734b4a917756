import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflows } from '../temporal/bundle.ts';
import { Growth, type Worked } from './growth/growth.ts';
import { Operator } from './growth/operator.ts';
import { type Figure, type Measure, METHOD, type Pairs, type Point, type Values } from './harness/measure.ts';

interface Size extends Point {
  readonly many: number;
}

/** So many wait beside the twin. */
const FEW = 10;
/** So many pass them by in one block, for which it is looked what waiting takes so long: that is taken off. */
const [PASS, REST_SECONDS] = [20, 1];
const BAD = 'cache of 5';
/** In worker and API, where it is looked what a person waits for. */
const FOLLOW_SECONDS = 5;
/** Seconds: 35 ms for each more that begins to wait, and the rounds. */
const at = (many: number, pairs: Pairs, share: number): Size => ({ name: `${many} wait`, many, pairs, share });
const SOME: Pairs = { least: 1, most: 1 };

const sizes = (quick: boolean): readonly Size[] =>
  quick ? [at(100, SOME, 14)] : [at(100, SOME, 14), at(1_000, SOME, 42), at(5_000, METHOD, 225)];

const told = (name: string, kind: Figure['kind'], value: string, point: string, unit?: string): Figure => ({
  name: `${name}, ${point}`,
  kind,
  ...(unit !== undefined && { unit }),
  value: (of) => of('many', value, point),
});

function figures(points: readonly Size[]): Figure[] {
  const most = points.at(-1)?.name ?? '';
  return points.flatMap(({ name, many }): Figure[] => {
    const asked = name === most;
    const ratio =
      (value: string): Figure['value'] =>
      (of) =>
        of('many', value, name) / of('few', value, name);
    return [
      {
        name: `worker's CPU for one more, ${name} ÷ ${FEW} wait`,
        kind: 'cpu',
        value: ratio('workerMs'),
        ...(asked && { target: { atMost: 1.25 } }),
      },
      { name: `server's CPU for one more, ${name} ÷ ${FEW} wait`, kind: 'cpu', value: ratio('serverMs') },
      {
        name: `the slowest of ${PASS} more, ${name} ÷ ${FEW} wait`,
        kind: 'wall',
        value: ratio('slowestMs'),
        ...(asked && { target: { atMost: 3 } }),
      },
      {
        name: `sticky hits, ${name}`,
        kind: 'count',
        value: (of) => of('many', 'sticky', name),
        target: { atLeast: 0.98 },
      },
      told("worker's CPU in a second for each that waits", 'cpu', 'restMs', name, 'ms'),
      told('heartbeats in a second for each that waits', 'count', 'heartbeats', name),
      ...(asked ? whileMost({ name, many }) : []),
    ];
  });
}

/** What it takes of memory, and of a person's time. */
const whileMost = ({ name, many }: Pick<Size, 'name' | 'many'>): Figure[] => [
  {
    ...told('memory for each that waits', 'count', 'kilobytes', name, 'KB'),
    ...(many >= 1_000 && { target: { atMost: 150 } }), // of fewer it is that of the worker itself
  },
  told('of that, what its heaps keep', 'count', 'heapKilobytes', name, 'KB'),
  told('ferry show', 'wall', 'showMs', name, 'ms'),
  told('ferry pause', 'wall', 'pauseMs', name, 'ms'),
  told('a list of 20', 'wall', 'listMs', name, 'ms'),
  told('a page of 100', 'wall', 'pageOf100Ms', name, 'ms'),
  told('all of them, by pages', 'wall', 'allPagesMs', name, 'ms'),
  told("until the console's stream has told of them", 'wall', 'streamMs', name, 'ms'),
  { name: `told of by the stream, ${name}`, kind: 'count', value: (of) => of('many', 'told', name) },
  told("API's CPU in a second with a console open", 'cpu', 'apiCpuMs', name, 'ms'),
];

/** What one relocation costs while thousands of others wait for their peers, against the same while ten do. */
export const growth: Measure<Size> = {
  id: 'B5',
  name: 'growth',
  question:
    'Does one relocation cost a worker more while thousands of others wait, what does each of these hold, and how long does a person wait for an answer?',
  variants: ['many', 'few'],
  twin: 'few',
  bad: [{ variant: BAD, misses: ['sticky hits, 100 wait'] }],
  points: sizes,
  pairs: () => METHOD,
  seconds: (quick) => (quick ? 30 : 300),
  figures,

  prepare: async ({ quick, folder }) => {
    const most = Math.max(...sizes(quick).map(({ many }) => many));
    const growing = await Growth.begin();
    const bundle = join(growing.folder, 'bundle.js');
    await writeFile(bundle, await bundleWorkflows());
    const hire = async (waits: number, maxCachedWorkflows = waits): Promise<Worked> =>
      await growing.hire(bundle, { slots: { steps: 100, waits }, maxCachedWorkflows });
    const [many, few, operator] = await Promise.all([
      hire(most + 2 * PASS),
      hire(FEW + 2 * PASS),
      Operator.begin(folder, growing.server),
    ]);
    const workers = [many, few];
    const still = { workerMs: 0, serverMs: 0, heartbeats: 0 };
    for (const each of workers) await each.pass(PASS, still); // what it loads once is loaded
    await few.park(FEW);

    const block = async (worked: Worked): Promise<Values> => {
      const rest = await worked.rest(REST_SECONDS);
      const passed = await worked.pass(PASS, rest);
      return { ...passed, restAllMs: rest.workerMs, heartbeatsAll: rest.heartbeats };
    };
    /** Once, where most wait, and what it was is said of each round there. */
    let seen: Values | undefined;
    const standing = async (size: number): Promise<Values> => {
      await many.park(size);
      if (size < most) return {};
      seen ??= {
        ...(await memoryOf(many)),
        ...(await operator.waits(size + FEW)),
        ...(await operator.follows(FOLLOW_SECONDS)),
      };
      return seen;
    };
    return {
      stop: async () => {
        await operator.end();
        await Promise.all(workers.map(async (each) => await each.dismiss()));
        await growing.end();
      },
      sample: async (variant, { many: size }) => {
        if (variant === 'few') return await block(few);
        if (variant === BAD) {
          const small = await hire(FEW + 2 * PASS, 5);
          workers.push(small);
          return await block(small);
        }
        const known = await standing(size);
        const passed = await block(many);
        const [restMs, heartbeats] = [passed['restAllMs'], passed['heartbeatsAll']].map((all = 0) => all / size);
        return { ...known, ...passed, restMs: restMs ?? 0, heartbeats: heartbeats ?? 0 };
      },
    };
  },
};

const memoryOf = async (worked: Worked): Promise<Values> => {
  const { resident, heaps } = await worked.kilobytesForEach();
  return { kilobytes: resident, heapKilobytes: heaps };
};

import { type Figure, type Measure, METHOD, type Point } from './harness/measure.ts';
import { curves } from './harness/picture.ts';
import { median, type Sample } from './harness/statistics.ts';
import { MEO } from './peers/plan.ts';
import { relocate } from './stage/ferry.ts';
import { cpuMsOf } from './stage/process.ts';
import { empty, naiveCalls, oneByOne } from './twins/steps.ts';

interface Crowd extends Point {
  readonly inFlight: number;
  readonly forMs: number;
}

const SUBSCRIPTIONS = 3;
/** What no activity should carry. */
const HEAVY_BYTES = 200_000;
const crowd = (inFlight: number, forMs: number, more: Partial<Crowd> = {}): Crowd => ({
  name: `${inFlight} in flight`,
  inFlight,
  forMs,
  ...more,
});
/** For the picture. */
const ENGINE = { only: ['engine'], pairs: { least: 1, most: 1 }, share: 4 };
const ALL = ['engine', 'empty', 'naive'];
/** A hundred take 15 s to end, however long others are begun: warmed up and told how quiet it is by those before. */
const MANY = { only: ALL, pairs: { least: 2, most: 4 }, share: 92 };
const judged = (points: readonly Crowd[]): readonly Crowd[] =>
  points.filter(({ only }) => only === undefined || only === ALL);

const WALL = (name: string): string => `relocations/s ÷ empty/s, ${name}`;
const CPU = (name: string): string => `CPU of the worker ÷ empty, ${name}`;

const figures = (points: readonly Crowd[]): readonly Figure[] =>
  judged(points).flatMap(({ name }): Figure[] => [
    {
      name: WALL(name),
      kind: 'wall',
      value: (of) => of('engine', 'perSecond', name) / of('empty', 'perSecond', name),
      target: { atLeast: 0.85 },
    },
    {
      name: CPU(name),
      kind: 'cpu',
      value: (of) => of('engine', 'cpuMs', name) / of('empty', 'cpuMs', name),
      target: { atMost: 1.25 },
    },
    {
      name: `relocations/s ÷ naive/s, ${name}`,
      kind: 'wall',
      value: (of) => of('engine', 'perSecond', name) / of('naive', 'perSecond', name),
      target: { atLeast: 1.8 },
    },
    {
      name: `CPU of the worker for a relocation, ${name}`,
      kind: 'cpu',
      value: (of) => of('engine', 'cpuMs', name),
      unit: 'ms',
    },
  ]);

/** The median at each number in flight. */
function perMinute(samples: readonly Sample[], variant: string): readonly (readonly [number, number])[] {
  const own = samples.filter((each) => each.variant === variant);
  return [...new Set(own.map(({ point }) => point))]
    .map((point): [number, number] => [
      Number(point.split(' ')[0]),
      60 * median(own.filter((each) => each.point === point).map(({ values }) => values['perSecond'] ?? 0)),
    ])
    .toSorted(([a], [b]) => a - b);
}

/** How many relocations a worker carries out, where nobody makes it wait. */
export const throughput: Measure<Crowd> = {
  id: 'B3',
  name: 'throughput',
  question:
    'How near does a worker come to what Temporal allows, which is workflows of the same steps that do nothing, when its peers answer at once?',
  variants: ALL,
  twin: 'empty',
  // On top of no work at all: what notices that notices it all the more on top of the engine's own
  bad: [{ variant: '200 KB in every activity', misses: [CPU('20 in flight')] }],
  points: (quick) =>
    quick
      ? [crowd(20, 2_000), crowd(5, 2_000, ENGINE)]
      : [
          crowd(20, 1_000, { share: 160 }),
          crowd(100, 1_000, MANY),
          ...[1, 5].map((many) => crowd(many, 3_000, ENGINE)),
        ],
  pairs: (quick) => (quick ? { least: 1, most: 1 } : METHOD),
  seconds: (quick) => (quick ? 25 : 275),
  shares: true,
  figures,
  pictures: [
    {
      name: 'in-flight',
      title: 'Relocations in a minute against relocations in flight',
      draw: (title, samples) =>
        curves(
          title,
          { x: 'in flight', y: 'in a minute' },
          ['engine', 'empty', 'naive'].map((name) => ({ name, points: perMinute(samples, name) })),
        ),
    },
  ],

  prepare: async ({ shared }) => {
    const { client, peers, ferry, twins } = await shared();
    const url = `http://${MEO}:${peers.port}/app_lcm/v1/app_instances?filter=(eq,id,none)`;

    const like = (steps: Parameters<typeof twins.begin>[1]) => async (): Promise<unknown> =>
      await (await twins.begin(client, steps)).result();
    const one: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
      engine: async (n) => {
        await peers.found({ applications: 1, subscriptions: SUBSCRIPTIONS }, n);
        const { outcome } = await (await relocate(client, ferry, n, peers.pairs)).result();
        if (outcome !== 'relocated') throw new Error(`a relocation of the benchmark ended as ${outcome}`);
      },
      empty: like(empty()),
      naive: like(oneByOne(naiveCalls(SUBSCRIPTIONS, url, 0))),
      '200 KB in every activity': like(empty(HEAVY_BYTES)),
    };

    return {
      sample: async (variant, { inFlight, forMs }) => {
        const pid = variant === 'engine' ? ferry.pid : twins.pid;
        const [begun, cpu] = [performance.now(), cpuMsOf(pid)];
        let done = 0;
        // Each begins its next as soon as the last has ended; those that are under way at the end are counted too
        const lane = async (_: unknown, n: number): Promise<void> => {
          while (performance.now() - begun < forMs) {
            await one[variant]?.(n);
            done += 1;
          }
        };
        await Promise.all(Array.from({ length: inFlight }, lane));
        const seconds = (performance.now() - begun) / 1_000;
        return { perSecond: done / seconds, cpuMs: (cpuMsOf(pid) - cpu) / done, done };
      },
      stop: async () => undefined,
    };
  },
};

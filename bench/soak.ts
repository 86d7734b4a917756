import { curves } from './harness/picture.ts';
import type { Figure, Measure, Point } from './harness/measure.ts';
import type { Sample } from './harness/statistics.ts';
import { Soak, type Standing } from './soak/soak.ts';

interface Stretch extends Point {
  readonly each: number;
}

/** Of 2,000 relocations; after so many it is looked what there is. */
const NAMES = ['the first quarter', 'the second quarter', 'the third quarter', 'the last quarter'] as const;
const [FROM, TO] = [NAMES[1], NAMES[3]];
const [EACH, LOOKS] = [50, 10];

const kept = (name: string, value: string, atMost: number): Figure => ({
  name: `${name}, ${TO} ÷ ${FROM}`,
  kind: 'count',
  value: (of) => of('soak', value, TO) / of('soak', value, FROM),
  target: { atMost },
});
/** With all that V8 has not collected yet: it tells when that was, and not whether anything grows. */
const resident = (name: string, value: string): Figure => ({
  name: `${name}, garbage included, ${TO} ÷ ${FROM}`,
  kind: 'count',
  value: (of) => of('soak', value, TO) / of('soak', value, FROM),
});
/** Of what may be left behind, how much by each relocation. */
const left = (name: string, value: string): Figure => ({
  name: `${name} left by each relocation`,
  kind: 'count',
  value: (of) =>
    (of('soak', value, TO) - of('soak', value, FROM)) /
    (of('soak', 'relocations', TO) - of('soak', 'relocations', FROM)),
  target: { atMost: 0.02 },
});

/** `quarter`: when it began. Of a single stretch the log lines tell how many are under way at its ends. */
const between = (quarter: Standing, before: Standing, now: Standing) => {
  const [many, seconds] = [now.relocations - before.relocations, now.seconds - before.seconds];
  // Without what the looks themselves take
  const workerMs = now.worker.before.cpuMs - before.worker.after.cpuMs;
  const apiMs = now.api.before.cpuMs - before.api.after.cpuMs;
  return {
    relocations: now.relocations,
    seconds: now.seconds,
    failed: now.failed,
    events: now.events,
    processes: now.processes,
    addresses: now.addresses,
    workerMb: now.worker.before.rss / 1e6,
    apiMb: now.api.before.rss / 1e6,
    workerCollectedMb: now.worker.after.rss / 1e6,
    apiCollectedMb: now.api.after.rss / 1e6,
    workerKeptMb: now.worker.keptBytes / 1e6,
    apiKeptMb: now.api.keptBytes / 1e6,
    workerHandles: now.worker.before.handles,
    apiHandles: now.api.before.handles,
    logLines: (now.logLines - quarter.logLines) / (now.relocations - quarter.relocations),
    workerMs: workerMs / many,
    apiMs: apiMs / many,
    workerShare: workerMs / seconds / 10,
    apiShare: apiMs / seconds / 10,
    perSecond: many / seconds,
  };
};

/** Something of each look, over the time that it took. */
const over = (samples: readonly Sample[], value: string): readonly (readonly [number, number])[] =>
  samples.flatMap(({ values: { seconds = 0, [value]: seen } }) =>
    seen === undefined ? [] : [[seconds, seen] as const],
  );

/** Relocations one after the other over everything of the real thing: what stays behind, and what grows. */
export const soak: Measure<Stretch> = {
  id: 'soak',
  name: 'soak',
  question:
    'Does a worker or an API keep anything of 2,000 relocations, twenty at a time: memory, file handles, processes, addresses, log lines?',
  variants: ['soak'],
  bad: [],
  alone: true,
  points: (quick) => NAMES.map((name) => ({ name, each: quick ? EACH / 5 : EACH })),
  pairs: (quick) => (quick ? { least: 2, most: 2 } : { least: LOOKS, most: LOOKS }),
  seconds: (quick) => (quick ? 90 : 1_500),
  figures: () => [
    kept('what the worker keeps in its heaps', 'workerKeptMb', 1.1),
    kept('what the API keeps in its heap', 'apiKeptMb', 1.1),
    kept('memory of the worker, its garbage collected', 'workerCollectedMb', 1.1),
    kept('memory of the API, its garbage collected', 'apiCollectedMb', 1.1),
    resident('memory of the worker', 'workerMb'),
    resident('memory of the API', 'apiMb'),
    kept('log lines of each relocation', 'logLines', 1.1),
    left('file handles of the worker', 'workerHandles'),
    left('file handles of the API', 'apiHandles'),
    left('processes', 'processes'),
    left('addresses in rules', 'addresses'),
    {
      name: 'relocations that failed',
      kind: 'count',
      over: 'most',
      value: (of) => of('soak', 'failed', TO),
      target: { exactly: 0 },
    },
    {
      name: 'events of a relocation',
      kind: 'count',
      over: 'most',
      value: (of) => of('soak', 'events', TO),
      target: { exactly: 65 },
    },
    { name: "worker's CPU for each", kind: 'cpu', unit: 'ms', value: (of) => of('soak', 'workerMs', TO) },
    { name: "API's CPU for each, a console open", kind: 'cpu', unit: 'ms', value: (of) => of('soak', 'apiMs', TO) },
    { name: 'relocations in a second', kind: 'wall', value: (of) => of('soak', 'perSecond', TO) },
  ],
  pictures: [
    {
      name: 'memory',
      title: 'Memory while relocations follow one another',
      draw: (title, samples) =>
        curves(title, { x: 'seconds', y: 'MB' }, [
          { name: 'worker', points: over(samples, 'workerMb') },
          { name: 'API', points: over(samples, 'apiMb') },
          { name: 'worker, kept', points: over(samples, 'workerKeptMb') },
          { name: 'API, kept', points: over(samples, 'apiKeptMb') },
        ]),
    },
    {
      name: 'cpu',
      title: 'CPU while relocations follow one another',
      draw: (title, samples) =>
        curves(title, { x: 'seconds', y: '% of a core' }, [
          { name: 'worker', points: over(samples, 'workerShare') },
          { name: 'API', points: over(samples, 'apiShare') },
        ]),
    },
  ],

  prepare: async () => {
    const soaking = await Soak.begin();
    let before = await soaking.after(1);
    let quarter = { name: '', begin: before };
    return {
      stop: async () => await soaking.end(),
      sample: async (_, { name, each }) => {
        if (quarter.name !== name) quarter = { name, begin: before };
        const now = await soaking.after(each);
        const values = between(quarter.begin, before, now);
        before = now;
        return values;
      },
    };
  },
};

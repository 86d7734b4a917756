import type { Figure, Measure, Point } from './harness/measure.ts';
import type { Counted } from './switch/devices.ts';
import { Moving } from './switch/moving.ts';

interface Clamped extends Point {
  /** So long resolvers, and one kind of devices, keep an address at least. */
  readonly seconds: number;
}

const SHORT: Clamped = { name: 'addresses kept for 1 s', seconds: 1 };
const LONG: Clamped = { name: 'addresses kept for 30 s', seconds: 30, pairs: 4 };
const QUICK = { ...SHORT, pairs: 4 };
/** Of a window without a move before the first move was timed. */
const FIRST_MS = 4_000;

const never = (name: string, value: string, points: readonly Clamped[]): Figure[] =>
  points.map((point) => ({
    name: `${name}, ${point.name}`,
    kind: 'count',
    over: 'most',
    value: (of) => of('move', value, point.name),
    target: { exactly: 0 },
  }));

const told = (
  { total: { lost, stale, doubled, longestGapMs, requests } }: Counted,
  more: Readonly<Record<string, number>>,
) => ({
  lost,
  stale,
  doubled,
  requests,
  gapMs: longestGapMs,
  ...more,
});

/** It leaves a world in which nothing works any more. */
async function ruined(clampSeconds: number, how: (world: Moving) => Promise<Counted>): Promise<Counted> {
  const world = await Moving.begin({ clampSeconds, nameOnly: true });
  try {
    return await how(world);
  } finally {
    await world.end();
  }
}

/** What devices notice of a move during which one thing goes wrong, against as long a time without one. */
export const switching: Measure<Clamped> = {
  id: 'B2',
  name: 'switch',
  question:
    'Is a write lost, answered from an old state or counted twice while an application moves, and for how long do devices wait?',
  variants: ['move', 'still'],
  twin: 'still',
  bad: [
    { variant: 'stop first', misses: [`lost writes, ${SHORT.name}`] },
    { variant: 'delete before drain', misses: [`lost writes, ${SHORT.name}`] },
  ],
  points: (quick) => (quick ? [QUICK] : [SHORT, LONG]),
  pairs: () => 96,
  figures: (points) => [
    ...never('lost writes', 'lost', points),
    ...never('stale answers', 'stale', points),
    ...never('writes counted twice', 'doubled', points),
    ...never('moves that did not go through', 'failed', points),
    ...never('faults that nothing met', 'unmet', points),
    ...points.flatMap(({ name }): Figure[] => [
      {
        name: `freeze, ${name}`,
        kind: 'wall',
        unit: 'ms',
        value: (of) => of('move', 'freezeMs', name),
        target: { atMost: 5 },
      },
      {
        name: `longest gap with a move ÷ without, ${name}`,
        kind: 'wall',
        value: (of) => of('move', 'gapMs', name) / of('still', 'gapMs', name),
        target: { atMost: 1.2 },
      },
      {
        name: `longest gap of all, with ÷ without, ${name}`,
        kind: 'wall',
        over: 'most',
        value: (of) => of('move', 'gapMs', name) / of('still', 'gapMs', name),
        target: { atMost: 2 },
      },
    ]),
  ],

  prepare: async () => {
    let moving: { readonly seconds: number; readonly world: Moving } | undefined;
    let lastMs = FIRST_MS;
    const worldOf = async (seconds: number): Promise<Moving> => {
      if (moving?.seconds === seconds) return moving.world;
      await moving?.world.end();
      moving = undefined;
      moving = { seconds, world: await Moving.begin({ clampSeconds: seconds }) };
      return moving.world;
    };
    return {
      stop: async () => await moving?.world.end(),
      sample: async (variant, { seconds }) => {
        const nothing = { failed: 0, unmet: 0, freezeMs: 0 };
        if (variant === 'stop first')
          return told(await ruined(seconds, async (world) => await world.stopFirst()), nothing);
        if (variant === 'delete before drain')
          return told(await ruined(seconds, async (world) => await world.deleteBeforeDrain()), nothing);
        const world = await worldOf(seconds);
        if (variant === 'still') return told(await world.still(lastMs), nothing);
        const { counted, outcome, met, freezeMs } = await world.move();
        lastMs = counted.durationMs;
        return told(counted, { failed: outcome === 'relocated' ? 0 : 1, unmet: met > 0 ? 0 : 1, freezeMs });
      },
    };
  },
};

import { curves } from './harness/picture.ts';
import type { Sample } from './harness/statistics.ts';
import { type Figure, type Measure, METHOD, type Pairs, type Point, type Values } from './harness/measure.ts';
import type { Counted } from '../domain/counted.ts';
import { Moving } from './switch/moving.ts';

interface Clamped extends Point {
  /** So long resolvers, and one kind of devices, keep an address at least. */
  readonly seconds: number;
}

const MOVES = ['move'];
/** A hundred with those that are timed, and nothing is said to be kept by fewer. */
const COUNTED: Pairs = { least: 85, most: 85 };
/** Each of them waits for half a minute. */
const FEW: Pairs = { least: 2, most: 4 };
const TIMED: Clamped = { name: 'timed', seconds: 1 };
const ALL: readonly Clamped[] = [
  { ...TIMED, pairs: METHOD, share: 215 },
  { name: 'counted', seconds: 1, pairs: COUNTED, only: MOVES, share: 145 },
  { name: 'addresses kept for 30 s', seconds: 30, pairs: FEW, only: MOVES, share: 80 },
];
const QUICK: readonly Clamped[] = [{ ...TIMED, pairs: { least: 1, most: 2 } }];
/** Of a window without a move before the first move was timed. */
const FIRST_MS = 4_000;

const KINDS = {
  resolving: 'devices that resolve a name again',
  keeping: 'devices that keep a connection',
  clamping: 'devices that keep an address longer',
} as const;
const harmTo = (kind: string): string => `harm ${kind}`;

/** Of no move, wherever it was. */
const never = (name: string, value: string, points: readonly Clamped[]): Figure[] =>
  [...new Set(points.map(({ seconds }) => seconds))].map((seconds) => ({
    name: nameOf(name, seconds),
    kind: 'count',
    over: 'most',
    value: (of) =>
      points.reduce((sum, point) => (point.seconds === seconds ? sum + of('move', value, point.name) : sum), 0),
    target: { exactly: 0 },
  }));
const nameOf = (name: string, seconds: number): string =>
  seconds === TIMED.seconds ? name : `${name}, addresses kept for ${seconds} s`;

const told = ({ total, byKind }: Counted, more: Values): Values => ({
  lost: total.lost,
  givenUp: total.givenUp,
  stale: total.stale,
  doubled: total.doubled,
  requests: total.requests,
  gapMs: total.longestGapMs,
  ...Object.fromEntries(
    Object.keys(KINDS).map((kind) => {
      const { lost = 0, givenUp = 0, stale = 0, doubled = 0 } = byKind[kind] ?? {};
      return [harmTo(kind), lost + givenUp + stale + doubled];
    }),
  ),
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

const sorted = (samples: readonly Sample[], variant: string): readonly (readonly [number, number])[] =>
  samples
    .flatMap((each) => (each.variant === variant ? [each.values['gapMs'] ?? 0] : []))
    .toSorted((a, b) => a - b)
    .map((ms, nth, all) => [(100 * (nth + 1)) / all.length, ms]);

const bad: Readonly<Record<string, (world: Moving) => Promise<Counted>>> = {
  'stop first': async (world) => await world.stopFirst(),
  'delete before drain': async (world) => await world.deleteBeforeDrain(),
};

/** What devices notice of a move during which one thing goes wrong, against as long a time without one. */
export const switching: Measure<Clamped> = {
  id: 'B2',
  name: 'switch',
  question:
    'Is a write lost, answered from an old state or counted twice while an application moves and one thing goes wrong, and for how long do devices wait?',
  variants: ['move', 'still'],
  twin: 'still',
  bad: Object.keys(bad).map((variant) => ({ variant, misses: ['unanswered writes'] })),
  points: (quick) => (quick ? QUICK : ALL),
  pairs: () => METHOD,
  seconds: (quick) => (quick ? 40 : 465),
  figures: (points) => [
    ...never('lost writes', 'lost', points),
    ...never('unanswered writes', 'givenUp', points),
    ...never('stale answers', 'stale', points),
    ...never('writes counted twice', 'doubled', points),
    ...Object.entries(KINDS).flatMap(([kind, name]) => never(`harm to ${name}`, harmTo(kind), points)),
    ...never('moves that did not go through', 'failed', points),
    ...never('faults that nothing met', 'unmet', points),
    {
      name: 'freeze',
      kind: 'wall',
      unit: 'ms',
      value: (of) => of('move', 'freezeMs', TIMED.name),
      target: { atMost: 5 },
    },
    {
      name: 'longest gap with a move ÷ without',
      kind: 'wall',
      value: (of) => of('move', 'gapMs', TIMED.name) / of('still', 'gapMs', TIMED.name),
      target: { atMost: 1.2 },
    },
    {
      name: 'longest gap of all, with ÷ without',
      kind: 'wall',
      over: 'most',
      value: (of) => of('move', 'gapMs', TIMED.name) / of('still', 'gapMs', TIMED.name),
      target: { atMost: 2 },
    },
    {
      name: 'longest gap with a move',
      kind: 'wall',
      unit: 'ms',
      value: (of) => of('move', 'gapMs', TIMED.name),
    },
    {
      name: 'a write is given up so late',
      kind: 'wall',
      unit: 'ms',
      over: 'most',
      value: (of) => of('move', 'giveUpMs', TIMED.name),
    },
    {
      name: 'writes in a window',
      kind: 'count',
      value: (of) => of('move', 'requests', TIMED.name),
    },
  ],

  pictures: [
    {
      name: 'gap',
      title: 'The longest gap of each window, sorted',
      draw: (title, samples) =>
        curves(title, { x: 'windows, %', y: 'ms' }, [
          { name: 'with a move', points: sorted(samples, 'move') },
          { name: 'without', points: sorted(samples, 'still') },
        ]),
    },
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
    const first = await worldOf(TIMED.seconds);
    await first.still(1_000); // it has come to rest
    /** A world that is ruined tells the same wherever it stands in the engine's place. */
    const tried = new Map<string, Values>();
    return {
      stop: async () => await moving?.world.end(),
      sample: async (variant, { seconds }) => {
        const how = bad[variant];
        if (how !== undefined) {
          const nothing = { failed: 0, unmet: 0, freezeMs: 0 };
          const values = tried.get(variant) ?? told(await ruined(seconds, how), nothing);
          tried.set(variant, values);
          return values;
        }
        const world = await worldOf(seconds);
        if (variant === 'still') return told(await world.still(lastMs), {});
        const { counted, outcome, met, freezeMs } = await world.move();
        lastMs = counted.durationMs;
        const ended = { failed: outcome === 'relocated' ? 0 : 1, unmet: met > 0 ? 0 : 1 };
        return told(counted, { ...ended, freezeMs, giveUpMs: world.giveUpMs });
      },
    };
  },
};

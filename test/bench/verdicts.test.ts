import { describe, expect, it } from 'vitest';
import type { Figure, Kind, Point, Target, Values } from '../../bench/harness/measure.ts';
import { orderOf, rounds, type Block, type Clock, type Plan } from '../../bench/harness/rounds.ts';
import type { Estimate, Sample } from '../../bench/harness/statistics.ts';
import { CONTROL, controlOf, judge, survivors, together, triedAt, verdictOf } from '../../bench/harness/verdict.ts';

const within = (low: number, high: number): Estimate => ({ low, value: (low + high) / 2, high });
const quiet = within(0.99, 1.01);
const restless = within(0.9, 1.2);
const atMost: Target = { atMost: 1.15 };
const of = (kind: Kind, seen: Estimate, control: Estimate | null, target: Target | null = atMost) =>
  verdictOf(kind, target, seen, control);

describe('a verdict', () => {
  it('goes by the bound that speaks against it', () => {
    expect(of('wall', within(1.05, 1.14), quiet)).toBe('pass');
    expect(of('wall', within(1.05, 1.16), quiet)).toBe('fail');
    expect(of('wall', within(1.9, 2.1), quiet, { atLeast: 1.8 })).toBe('pass');
    expect(of('wall', within(1.7, 2.1), quiet, { atLeast: 1.8 })).toBe('fail');
  });

  it('of wall time is neither where a twin differs from itself', () => {
    expect(of('wall', within(1, 1.1), restless)).toBe('noisy');
    expect(of('wall', within(3, 4), restless)).toBe('noisy');
  });

  it('of CPU time leaves as much room as a twin needs', () => {
    expect(of('cpu', within(1.2, 1.3), restless)).toBe('pass');
    expect(of('cpu', within(1.2, 1.3), quiet)).toBe('fail');
    expect(of('cpu', within(1.2, 1.5), restless)).toBe('fail');
    expect(of('cpu', within(1.5, 1.9), restless, { atLeast: 1.8 })).toBe('pass');
    expect(of('cpu', within(1.4, 1.9), restless, { atLeast: 1.8 })).toBe('fail');
  });

  it('of CPU time is open where a twin needs so much room that anything would be kept', () => {
    const wild = within(0.5, 1.1);
    expect(of('cpu', within(1.2, 1.6), wild)).toBe('noisy');
    expect(of('cpu', within(1, 1.1), wild)).toBe('pass');
    expect(of('cpu', within(1.2, 1.9), wild)).toBe('fail');
  });

  it('of a count binds always, and exactly', () => {
    expect(of('count', within(65, 65), null, { exactly: 65 })).toBe('pass');
    expect(of('count', within(65, 66), null, { exactly: 65 })).toBe('fail');
    expect(of('count', within(60, 60), null, { exactly: 65 })).toBe('fail');
  });

  it('is none where nothing was asked for, and noisy where nothing tells how far time can be trusted', () => {
    expect(of('wall', within(9, 9), quiet, null)).toBe('reported');
    expect(of('wall', within(1, 1), null)).toBe('noisy');
  });

  it('of a measure is that of its worst figure', () => {
    expect(together(['pass', 'noisy', 'reported'])).toBe('noisy');
    expect(together(['pass', 'noisy', 'fail'])).toBe('fail');
    expect(together(['reported', 'pass'])).toBe('pass');
    expect(together(['reported'])).toBe('reported');
  });
});

const wall: Figure = {
  name: 'wall',
  kind: 'wall',
  value: (median) => median('engine', 'wallMs', 'p') / median('direct', 'wallMs', 'p'),
  target: atMost,
};
const sample = (variant: string, pair: number, wallMs: number): Sample => ({
  point: 'p',
  variant,
  pair,
  values: { wallMs },
});
const run = (control: number): Sample[] =>
  Array.from({ length: 15 }, (_, pair) => [
    sample('engine', pair, 11),
    sample('direct', pair, 10),
    sample(CONTROL, pair, control),
  ]).flat();

describe('a figure', () => {
  it('is judged beside a twin that was measured twice', () => {
    expect(judge(wall, 'direct', run(10), { seed: 1 })).toMatchObject({ value: 1.1, verdict: 'pass' });
    expect(judge(wall, 'direct', run(12), { seed: 1 })).toMatchObject({ value: 1.1, verdict: 'noisy' });
    expect(controlOf(wall, 'direct', run(12), 1)).toMatchObject({ value: 1.2, low: 1, high: 1.2 });
    expect(judge(wall, 'direct', run(9), { seed: 1 })).toMatchObject({ value: 1.1, verdict: 'noisy' });
  });

  it('of a time that no twin has is kept and missed by both bounds, and open between them', () => {
    const freeze: Figure = {
      ...wall,
      unit: 'ms',
      value: (median) => median('engine', 'freezeMs', 'p'),
      target: { atMost: 5 },
    };
    const froze = (...all: readonly number[]) =>
      judge(
        freeze,
        'direct',
        run(12).map((each) => ({
          ...each,
          values: each.variant === 'engine' ? { freezeMs: all[each.pair % all.length] ?? 0 } : each.values,
        })),
        { seed: 1 },
      );
    expect(froze(3, 4)).toMatchObject({ control: null, verdict: 'pass' });
    expect(froze(6, 7).verdict).toBe('fail');
    expect(froze(4, 6).verdict).toBe('noisy');
    // A ratio may be disturbed either way
    const ratio: Figure = {
      ...wall,
      value: (median) => median('engine', 'wallMs', 'p') / median('engine', 'wallMs', 'p'),
    };
    expect(judge(ratio, 'nobody', run(12), { seed: 1 })).toMatchObject({ control: null, verdict: 'noisy' });
  });

  it('is judged at a point without a control by those of the others', () => {
    const there: Figure = {
      ...wall,
      value: (median) => median('engine', 'wallMs', 'q') / median('direct', 'wallMs', 'q'),
    };
    const both = (control: number) =>
      run(control).flatMap((each) => (each.variant === CONTROL ? [each] : [each, { ...each, point: 'q' }]));
    expect(judge(there, 'direct', both(10), { seed: 1 }).verdict).toBe('pass');
    expect(judge(there, 'direct', both(12), { seed: 1 }).verdict).toBe('noisy');
  });

  it('of which a twin has nothing but nought is not taken to be quiet', () => {
    const refused: Figure = { ...wall, value: (median) => median('engine', 'refused', 'p'), target: { atMost: 1 } };
    const none = run(10).map((each) => ({ ...each, values: { refused: 0 } }));
    expect(judge(refused, 'direct', none, { seed: 1 })).toMatchObject({ control: null, verdict: 'noisy' });
  });

  it('that rests on too few rounds is kept by none of them, and what a count has missed it has missed', () => {
    const least = () => 15;
    const few = (pairs: number) => run(10).filter(({ pair }) => pair < pairs);
    expect(judge(wall, 'direct', few(15), { seed: 1, least }).verdict).toBe('pass');
    expect(judge(wall, 'direct', few(14), { seed: 1, least })).toMatchObject({
      verdict: 'noisy',
      pairs: { seen: 14, least: 15 },
    });
    const count: Figure = { ...wall, kind: 'count' };
    expect(judge(count, 'direct', few(3), { seed: 1, least }).verdict).toBe('noisy');
    const missed = judge({ ...count, target: { exactly: 1 } }, 'direct', few(3), { seed: 1, least });
    expect(missed.verdict).toBe('fail');
    expect(
      judge({ ...count, value: (median) => median('engine', 'wallMs', 'p') }, 'direct', [], { seed: 1 }).verdict,
    ).toBe('not measured');
  });

  it('notices a bad variant in the place of the engine, or says that it cannot', () => {
    const measure = { engine: 'engine', twin: 'direct', misses: ['wall'] };
    const noticed = (samples: readonly Sample[], wallMs = 20) =>
      survivors(measure, { variant: 'bad', at: new Map([['p', { wallMs }]]) }, [wall], samples, 1)[0]?.verdict;
    expect(noticed(run(10))).toBe('fail');
    expect(noticed(run(10), 11)).toBe('pass');
    expect(noticed(run(12))).toBe('noisy');
  });

  it('tells where a bad variant has to be tried: where the engine is in what it has to miss', () => {
    const elsewhere: Figure = { ...wall, name: 'other', value: (median) => median('engine', 'wallMs', 'q') };
    expect(triedAt({ variant: 'bad', misses: ['wall'] }, [wall, elsewhere], 'engine')).toEqual(['p']);
  });
});

const clock = (end: number): Clock => ({ now: () => 0, end });
async function measured(
  twin: string | undefined,
  plan: Omit<Plan<Point>, 'quick'> & { readonly quick?: boolean },
  sampled: (variant: string, point: Point) => Promise<Values>,
): Promise<Block[]> {
  const blocks: Block[] = [];
  const measure = { variants: twin === undefined ? ['A'] : ['A', 'B'], ...(twin !== undefined && { twin }) };
  for await (const block of rounds(measure, { quick: false, ...plan }, { sample: sampled })) blocks.push(block);
  return blocks;
}
const pairs = (least: number, most = least) => ({ least, most });

describe('rounds', () => {
  it('go there and back, so that what drifts drifts for all', () => {
    expect([0, 1, 2].map((round) => orderOf(round, ['A', 'B']).join(''))).toEqual(['AB', 'BA', 'AB']);
  });

  it('measure the twin twice, and drop the first at each point', async () => {
    const asked: string[] = [];
    const plan = { points: [{ name: 'p' }, { name: 'q', pairs: pairs(1) }], pairs: pairs(2), clock: clock(1) };
    const blocks = await measured('B', plan, async (variant) => ({ ms: asked.push(variant) }));
    expect(blocks.filter(({ warmUp }) => warmUp)).toHaveLength(2 * 3);
    const told = blocks.filter(({ warmUp }) => !warmUp).map(({ point, pair, variant }) => `${point}${pair} ${variant}`);
    expect(told).toEqual(
      ['p0 control', 'p0 B', 'p0 A', 'p1 A', 'p1 B', 'p1 control'].concat(['q0 control', 'q0 B', 'q0 A']),
    );
    expect(asked.slice(0, 3)).toEqual(['A', 'B', 'B']);
  });

  it('without a twin have nothing to warm up, nor has a point at which only some are measured', async () => {
    const events = async () => ({ events: 65 });
    const plan = { points: [{ name: 'p' }], pairs: pairs(1), clock: clock(1) };
    expect(await measured(undefined, plan, events)).toEqual([
      { point: 'p', variant: 'A', pair: 0, position: 0, warmUp: false, values: { events: 65 } },
    ]);
    const only = { ...plan, points: [{ name: 'p', only: ['A'] }] };
    expect((await measured('B', only, events)).map(({ variant }) => variant)).toEqual(['A']);
  });

  it('where a hint is enough have nothing to warm up either', async () => {
    const plan = { points: [{ name: 'p' }], pairs: pairs(1), quick: true, clock: clock(1) };
    const blocks = await measured('B', plan, async () => ({}));
    expect(blocks.map(({ variant, warmUp }) => [variant, warmUp])).toEqual([
      ['A', false],
      ['B', false],
      ['control', false],
    ]);
  });

  /** A round of three blocks takes a second. */
  const inSeconds = async (end: number, points: readonly Point[], plan: { least: number; most: number }) => {
    let now = 0;
    const blocks = await measured('B', { points, pairs: plan, clock: { now: () => now, end } }, async () => {
      now += 1_000 / 3;
      return {};
    });
    return points.map(({ name }) => blocks.filter((each) => each.point === name && each.variant === 'A').length);
  };
  const two = [{ name: 'p' }, { name: 'q' }];

  it('are as many as there is time for, and each point has its share of it', async () => {
    expect(await inSeconds(100_000, two, pairs(1, 5))).toEqual([6, 6]);
    expect(await inSeconds(8_100, two, pairs(1, 5))).toEqual([4, 4]);
    const unlike = [{ name: 'p', share: 3 }, { name: 'q' }];
    expect(await inSeconds(8_100, unlike, pairs(1, 50))).toEqual([6, 2]);
  });

  it('leave no point without any: a slow one takes its share, and one that counts, and the others theirs', async () => {
    expect(await inSeconds(8_100, two, pairs(5))).toEqual([4, 4]);
    expect(await inSeconds(4_100, two, pairs(5))).toEqual([2, 2]);
    expect(await inSeconds(3_100, two, pairs(5))).toEqual([2, 2]);
  });

  it('are reckoned by those that count: what is done once, as it warms up, is not done in each', async () => {
    let now = 0;
    const points = [{ name: 'p' }];
    const blocks = await measured(
      'B',
      { points, pairs: pairs(5), clock: { now: () => now, end: 100_000 } },
      async () => {
        now += now === 0 ? 60_000 : 1_000;
        return {};
      },
    );
    expect(blocks.filter(({ variant, warmUp }) => variant === 'A' && !warmUp)).toHaveLength(5);
  });

  it('take what others have left over, up to their least', async () => {
    const short = [{ name: 'p' }, { name: 'q', pairs: pairs(1) }];
    expect(await inSeconds(8_100, short, pairs(5))).toEqual([6, 2]);
    expect(await inSeconds(20_100, short, pairs(3, 9))).toEqual([10, 2]);
  });
});

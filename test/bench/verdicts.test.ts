import { describe, expect, it } from 'vitest';
import type { Figure, Kind, Target } from '../../bench/harness/measure.ts';
import { rounds, orderOf } from '../../bench/harness/rounds.ts';
import type { Estimate, Sample } from '../../bench/harness/statistics.ts';
import { CONTROL, controlOf, judge, survivors, together, verdictOf } from '../../bench/harness/verdict.ts';

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
const run = (control: number, bad = 20): Sample[] =>
  Array.from({ length: 15 }, (_, pair) => [
    sample('engine', pair, 11),
    sample('direct', pair, 10),
    sample(CONTROL, pair, control),
    sample('bad', pair, bad),
  ]).flat();

describe('a figure', () => {
  it('is judged beside a twin that was measured twice', () => {
    expect(judge(wall, 'direct', run(10), 1)).toMatchObject({ value: 1.1, verdict: 'pass' });
    expect(judge(wall, 'direct', run(12), 1)).toMatchObject({ value: 1.1, verdict: 'noisy' });
    expect(controlOf(wall, 'direct', run(12), 1)).toMatchObject({ value: 1.2, low: 1, high: 1.2 });
  });

  it('notices a bad variant in the place of the engine, or says that it cannot', () => {
    const bad = { variant: 'bad', misses: ['wall'] };
    const noticed = (samples: readonly Sample[]) =>
      survivors({ variants: ['engine', 'direct'] }, bad, [wall], samples, 'direct', 1)[0]?.verdict;
    expect(noticed(run(10))).toBe('fail');
    expect(noticed(run(10, 11))).toBe('pass');
    expect(noticed(run(12))).toBe('noisy');
  });
});

describe('rounds', () => {
  it('go there and back, so that what drifts drifts for all', () => {
    expect([0, 1, 2].map((round) => orderOf(round, ['A', 'B']).join(''))).toEqual(['AB', 'BA', 'AB']);
  });

  it('measure the twin twice, and drop the first at each point', async () => {
    const asked: string[] = [];
    const plan = { variants: ['A', 'B'], points: [{ name: 'p' }, { name: 'q', pairs: 1 }], pairs: 2 };
    const sampled = async (variant: string): Promise<{ ms: number }> => ({ ms: asked.push(variant) });
    const blocks = [];
    for await (const block of rounds({ twin: 'B' }, plan, { sample: sampled })) blocks.push(block);
    expect(blocks.filter(({ warmUp }) => warmUp)).toHaveLength(2 * 3);
    const told = blocks.filter(({ warmUp }) => !warmUp).map(({ point, pair, variant }) => `${point}${pair} ${variant}`);
    expect(told).toEqual(
      ['p0 control', 'p0 B', 'p0 A', 'p1 A', 'p1 B', 'p1 control'].concat(['q0 control', 'q0 B', 'q0 A']),
    );
    expect(asked.slice(0, 3)).toEqual(['A', 'B', 'B']);
  });

  it('without a twin have nothing to warm up', async () => {
    const plan = { variants: ['A'], points: [{ name: 'p' }], pairs: 1 };
    const blocks = [];
    for await (const block of rounds({}, plan, { sample: async () => ({ events: 65 }) })) blocks.push(block);
    expect(blocks).toEqual([{ point: 'p', variant: 'A', pair: 0, position: 0, warmUp: false, values: { events: 65 } }]);
  });
});

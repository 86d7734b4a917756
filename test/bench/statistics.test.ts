import { describe, expect, it } from 'vitest';
import { oneAfterTheOther } from '../../bench/depth.ts';
import { openLoop } from '../../bench/harness/open-loop.ts';
import { randomOf } from '../../bench/harness/random.ts';
import { estimate, ingredients, median, percentile, type Sample } from '../../bench/harness/statistics.ts';
import type { Of } from '../../bench/harness/measure.ts';

const ratio = (of: Of): number => of('engine', 'wallMs', 'p') / of('direct', 'wallMs', 'p');

const samples = (engine: readonly number[], direct: readonly number[]): Sample[] =>
  engine.flatMap((wallMs, pair) => [
    { point: 'p', variant: 'engine', pair, values: { wallMs } },
    { point: 'p', variant: 'direct', pair, values: { wallMs: direct[pair] ?? Number.NaN } },
  ]);

it('a median is the middle one, or what is between the two', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
});

it('a percentile is one that was seen', () => {
  expect([percentile([5, 1, 4, 2, 3], 0.5), percentile([1, 2], 0.99), percentile([1, 2], 0)]).toEqual([3, 2, 1]);
});

it('the same seed draws the same numbers, another one others', () => {
  const drawn = (seed: number): number[] => {
    const random = randomOf(seed);
    return [random(), random(), random()];
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  expect(drawn(7).every((number) => number >= 0 && number < 1)).toBe(true);
});

describe('an estimate', () => {
  it('is the ratio of medians, with bounds around it that the seed decides', () => {
    const seen = samples([11, 12, 10, 13, 11, 12], [10, 10, 10, 10, 10, 10]);
    const first = estimate(ratio, seen, 1);
    expect(first.value).toBeCloseTo(1.15);
    expect(first.low).toBeGreaterThanOrEqual(1);
    expect(first.high).toBeLessThanOrEqual(1.3);
    expect(first.low).toBeLessThan(first.high);
    expect(estimate(ratio, seen, 1)).toEqual(first);
  });

  it('draws pairs: what disturbs both of a pair alike widens nothing', () => {
    const disturbed = [1, 50, 3, 200, 7, 90, 20];
    const { low, value, high } = estimate(
      ratio,
      samples(
        disturbed.map((each) => each * 2),
        disturbed,
      ),
      1,
    );
    expect([low, value, high]).toEqual([2, 2, 2]);
  });

  it('has bounds between which all but one in twenty are', () => {
    const among = (many: number) =>
      estimate(
        (of) => of('engine', 'wallMs', 'p'),
        samples(
          Array.from({ length: many }, (_, n) => n + 1),
          [],
        ),
        1,
      );
    // Of five the least is the median of six in a hundred draws, of nine of one in a thousand
    expect(among(5)).toMatchObject({ low: 1, value: 3, high: 5 });
    expect(among(9).low).toBeGreaterThan(1);
    expect(among(9).high).toBeLessThan(9);
  });

  it('of one pair has no bounds but itself', () => {
    expect(estimate(ratio, samples([65], [125]), 1)).toEqual({ value: 0.52, low: 0.52, high: 0.52 });
  });

  it('of what was not measured is refused, by name', () => {
    expect(() => estimate(ratio, [], 1)).toThrow('nothing was measured of engine at p');
    expect(() => estimate((of) => of('engine', 'cpuMs', 'p'), samples([1], [1]), 1)).toThrow(
      'engine gives no cpuMs at p',
    );
  });
});

describe('an open loop', () => {
  it('sends each when it is due, however the others fare', async () => {
    let last = (): void => undefined;
    const all = new Promise<void>((resolve) => (last = resolve));
    const answers = await openLoop(1_000, 5, async (n) => {
      if (n === 4) last();
      await all; // nobody is answered before the last has asked
      return n;
    });
    expect(answers.map(({ answer }) => answer)).toEqual([0, 1, 2, 3, 4]);
  });

  it('counts from when a request was due, and not from when it could be sent', async () => {
    const [, second] = await openLoop(1_000, 2, async (n) => {
      const end = performance.now() + (n === 0 ? 30 : 0);
      while (performance.now() < end); // nothing else is done meanwhile
    });
    expect(second?.lateMs).toBeGreaterThan(20);
  });
});

it('a figure tells what it is made of', () => {
  expect(ingredients(ratio)).toEqual([
    ['engine', 'wallMs', 'p'],
    ['direct', 'wallMs', 'p'],
  ]);
});

it('calls that went at once are one step, those that waited for each other are several', () => {
  const at = (from: number, to: number) => ({ from, to });
  expect(oneAfterTheOther([at(0, 10), at(1, 11), at(2, 12)])).toBe(1);
  expect(oneAfterTheOther([at(0, 10), at(10, 20), at(12, 22), at(25, 30)])).toBe(3);
  expect(oneAfterTheOther([])).toBe(0);
});

import { describe, expect, it } from 'vitest';
import { sumOf } from '../../bench/growth/prometheus.ts';
import { api } from '../../bench/api.ts';
import type { Measure, Values } from '../../bench/harness/measure.ts';
import type { Sample } from '../../bench/harness/statistics.ts';
import { judge } from '../../bench/harness/verdict.ts';
import { soak } from '../../bench/soak.ts';
import { switching } from '../../bench/switch.ts';
import { faultKinds, faultOf } from '../../bench/switch/faults.ts';

/** What there was at each of ten looks of a quarter. */
const looks = (at: (n: number) => Record<string, number>): Sample[] =>
  soak.points(false).flatMap(({ name: point }, quarter) =>
    Array.from({ length: 10 }, (_, pair): Sample => {
      const n = quarter * 10 + pair + 1;
      const steady = { relocations: n * 50, failed: 0, events: 65, processes: 6, addresses: 100 };
      const kept = { workerKeptMb: 120, apiKeptMb: 60, workerCollectedMb: 250, apiCollectedMb: 110 };
      const used = { ...kept, workerMb: 400, apiMb: 200, workerHandles: 90, apiHandles: 42, logLines: 36 };
      const timed = { workerMs: 200, apiMs: 50, perSecond: 4, seconds: n * 12 };
      return { point, variant: 'soak', pair, values: { ...steady, ...used, ...timed, ...at(n) } };
    }),
  );
const missed = (samples: readonly Sample[]): string[] =>
  soak
    .figures(soak.points(false))
    .filter((figure) => judge(figure, undefined, samples, { seed: 1 }).verdict === 'fail')
    .map(({ name }) => name);

describe('a soak', () => {
  it('is kept where each relocation leaves everything as it was', () => {
    expect(missed(looks(() => ({})))).toEqual([]);
  });

  it('shows what each relocation leaves behind', () => {
    // 50 KB of each
    expect(missed(looks((n) => ({ workerKeptMb: 120 + n * 2.5 })))).toEqual([
      'what the worker keeps in its heaps, the last quarter ÷ the second quarter',
    ]);
    expect(missed(looks((n) => ({ apiCollectedMb: 110 + n * 2.5 })))).toEqual([
      'memory of the API, its garbage collected, the last quarter ÷ the second quarter',
    ]);
    expect(missed(looks((n) => ({ apiHandles: 42 + n * 5 })))).toEqual([
      'file handles of the API left by each relocation',
    ]);
    expect(missed(looks((n) => ({ logLines: 36 + n })))).toEqual([
      'log lines of each relocation, the last quarter ÷ the second quarter',
    ]);
    expect(missed(looks((n) => (n === 40 ? { failed: 1 } : {})))).toEqual(['relocations that failed']);
  });

  it('goes by what is kept, and not by when garbage was collected', () => {
    // As it was once: nothing grew, and the medians of what was resident did by a fifth
    const apiMb = [
      139, 143, 157, 154, 155, 172, 167, 194, 193, 193, 209, 202, 177, 164, 174, 210, 194, 165, 165, 174, 175, 156, 168,
      155, 158, 165, 177, 179, 180, 214, 201, 201, 209, 209, 209, 215, 215, 219, 217, 172,
    ];
    expect(missed(looks((n) => ({ apiMb: apiMb[n - 1] ?? 0 })))).toEqual([]);
    // The same, and 50 KB of each relocation stay
    const grown = looks((n) => ({
      apiMb: (apiMb[n - 1] ?? 0) + n * 2.5,
      apiKeptMb: 60 + n * 2.5,
      apiCollectedMb: 110 + n * 2.5,
    }));
    expect(missed(grown)).toHaveLength(2);
  });

  it('says nothing of 2,000 where there were fewer', () => {
    const few = looks(() => ({})).filter(({ point, pair }) => point !== 'the last quarter' || pair < 4);
    const [figure] = soak.figures(soak.points(false));
    if (figure === undefined) throw new Error('a soak asks for nothing');
    const { least } = soak.pairs(false);
    expect(judge(figure, undefined, few, { seed: 1, least: () => least })).toMatchObject({
      verdict: 'noisy',
      pairs: { seen: 4, least: 10 },
    });
  });
});

/** The values of every block but one. */
const blocks = (variants: readonly string[], point: string, pairs: number, usual: Values, odd: Values): Sample[] =>
  variants.flatMap((variant) =>
    Array.from({ length: pairs }, (_, pair) => ({
      point,
      variant,
      pair,
      values: { ...usual, ...(pair === 3 && variant === variants[0] && odd) },
    })),
  );
const failed = (measure: Pick<Measure, 'figures' | 'points'>, samples: readonly Sample[]): string[] =>
  measure
    .figures(measure.points(true))
    .map((figure) => judge(figure, undefined, samples, { seed: 1 }))
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ name }) => name);

describe('what may never happen', () => {
  it('is noticed of an API in one block of fifteen', () => {
    const usual = { extra: 0, odd: 0, unsaid: 0, p50Ms: 9, p99Ms: 9, refused: 0 };
    const measure = api as unknown as Measure;
    const storm = (point: string, odd: Values) => blocks(['engine', 'raw'], point, 15, usual, odd);
    const [half = '', overload = ''] = measure.points(true).map(({ name }) => name);
    const all = (odd: Values) => [...storm(half, odd), ...storm(overload, odd)];
    expect(failed(measure, all({}))).toEqual([]);
    expect(failed(measure, all({ extra: 1 }))).toEqual(['runs that duplicates began']);
    expect(failed(measure, all({ unsaid: 2 }))).toEqual(['refusals without Retry-After, overloaded']);
    expect(failed(measure, all({ odd: 1 }))).toHaveLength(2);
  });

  it('is noticed of a switch in one move of fifteen', () => {
    const kinds = ['resolving', 'keeping', 'clamping'].map((kind) => [`harm ${kind}`, 0]);
    const none = { lost: 0, givenUp: 0, stale: 0, doubled: 0, failed: 0, unmet: 0, ...Object.fromEntries(kinds) };
    const usual = { ...none, freezeMs: 1, gapMs: 40, requests: 500, giveUpMs: 2_000 };
    const measure = switching as unknown as Measure;
    const moves = (odd: Values) => blocks(['move', 'still'], 'timed', 15, usual, odd);
    expect(failed(measure, moves({}))).toEqual([]);
    for (const value of Object.keys(none)) expect(failed(measure, moves({ [value]: 1 }))).toHaveLength(1);
  });
});

describe('what a worker shows', () => {
  it('is summed over labels, and of names that begin alike only the very one', () => {
    const text = 'hits_total{queue="a"} 3\nhits_total{queue="b"} 4\nhits_total_more{queue="a"} 9\nhits_total 1\n';
    expect(sumOf(text, 'hits_total')).toBe(8);
    expect(sumOf(text, 'misses_total')).toBe(0);
  });
});

describe('faults of a switch', () => {
  it('are of every kind on every leg, once in as many moves', () => {
    const route = ['cloud', 'a1', 'a2', 'w1'] as const;
    const met = new Set<string>();
    for (let n = 0; n < route.length * faultKinds; n += 1) {
      const [source, target] = [route[n % 4] ?? 'cloud', route[(n + 1) % 4] ?? 'cloud'];
      met.add(`${source} ${faultOf(n, { source, target }).what}`);
    }
    expect(met.size).toBe(route.length * faultKinds);
  });
});

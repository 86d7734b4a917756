import { describe, expect, it } from 'vitest';
import { sumOf } from '../../bench/growth/prometheus.ts';
import type { Sample } from '../../bench/harness/statistics.ts';
import { judge } from '../../bench/harness/verdict.ts';
import { soak } from '../../bench/soak.ts';
import { faultKinds, faultOf } from '../../bench/switch/faults.ts';

/** What there was at each of ten looks of a quarter. */
const looks = (at: (n: number) => Record<string, number>): Sample[] =>
  soak.points(false).flatMap(({ name: point }, quarter) =>
    Array.from({ length: 10 }, (_, pair): Sample => {
      const n = quarter * 10 + pair + 1;
      const steady = { relocations: n * 50, failed: 0, events: 65, processes: 6, addresses: 100 + (n % 3) };
      const used = { workerMb: 400, apiMb: 200, workerHandles: 90, apiHandles: 42, logLines: 36 };
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
    expect(missed(looks((n) => ({ workerMb: 400 + n * 5 })))).toEqual([
      'memory of the worker, the last quarter ÷ the second quarter',
    ]);
    expect(missed(looks((n) => ({ apiHandles: 42 + n * 5 })))).toEqual([
      'file handles of the API left by each relocation',
    ]);
    expect(missed(looks((n) => ({ logLines: 36 + n })))).toEqual([
      'log lines of each relocation, the last quarter ÷ the second quarter',
    ]);
    expect(missed(looks((n) => (n === 40 ? { failed: 1 } : {})))).toEqual(['relocations that failed']);
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

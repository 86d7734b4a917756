import { describe, expect, it } from 'vitest';
import { sumOf } from '../../bench/growth/prometheus.ts';
import { drift } from '../../bench/soak/drawn.ts';
import type { Standing } from '../../bench/soak/soak.ts';
import { faultKinds, faultOf } from '../../bench/switch/faults.ts';

const standing = (n: number, more: Partial<Standing> = {}): Standing => ({
  relocations: n * 25,
  seconds: n * 60,
  outcomes: {},
  worker: { cpuMs: n * 1_000, rss: 4e8, handles: 90 },
  api: { cpuMs: n * 500, rss: 2e8, handles: 42 },
  processes: 6,
  logLines: n * 900,
  events: 65,
  addresses: 105,
  load: 1,
  ...more,
});
const course = (at: (n: number) => Standing): Standing[] => Array.from({ length: 16 }, (_, n) => at(n + 1));

describe('a soak', () => {
  it('drifts nowhere where each relocation leaves everything as it was', () => {
    for (const ratio of Object.values(drift(course((n) => standing(n))))) expect(ratio).toBe(1);
  });

  it('shows what each relocation leaves behind', () => {
    const leaking = course((n) => standing(n, { worker: { cpuMs: n * n * 100, rss: 4e8 + n * 2e7, handles: 90 } }));
    expect(drift(leaking)).toMatchObject({
      'memory of the worker': expect.closeTo(1.302, 2),
      'CPU of the worker': expect.closeTo(2.231, 2),
      'memory of the API': 1,
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

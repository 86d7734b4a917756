import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  measured,
  measuredIn,
  merged,
  page,
  publish,
  published,
  publishedResults,
  rewritten,
} from '../../bench/harness/page.ts';
import { curves, lines } from '../../bench/harness/picture.ts';
import type { Facts } from '../../bench/harness/facts.ts';
import type { Results } from '../../bench/harness/results.ts';
import { proven } from '../../bench/harness/results.ts';
import { markdown, table, titleOf, told } from '../../bench/harness/table.ts';
import { ingredients, median, most, type Sample } from '../../bench/harness/statistics.ts';
import type { Figure } from '../../bench/harness/measure.ts';
import type { Judged } from '../../bench/harness/verdict.ts';
import { parsed, sum } from '../../bench/stage/scrape.ts';
import { measures } from '../../bench/measures.ts';

const figure: Judged = {
  name: 'wall <of> a relocation',
  kind: 'wall',
  unit: null,
  target: { atMost: 1.15 },
  value: 1.1,
  low: 1.05,
  high: 1.14,
  control: null,
  pairs: { seen: 15, least: 15 },
  verdict: 'pass',
};
const result = {
  id: 'B1',
  name: 'overhead',
  question: 'How much longer?',
  verdict: 'pass',
  figures: [
    figure,
    { ...figure, name: 'events', kind: 'count', target: null, value: 65, low: 65, high: 65, verdict: 'reported' },
  ],
  points: [],
  seconds: 1,
  budgetSeconds: 60,
  proofs: [{ variant: 'bad', noticed: [{ figure: 'events', verdict: 'fail' }] }],
} as const satisfies Results['measures'][number];

/** What a figure comes to, without its bounds. */
const exactly = ({ value, over }: Figure, samples: readonly Sample[]): number =>
  value((variant, name, point) => {
    const all = samples.filter((each) => each.variant === variant && each.point === point);
    return (over === 'most' ? most : median)(all.map(({ values }) => values[name] ?? Number.NaN));
  });

describe('a table', () => {
  it('says what was seen, within which bounds, and what was asked for', () => {
    expect(
      table([result])
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['measure', 'figure', 'seen', '95 %', 'target', 'verdict'],
      ['B1 overhead', 'wall <of> a relocation', '1.10', '1.05 … 1.14', '≤ 1.15', 'pass'],
      ['', 'events', '65', '–', 'reported'],
      ['', 'bad variant: bad', 'fail', 'fail', 'noticed'],
    ]);
    expect(markdown([result]).split('\n')).toHaveLength(5);
  });

  it('tells as many digits as are known', () => {
    expect([told(0.123), told(-0.001), told(12.34), told(123.4), told(3), told(40, 'KB')]).toEqual([
      '0.12',
      '0.00',
      '12.3',
      '123',
      '3',
      '40 KB',
    ]);
  });
});

it('a bad variant survives where one figure that has to notice it does not', () => {
  const proof = (...verdicts: ('pass' | 'fail' | 'noisy')[]) =>
    proven({ variant: 'bad', noticed: verdicts.map((verdict) => ({ figure: 'f', verdict })) });
  expect([proof('fail', 'fail'), proof('fail', 'pass'), proof('fail', 'noisy'), proof('noisy')]).toEqual([
    'noticed',
    'survived',
    'noticed',
    'noisy',
  ]);
});

describe('a picture', () => {
  it('has a line for each figure, a dot where there is a target, and breaks at no name', () => {
    const svg = lines('B1 overhead', result.figures);
    expect(svg).toContain('wall &lt;of&gt; a relocation');
    expect(svg.match(/text-anchor="end"/g)).toHaveLength(2);
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toContain('NaN');
  });

  it('of growth has a curve for each variant', () => {
    const svg = curves('events', { x: 'subscriptions', y: 'events' }, [
      {
        name: 'engine',
        points: [
          [0, 65],
          [100, 65],
        ],
      },
      {
        name: 'naive',
        points: [
          [0, 89],
          [100, 1_289],
        ],
      },
      { name: 'of which there is nothing', points: [] },
    ]);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});

it('metrics are read with their labels', () => {
  const all = parsed(
    '# HELP x\nrequests{namespace="a",operation="Start"} 3\nrequests{namespace="b"} 4\nup 1\nodd{} NaN\n',
  );
  expect(sum(all, 'requests')).toBe(7);
  expect(sum(all, 'requests', { namespace: 'a' })).toBe(3);
  expect(sum(all, 'up')).toBe(1);
});

describe('the page of results', () => {
  it('says what the last published run has found, and that there is none', () => {
    const text = readFileSync(page, 'utf8');
    expect(rewritten(text, measured(publishedResults()))).toBe(text);
  });

  const figuresOf = (name: string) => {
    const measure = measures.find((each) => each.name === name);
    return new Map(measure?.figures(measure.points(false)).map((each) => [each.name, each]));
  };
  it.each(publishedResults()?.measures ?? [])(
    'of $name can be had again from its raw data, and its pictures too',
    (one) => {
      const samples = measuredIn(join(published, `${one.name}.jsonl`));
      const known = figuresOf(one.name);
      const again = one.figures.flatMap(({ name, pairs }) => {
        const own = known.get(name);
        if (own === undefined) return [];
        const made = ingredients(own.value).map(
          ([variant, , point]) =>
            new Set(samples.flatMap((each) => (each.variant === variant && each.point === point ? [each.pair] : [])))
              .size,
        );
        // Too few rounds, and no bounds: they are for the statistics' own tests
        expect([name, Math.min(...made)]).toEqual([name, pairs.seen]);
        return [[name, exactly(own, samples)]];
      });
      expect(again).not.toEqual([]);
      expect(Object.fromEntries(again)).toEqual(
        Object.fromEntries(one.figures.flatMap(({ name, value }) => (known.has(name) ? [[name, value]] : []))),
      );
      const drawn = (file: string) => readFileSync(join(published, file), 'utf8');
      expect(drawn(`${one.name}.svg`)).toBe(lines(titleOf(one), one.figures));
      for (const { name, title, draw } of measures.find((each) => each.name === one.name)?.pictures ?? [])
        expect(drawn(`${one.name}-${name}.svg`)).toBe(draw(title, samples));
    },
  );

  it('takes nothing over from a folder that is none, or is of another version, or has lost its raw data', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferry-bench-page-'));
    const before = readdirSync(published);
    const say = (): void => undefined;
    const results = (text: string) => writeFileSync(join(folder, 'results.json'), text);
    await expect(publish(join(folder, 'nowhere'), say)).rejects.toThrow('has no results.json');
    results('{"facts":');
    await expect(publish(folder, say)).rejects.toThrow(`results.json of ${folder} cannot be read`);
    results('{}');
    await expect(publish(folder, say)).rejects.toThrow('tells of no measure');
    results('{"measures":[{"name":"older"}]}');
    await expect(publish(folder, say)).rejects.toThrow('no measure is called older');
    results('{"measures":[{"name":"cost"}]}');
    await expect(publish(folder, say)).rejects.toThrow('has no raw data of cost');
    expect(readdirSync(published)).toEqual(before);
    rmSync(folder, { recursive: true });
  });

  it('keeps what people wrote around it', () => {
    const text = rewritten(readFileSync(page, 'utf8'), 'figures');
    expect(text).toContain('# Performance');
    expect(text).toContain('-->\n\nfigures\n\n<!--');
    expect(() => rewritten('no marks', '')).toThrow('has lost its marks');
  });
});

it.each([
  [true, 3],
  [false, 30],
])('all of them, quick: %s, keep within %i minutes', (quick, minutes) => {
  const all = measures.filter(({ alone }) => alone === undefined).map((each) => each.seconds(quick));
  expect(all.reduce((so, seconds) => so + seconds, 0)).toBeLessThanOrEqual(0.97 * minutes * 60);
});

it.each(measures.filter(({ alone }) => alone === undefined).map((each) => [each.name, each] as const))(
  '%s has the time that its points take on a quiet machine',
  (_, measure) => {
    const points = measure.points(false).reduce((all, { share = 1 }) => all + share, 0);
    expect(points).toBeLessThanOrEqual(0.97 * measure.seconds(false));
  },
);

describe('pages of several runs', () => {
  const facts = (at: string, commit: string) => ({ at, commit, loadBefore: [], loadAfter: [] }) as unknown as Facts;
  const one = (name: string, value: number) => ({ ...result, name, figures: [{ ...figure, value }] });

  it('have of each measure the last, and say of each run what it has to be read with', () => {
    const older = { facts: facts('yesterday', 'a'), measures: [one('soak', 1), one('cost', 2)] };
    const newer = { facts: facts('today', 'b'), measures: [one('soak', 3)] };
    const both = merged(older, newer);
    expect(both.measures.map(({ name, figures, facts: own }) => [name, figures[0]?.value, own?.at])).toEqual([
      ['cost', 2, 'yesterday'],
      ['soak', 3, 'today'],
    ]);
    expect(measured(both)).toMatch(/cost: measured at yesterday, commit `a`[^]*soak: measured at today, commit `b`/);
    expect(merged(null, newer).measures).toHaveLength(1);
  });
});

describe('every measure', () => {
  it.each(measures.map((each) => [each.name, each] as const))(
    '%s says what has to notice which bad variant',
    (_, measure) => {
      for (const quick of [true, false]) {
        const figures = measure.figures(measure.points(quick));
        const named = new Set(figures.map(({ name }) => name));
        expect(named.size).toBe(figures.length);
        for (const { misses } of measure.bad) expect(misses.filter((name) => !named.has(name))).toEqual([]);
        expect(
          measure.bad.every(({ variant }) => !measure.variants.includes(variant) || variant !== measure.variants[0]),
        ).toBe(true);
      }
      // What a soak notices is shown by itself: a worker that keeps something cannot be had
      expect(measure.bad.length > 0 || measure.alone === true).toBe(true);
      expect([undefined, ...measure.variants]).toContain(measure.twin);
    },
  );
});

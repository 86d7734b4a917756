import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { metrics } from '../../domain/metrics.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const names = Object.values(metrics).map(({ name }) => name);
/** Without what Prometheus puts behind a counter or a histogram. */
const named = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/\bferry_[a-z_]+/g)].map(([name]) =>
      names.includes(name as never) ? name : name.replace(/_(total|bucket|count|sum)$/, ''),
    ),
  ),
];

it('every metric is on the page of operations, and none that there is not', () => {
  const [, page = ''] = read('docs/operations.md').split('\n## Metrics\n');
  expect(named(page).toSorted()).toEqual(names.toSorted());
});

it.each(['deploy/prometheus/ferry.rules.yml', 'deploy/grafana/ferry.json'])(
  '%s asks for metrics that there are',
  (path) => {
    const asked = named(read(path));
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((name) => !names.includes(name as never))).toEqual([]);
    expect(parse(read(path))).toBeTypeOf('object');
  },
);

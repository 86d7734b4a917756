import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RelocationResult } from '../../domain/relocation.ts';
import { metrics } from '../../domain/metrics.ts';
import { alerts, expressions as asked, panels } from '../support/alerts.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = async (path: string): Promise<string> => await readFile(file(path), 'utf8');
const promtool = async (...args: string[]): Promise<string> =>
  (
    await promisify(execFile)('promtool', args).catch((error: Error & { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`);
    })
  ).stdout;

function isHere(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('There is no promtool here (of Prometheus): alerts are not tried, names in them are.\n');
    return false;
  }
}
const without = !isHere();

/** The labels of each metric, as the page of operations tells. */
const [, page = ''] = (await read('docs/operations.md')).split('\n## Metrics\n');
const labelsOf = (metric: string): string[] => {
  const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${metric}`)) ?? '';
  const [, names = '', , labels = ''] = row.split('|');
  expect(names).toContain(metric);
  return [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
};

describe('alerts and board', () => {
  it.each(asked)('%s asks for labels that its metrics have', (_, expr) => {
    const name = Object.values(metrics)
      .map((metric) => metric.name)
      .toSorted((a, b) => b.length - a.length)
      .find((metric) => expr.includes(metric));
    const selected = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) => inner.match(/\w+(?=[=!])/g) ?? []);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(', '));
    const labels = [...labelsOf(name ?? ''), 'le'];
    expect([...selected, ...grouped].filter((label) => !labels.includes(label))).toEqual([]);
  });

  it('count as gone through what a relocation may come to, and rolled back and abandoned as not', () => {
    const { expr = '' } = alerts.find(({ alert }) => alert === 'FerryRelocationsFail') ?? {};
    const well = /outcome!~"([^"]*)"/.exec(expr)?.[1]?.split('|') ?? [];
    const outcomes = RelocationResult.shape.outcome.options;
    expect(well.filter((one) => !outcomes.includes(one as never))).toEqual([]);
    expect(outcomes.filter((one) => !well.includes(one))).toEqual(['rolledBack', 'abandoned']);
  });

  it('have a legend by labels that are asked for, and panels that do not overlap', () => {
    for (const { targets } of panels)
      for (const { expr, legendFormat = '' } of targets)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(expr).toContain(label);
    for (const [nth, { gridPos: a }] of panels.entries())
      for (const { gridPos: b } of panels.slice(nth + 1))
        expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
  });

  it('try every alert', async () => {
    const tried = await read('deploy/prometheus/ferry.rules.test.yml');
    for (const { alert } of alerts) {
      expect(tried).toContain(`alertname: ${alert}, exp_alerts: []`);
      expect(tried).toMatch(new RegExp(`alertname: ${alert}\n`));
    }
  });

  it.skipIf(without)('speak when they have to, and are silent else', async () => {
    expect(await promtool('test', 'rules', file('deploy/prometheus/ferry.rules.test.yml'))).toContain('SUCCESS');
  });

  it.skipIf(without)('ask in words that Prometheus understands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alerts-'));
    try {
      const rules = asked.map(([title, expr]) => ({
        record: title.toLowerCase().replaceAll(/\W+/g, '_'),
        expr: expr.replaceAll('$__rate_interval', '5m'),
      }));
      const path = join(folder, 'rules.yml');
      await writeFile(path, JSON.stringify({ groups: [{ name: 'all', rules }] }));
      expect(await promtool('check', 'rules', path)).toContain(`SUCCESS: ${asked.length} rules found`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

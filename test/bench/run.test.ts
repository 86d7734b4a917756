import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Facts } from '../../bench/harness/facts.ts';
import type { Measure, Running } from '../../bench/harness/measure.ts';
import { proven } from '../../bench/harness/results.ts';
import { carryOut } from '../../bench/harness/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-bench-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const facts = {} as Omit<Facts, 'loadAfter'>;
const lines: string[] = [];
const ground = {
  quick: true,
  seed: 1,
  folder,
  tell: (line: string): void => void lines.push(line),
  shared: async () => await Promise.reject(new Error('nobody shares anything here')),
};

/** Lost writes of an engine and of a bad variant. */
const losing = (sample: Running<{ name: string }>['sample'], more: Partial<Measure> = {}) => {
  const stopped: true[] = [];
  const measure: Measure = {
    id: 'X',
    name: 'losing',
    question: 'Is anything lost?',
    variants: ['engine'],
    bad: [{ variant: 'careless', misses: ['lost'] }],
    points: () => [{ name: 'p' }],
    pairs: () => ({ least: 2, most: 2 }),
    seconds: () => 20,
    figures: () => [{ name: 'lost', kind: 'count', value: (of) => of('engine', 'lost', 'p'), target: { exactly: 0 } }],
    prepare: async () => ({ sample, stop: async () => void stopped.push(true) }),
    ...more,
  };
  return { measure, stopped };
};

describe('a measure that is carried out', () => {
  it('tries what is bad once, after all else, and never counts it', async () => {
    const asked: string[] = [];
    const { measure, stopped } = losing(async (variant) => {
      asked.push(variant);
      return { lost: variant === 'careless' ? 3 : 0 };
    });
    const result = await carryOut(measure, { ground, facts, prove: true });
    expect(asked).toEqual(['engine', 'engine', 'careless']);
    expect(result).toMatchObject({ verdict: 'pass', figures: [{ value: 0, pairs: { seen: 2, least: 2 } }] });
    expect(result.proofs.map(proven)).toEqual(['noticed']);
    expect(stopped).toHaveLength(1);
    const raw = readFileSync(join(folder, 'losing.jsonl'), 'utf8');
    expect(raw.match(/"variant":"careless","bad":true/g)).toHaveLength(1);
  });

  it('fails where it does not notice what is bad', async () => {
    const { measure } = losing(async () => ({ lost: 0 }));
    expect((await carryOut(measure, { ground, facts, prove: true })).verdict).toBe('fail');
    expect((await carryOut(measure, { ground, facts, prove: false })).verdict).toBe('pass');
  });

  it('and breaks says what it knows, why it came to no end, and ends what it had begun', async () => {
    let blocks = 0;
    const { measure, stopped } = losing(async () => {
      blocks += 1;
      if (blocks > 1) throw new Error('the worker ended');
      return { lost: 0 };
    });
    expect(await carryOut(measure, { ground, facts, prove: true })).toMatchObject({
      verdict: 'not measured',
      broken: 'the worker ended',
      figures: [{ verdict: 'noisy', pairs: { seen: 1, least: 2 } }],
      proofs: [],
    });
    expect(stopped).toHaveLength(1);
  });

  it('and cannot begin is not measured, and the others still are', async () => {
    const { measure } = losing(async () => ({}), { prepare: async () => await Promise.reject(new Error('no port')) });
    expect(await carryOut(measure, { ground, facts, prove: false })).toMatchObject({
      verdict: 'not measured',
      broken: 'no port',
      figures: [{ verdict: 'not measured' }],
    });
  });

  it('and cannot write its raw data is not measured', async () => {
    mkdirSync(join(folder, 'full.jsonl'));
    const { measure } = losing(async () => ({ lost: 0 }), { name: 'full' });
    expect(await carryOut(measure, { ground, facts, prove: false })).toMatchObject({
      verdict: 'not measured',
      broken: expect.stringContaining('EISDIR'),
    });
  });

  it('waits for no block that hangs', async () => {
    const { measure, stopped } = losing(async () => await pause(60_000, {}, { ref: false }));
    const result = await carryOut(measure, { ground, facts, prove: true, seconds: 0.2 });
    expect(result).toMatchObject({ verdict: 'not measured', broken: 'a block did not end within 0 s' });
    expect(stopped).toHaveLength(1);
  });

  it('of which a bad variant breaks keeps what was measured', async () => {
    const { measure } = losing(async (variant) => {
      if (variant === 'careless') throw new Error('ruined');
      return { lost: 0 };
    });
    const result = await carryOut(measure, { ground, facts, prove: true });
    expect(result.verdict).toBe('pass');
    expect(result.proofs.map(proven)).toEqual(['noisy']);
    expect(lines).toContainEqual(expect.stringContaining('careless came to no end: ruined'));
  });
});

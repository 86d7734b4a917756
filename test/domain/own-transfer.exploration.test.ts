import { describe, expect, it } from 'vitest';
import type { Habits } from '../../sandbox/carrier/state.ts';
import { type Engine, next, none, own, pathFirst, start, violation, type World } from './own-transfer.world.ts';

const both = [true, false];
const habits: Habits[] = both.flatMap((freezes) =>
  both.flatMap((thaws) =>
    both.flatMap((refusesUnknown) => both.map((reportsTruly) => ({ freezes, thaws, refusesUnknown, reportsTruly }))),
  ),
);
const told = (having: Habits): string =>
  Object.entries(having)
    .flatMap(([habit, has]) => (has ? [] : [habit]))
    .join(', ') || 'none';

/** Every kind of wrong that can come about; a world is explored to its first. */
function wrongs(having: Habits, engine: Engine): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  let layer = [start];
  while (layer.length > 0) {
    const following: World[] = [];
    for (const world of layer) {
      const what = violation(world, having);
      if (what !== null) {
        found.add(what);
        continue;
      }
      next(world, having, engine, (_, then) => {
        const key = JSON.stringify(then);
        if (seen.has(key)) return;
        seen.add(key);
        following.push(then);
      });
    }
    layer = following;
  }
  expect(seen.size).toBeGreaterThan(10);
  return [...found].toSorted();
}

const trusted = ({ freezes, thaws, reportsTruly }: Habits): boolean => freezes && thaws && reportsTruly;

describe("an application's own transfer", () => {
  it.each(habits.filter(trusted).map((having) => [told(having), having] as const))(
    'loses nothing, and has one writer, if it has the three habits; lacking: %s',
    (_, having) => {
      expect(wrongs(having, own)).toStrictEqual([]);
    },
  );

  it.each(habits.filter((having) => !trusted(having)).map((having) => [told(having), having] as const))(
    'goes wrong as the plan says without them; lacking: %s',
    (_, having) => {
      const found = wrongs(having, own);
      // A second writer comes first: what else would go wrong is not seen behind it
      const expected = having.freezes
        ? { frozen: !having.thaws, lost: !having.reportsTruly, two: false }
        : { frozen: found.includes('source frozen for ever'), lost: found.includes('lost'), two: true };
      expect({
        frozen: found.includes('source frozen for ever'),
        lost: found.includes('lost'),
        two: found.includes('two writers'),
      }).toStrictEqual(expected);
    },
  );

  it.each<[string, Partial<Engine>, string]>([
    ['its report is not waited for', { waits: false }, 'lost'],
    ['nothing is said on the way back', { tellsFailed: false }, 'source frozen for ever'],
    ['FAILED is said once, heard or not', { insists: false }, 'source frozen for ever'],
  ])('needs its rule: where %s it goes wrong, whatever habits it has', (_, change, what) => {
    for (const having of habits.filter(trusted)) expect(wrongs(having, { ...own, ...change })).toContain(what);
  });

  it('with the path first would have two writers, even where the target refuses unknown users', () => {
    for (const refusesUnknown of both)
      expect(wrongs({ freezes: true, thaws: true, refusesUnknown, reportsTruly: true }, pathFirst)).toContain(
        'two writers',
      );
  });
});

describe('a source that is stopped first', () => {
  it.each(habits.map((having) => [told(having), having] as const))(
    'has one writer at any time; lacking: %s',
    (_, having) => {
      expect(wrongs(having, none)).not.toContain('two writers');
    },
  );

  it('loses what nothing has moved', () => {
    for (const having of habits) expect(wrongs(having, none)).toContain('lost');
  });

  it('would be a second writer if it were not stopped', () => {
    const unmoved = { freezes: false, thaws: false, refusesUnknown: false, reportsTruly: false };
    expect(wrongs(unmoved, { ...none, stops: false })).toContain('two writers');
  });
});

import { describe, expect, it } from 'vitest';
import type { Rule } from '../../domain/rule.ts';
import { explore, type Habits, shipped } from './two-anchors.explorer.ts';

const rule = (id: string, more: object = {}): Rule => ({
  kind: 'traffic',
  id,
  sources: [],
  destinations: [],
  leadsTo: 'H',
  active: false,
  ...more,
});
const name: Rule = { kind: 'dns', id: 'name', name: 'app.test', address: 'H', ttl: 1, active: false };
const theirs = rule('theirs', { sources: ['ue-9'], destinations: ['X'], leadsTo: 'Y', active: true });
/** As a holder has them, that nobody is led to; one of them is somebody else's. */
const holders: readonly [string, readonly Rule[]][] = [
  ['a rule for all and one for single devices', [name, rule('all'), rule('users'), theirs]],
  ['one rule that is free', [name, rule('all'), theirs]],
];
const both: readonly (readonly [string, string])[] = [
  ['*', 'ue-1'],
  ['ue-1', 'ue-2'],
];
const moving = ['*', 'ue-1'];
const all = holders.flatMap(([of, rules]) =>
  both.flatMap((users) => moving.map((who) => [of, users, who, rules] as const)),
);

describe('two anchors and a relocation of their source', () => {
  it.each(all)(
    'of a holder with %s, of %s, when %s moves: lead nobody to nobody, nor one of the other, and leave all as it was',
    (_, users, who, rules) => {
      const { found, stuck, states } = explore(rules, users, who, false);
      expect(found).toBeNull();
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(500);
    },
  );

  it.each(all.filter(([, , , rules]) => rules === holders[0]?.[1]))(
    'of a holder with %s, of %s, when %s moves: nor where a write comes late',
    (_, users, who, rules) => {
      const { found, stuck, states } = explore(rules, users, who, true);
      expect(found).toBeNull();
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(10_000);
    },
  );

  it.each<[string, Partial<Habits>, boolean]>([
    ['one that is taken along is given back at once', { waits: false }, false],
    ['a release knows its own turn alone', { joins: false }, false],
    ['one that is being given back is taken along', { refusesToBeTaken: false }, false],
    ['a relocation turns all rules of the holder, as those of its source', { turnsWhatLeads: false }, false],
    ['a write is no compare-and-swap', { comparesAndSwaps: false }, true],
    ['what is undone is not looked at once more', { looksAgain: false }, true],
  ])('need their rule: where %s it goes wrong', (_, change, late) => {
    const isWrong = ([, users, who, rules]: (typeof all)[number]): boolean =>
      explore(rules, users, who, late, { ...shipped, ...change }).found !== null;
    expect(all.some(isWrong)).toBe(true);
  });
});

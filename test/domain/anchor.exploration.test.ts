import { describe, expect, it } from 'vitest';
import type { Rule } from '../../domain/rule.ts';
import { explore, type Rules, shipped } from './anchor.explorer.ts';

/** As a holder has them, that nobody is led to. */
const kinds = {
  name: { kind: 'dns', id: 'name', name: 'app.test', address: 'H', ttl: 1, active: false },
  traffic: { kind: 'traffic', id: 'all', sources: [], destinations: [], leadsTo: 'H', active: false },
} as const satisfies Record<string, Rule>;

describe.each(Object.entries(kinds))('an anchor and a relocation of its source, by a %s rule,', (_, rule) => {
  it('never lead devices to an instance that is gone, and leave nothing behind', () => {
    const { found, stuck, states } = explore(rule);
    expect(found).toBeNull();
    expect(stuck).toBe(0);
    expect(states).toBeGreaterThan(100);
  });

  it.each<[string, Partial<Rules>, string]>([
    ['the anchor looks before it is there', { visibleFirst: false }, 'devices are led to an instance that is gone'],
    [
      'the relocation looks before it has the promise',
      { promiseFirst: false },
      'devices are led to an instance that is gone',
    ],
    ['anchors only hear of it afterwards', { turnsWithItsOwn: false }, 'devices are led to an instance that is gone'],
    ['a write is no compare-and-swap', { comparesAndSwaps: false }, 'an anchor that was given back leads on'],
    ['a release knows its own turn alone', { joins: false }, 'an anchor that was given back leads on'],
  ])('need their rule: where %s it goes wrong', (__, change, what) => {
    expect(explore(rule, { ...shipped, ...change }).found?.what).toBe(what);
  });
});

import { describe, expect, it } from 'vitest';
import type { Rule } from '../../domain/rule.ts';
import { explore, type Habits, type Played, shipped } from './mark.explorer.ts';

const rule: Rule = { kind: 'traffic', id: 'all', sources: [], destinations: [], leadsTo: 'H', active: false };
const none = { kill: 0, late: 0, poke: 0, again: 0, goOn: 0 };
const played = (users: readonly string[], moves: number, may: Partial<Played['may']>): Played => ({
  users,
  moves,
  rule,
  may: { ...none, ...may },
});

const twice = played(['*'], 1, { again: 1, poke: 1 });
const long = played(['*'], 1, { goOn: 1, late: 1 });
const slow = played(['ue-1'], 1, { kill: 1, late: 1, poke: 1 });
const moving = played(['*'], 2, { late: 1 });

describe('anchors, the mark by which they are found, and relocations of their source', () => {
  it.each<[string, Played]>([
    ['one that is begun twice, and a poke that comes late', twice],
    ['one that goes on in a new run, and a late write', long],
    ['one whose check is begun again, a late poke and a late write', slow],
    ['two of them', played(['*', 'ue-1'], 1, {})],
    ['one whose source is moved twice, and a late write', moving],
  ])('%s: nobody is led to nobody, and nothing is left', (_, world) => {
    const { found, stuck, states } = explore(world);
    expect(found).toBeNull();
    expect(stuck).toBe(0);
    expect(states).toBeGreaterThan(5_000);
  });

  it.each<[string, Partial<Habits>, Played]>([
    ['an anchor sees to the mark before the index shows it', { shownFirst: false }, twice],
    ['it looks at its source before it is marked', { markedFirst: false }, slow],
    ['it takes an earlier run of its name for itself', { byRun: false }, twice],
    ['one that went on in a new run does not count until that is shown', { countsContinued: false }, long],
    ['a mark believes what it saw before it was poked', { voids: false }, twice],
    ['a relocation looks for the mark before it has the promise', { promiseFirst: false }, twice],
    ['one that is still to follow its source is not waited for', { waitsForMoved: false }, moving],
    ['a write is no compare-and-swap', { comparesAndSwaps: false }, long],
  ])('need their rule: where %s it goes wrong', (_, change, world) => {
    expect(explore(world, { ...shipped, ...change }).found).not.toBeNull();
  });
});

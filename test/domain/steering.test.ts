import { describe, expect, it } from 'vitest';
import type { Rule } from '../../domain/rule.ts';
import { redirected, sourceRules, targetRules, without, type Turn } from '../../domain/steering.ts';

const NAME = 'app.edge.example';
const rules = (
  own: string,
  active: boolean,
  destinations: readonly string[] = [],
  sources: readonly string[] = [],
): Rule[] => [
  { kind: 'dns', id: 'name', name: NAME, address: own, ttl: 5, active },
  { kind: 'traffic', id: 'all', sources: [], destinations, leadsTo: own, active: active && destinations.length > 0 },
  {
    kind: 'traffic',
    id: 'users',
    sources,
    destinations: sources.length > 0 ? destinations : [],
    leadsTo: own,
    active: sources.length > 0,
  },
];
const turn = (change: Partial<Turn>): Turn => ({
  name: NAME,
  device: null,
  source: 'S',
  target: 'T',
  cached: ['S', 'C'],
  sameNetwork: true,
  ...change,
});

describe('when all users move', () => {
  it("the target's name and traffic rule lead to it, from every address that may still be cached", () => {
    expect(targetRules(rules('T', false), turn({}))).toMatchObject([
      { address: 'T', active: true },
      { destinations: ['S', 'C'], leadsTo: 'T', active: true },
      { active: false },
    ]);
  });

  it('the target never redirects its own address', () => {
    expect(targetRules(rules('T', false), turn({ cached: ['S', 'T'] }))[1]).toMatchObject({ destinations: ['S'] });
  });

  it("the source's name goes on answering, with the target's address; in the same network its traffic rule stands back", () => {
    expect(sourceRules(rules('S', true, ['C']), turn({}))).toMatchObject([
      { address: 'T', active: true },
      { leadsTo: 'S', active: false },
      { active: false },
    ]);
  });

  it("towards another network or a cloud the source's traffic rule leads there", () => {
    expect(sourceRules(rules('S', true, ['C']), turn({ sameNetwork: false }))[1]).toMatchObject({
      destinations: ['C', 'S'],
      leadsTo: 'T',
      active: true,
    });
  });
});

describe('when one user moves', () => {
  it('only the rule of single devices names his', () => {
    expect(targetRules(rules('T', true, ['C']), turn({ device: 'D' }))).toMatchObject([
      { address: 'T', active: true },
      { destinations: ['C'], leadsTo: 'T' },
      { sources: ['D'], destinations: ['S', 'C'], leadsTo: 'T', active: true },
    ]);
  });

  it('names stay, since a DNS rule knows no client', () => {
    expect(sourceRules(rules('S', true), turn({ device: 'D' }))[0]).toMatchObject({ address: 'S', active: true });
  });

  it('the source no longer leads him to itself', () => {
    expect(sourceRules(rules('S', true, ['C'], ['D', 'E']), turn({ device: 'D' }))[2]).toMatchObject({
      sources: ['E'],
      active: true,
    });
    expect(sourceRules(rules('S', true, ['C'], ['D']), turn({ device: 'D' }))[2]).toMatchObject({
      sources: [],
      active: false,
    });
  });

  it('towards a cloud his rule at the source leads there', () => {
    expect(sourceRules(rules('S', true), turn({ device: 'D', sameNetwork: false }))[2]).toMatchObject({
      sources: ['D'],
      destinations: ['S', 'C'],
      leadsTo: 'T',
      active: true,
    });
  });
});

it('addresses that are already redirected may still be cached', () => {
  expect(redirected(rules('S', true, ['C', 'B']))).toStrictEqual(['C', 'B']);
});

it('a rule without devices is inactive', () => {
  const [, , users] = rules('S', true, ['C'], ['D']);
  if (users?.kind !== 'traffic') throw new Error('no traffic rule');
  expect(without(users, 'D')).toMatchObject({ sources: [], active: false });
});

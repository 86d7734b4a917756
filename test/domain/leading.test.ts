import { describe, expect, it } from 'vitest';
import { aliasesOf, ledAway, ledHere, rolesOf, without, type Course } from '../../domain/leading.ts';
import type { DnsRule, Rule, TrafficRule } from '../../domain/rule.ts';

const NAME = 'app.edge.example';
const dns = (address: string, active: boolean, change: Partial<DnsRule> = {}): DnsRule => ({
  kind: 'dns',
  id: 'DnsRule001',
  name: NAME,
  address,
  ttl: 5,
  active,
  ...change,
});
const traffic = (id: string, change: Partial<TrafficRule> = {}): TrafficRule => ({
  kind: 'traffic',
  id,
  sources: [],
  destinations: [],
  leadsTo: 'T',
  active: false,
  ...change,
});
/** An instance's rules as its descriptor declares them, or as they are once it is used. */
const rules = (
  own: string,
  active: boolean,
  destinations: readonly string[] = [],
  sources: readonly string[] = [],
): Rule[] => [
  dns(own, active),
  traffic('r1', { destinations, leadsTo: own, active: active && destinations.length > 0 }),
  traffic('r2', {
    sources,
    destinations: sources.length > 0 ? destinations : [],
    leadsTo: own,
    active: sources.length > 0,
    lists: { sources: true, destinations: true },
  }),
];
const course = (change: Partial<Course> = {}): Course => ({
  name: NAME,
  aliases: [],
  device: null,
  from: 'S',
  to: 'T',
  former: ['S', 'C'],
  sameNetwork: true,
  ...change,
});

describe('when all users move', () => {
  it("the target's name and traffic rule lead to it, from every address that may still be cached", () => {
    expect(ledHere(rules('T', false), course())).toMatchObject([
      { kind: 'dns', address: 'T', active: true },
      { id: 'r1', destinations: ['S', 'C'], leadsTo: 'T', active: true },
    ]);
  });

  it('the target never redirects its own address', () => {
    expect(ledHere(rules('T', false), course({ former: ['S', 'T'] }))[1]).toMatchObject({ destinations: ['S'] });
  });

  it("the source's name goes on answering, with the target's address; in the same network its traffic rules stand back", () => {
    expect(ledAway(rules('S', true, ['C'], ['E']), course())).toMatchObject([
      { kind: 'dns', address: 'T', active: true },
      { id: 'r1', leadsTo: 'S', active: false },
      { id: 'r2', sources: ['E'], active: false },
    ]);
  });

  it("towards another network or a cloud the source's traffic rules lead there", () => {
    expect(ledAway(rules('S', true, ['C'], ['E']), course({ sameNetwork: false }))).toMatchObject([
      { kind: 'dns', address: 'T' },
      { id: 'r1', destinations: ['C', 'S'], leadsTo: 'T', active: true },
      { id: 'r2', sources: ['E'], leadsTo: 'T', active: true },
    ]);
  });

  it('devices that the target itself gave to the source come back with all the others', () => {
    const [, , users] = rules('T', true, ['C'], ['E']);
    const led = ledHere(
      [{ ...(users as TrafficRule), leadsTo: 'S', destinations: ['T', 'C'] }],
      course({ sameNetwork: false }),
    );
    expect(led).toMatchObject([{ sources: ['E'], destinations: ['C', 'S'], leadsTo: 'T', active: true }]);
  });
});

describe('when one user moves', () => {
  it('only a rule of single devices names his', () => {
    expect(ledHere(rules('T', true, ['C']), course({ device: 'D' }))).toMatchObject([
      { id: 'r2', sources: ['D'], destinations: ['S', 'C'], leadsTo: 'T', active: true },
    ]);
  });

  it('the source no longer leads him to itself', () => {
    expect(ledAway(rules('S', true, ['C'], ['D', 'E']), course({ device: 'D' }))).toMatchObject([
      { id: 'r2', sources: ['E'], active: true },
    ]);
    expect(ledAway(rules('S', true, ['C'], ['D']), course({ device: 'D' }))).toMatchObject([
      { id: 'r2', sources: [], active: false },
    ]);
  });

  it('towards a cloud his rule at the source leads there', () => {
    expect(ledAway(rules('S', true), course({ device: 'D', sameNetwork: false }))).toMatchObject([
      { id: 'r2', sources: ['D'], destinations: ['S', 'C'], leadsTo: 'T', active: true },
    ]);
  });

  it.each([true, false])(
    'nobody is taken along whom the same rule leads to where he stays (he is led: %s)',
    (active) => {
      const [, , users] = rules('S', true, ['C'], ['E']);
      const shared = { ...(users as TrafficRule), active };
      expect(ledAway([shared], course({ device: 'D', sameNetwork: false }))).toEqual([]);
      expect(ledHere([{ ...shared, leadsTo: 'S' }], course({ device: 'D' }))).toEqual([]);
      expect(ledAway([{ ...shared, sources: ['D', 'E'] }], course({ device: 'D', sameNetwork: false }))).toMatchObject([
        { sources: ['E'], leadsTo: 'S' },
      ]);
    },
  );
});

describe('a rule is known by what it does', () => {
  it('a name compares without regard to case and to the dot at its end', () => {
    expect(ledHere([dns('T', false, { name: 'App.EDGE.example.' })], course())).toMatchObject([
      { name: 'App.EDGE.example.', active: true },
    ]);
  });

  it('an AAAA rule is never made A, and is turned by a move between IPv6 addresses', () => {
    const [a, aaaa] = [dns('T', false), dns('2001:db8::7', false, { id: 'v6' })];
    expect(ledHere([a, aaaa], course())).toMatchObject([{ id: 'DnsRule001' }]);
    expect(ledAway([dns('S', true), aaaa], course())).toMatchObject([{ id: 'DnsRule001' }]);
    expect(ledHere([a, aaaa], course({ to: '2001:db8::8', from: '2001:db8::7', former: [] }))).toEqual([
      { ...aaaa, address: '2001:db8::8', active: true },
    ]);
  });

  it('an alias is turned when both ends have it, another name never', () => {
    const named = [
      dns('S', true),
      dns('S', true, { id: 'alias', name: 'Alias.example' }),
      dns('S', true, { id: 'x', name: 'x.example' }),
    ];
    expect(ledAway(named, course()).map(({ id }) => id)).toEqual(['DnsRule001']);
    expect(ledAway(named, course({ aliases: ['alias.example.'] })).map(({ id }) => id)).toEqual([
      'DnsRule001',
      'alias',
    ]);
  });

  it.each([
    ['that leads elsewhere', { leadsTo: 'X', destinations: ['Y'], active: true }],
    ['that led elsewhere', { leadsTo: 'X', destinations: ['Y'] }],
    ['of the other family', { leadsTo: '2001:db8::7' }],
  ])('a traffic rule %s is none of ours', (_, change) => {
    for (const device of [null, 'D'])
      for (const led of [ledHere, ledAway])
        expect(led([traffic('all', change)], course({ device, sameNetwork: false }))).toEqual([]);
  });

  it.each([
    ['its own address', { leadsTo: 'T' }],
    ['nobody yet', { leadsTo: '' }],
    ['where the users come from', { leadsTo: 'S', destinations: ['T'], active: true }],
    ['a placeholder of the descriptor, while it leads nobody', { leadsTo: '0.0.0.0' }],
  ])('a traffic rule that leads to %s is turned', (_, change) => {
    expect(ledHere([traffic('any', change)], course())).toMatchObject([
      { leadsTo: 'T', destinations: ['S', 'C'], active: true },
    ]);
  });

  const roles = (...all: TrafficRule[]) => {
    const { all: every, named } = rolesOf(all, 'T', []);
    return [every.map(({ id }) => id), named.map(({ id }) => id)];
  };
  const listed = { lists: { sources: true, destinations: true } };

  it('of two that are equal and empty the first leads all, the second single devices', () => {
    expect(roles(traffic('b'), traffic('a'))).toEqual([['b'], ['a']]);
    expect(roles(traffic('b', listed), traffic('a', listed))).toEqual([['b'], ['a']]);
  });

  it('one with a list of sources, be it empty, leads single devices wherever it stands', () => {
    expect(roles(traffic('r1', listed), traffic('r2'))).toEqual([['r2'], ['r1']]);
    expect(roles(traffic('r1', { sources: ['E'], active: true, destinations: ['C'] }), traffic('r2'))).toEqual([
      ['r2'],
      ['r1', 'r2'],
    ]);
  });

  it('an id is a hint where nothing else tells', () => {
    expect(roles(traffic('users'), traffic('all'))).toEqual([['all'], ['users']]);
  });

  it('a single empty one serves either way; one that leads everybody is never narrowed to a device', () => {
    expect(roles(traffic('r1'))).toEqual([['r1'], ['r1']]);
    expect(roles(traffic('r1', listed))).toEqual([['r1'], ['r1']]);
    expect(roles(traffic('r1', { destinations: ['C'], active: true }))).toEqual([['r1'], []]);
    expect(ledHere([traffic('r1', listed)], course())).toMatchObject([
      { lists: { sources: false, destinations: true } },
    ]);
  });
});

it('of the other names of the source those are led that the target has rules for', () => {
  const source = [
    { name: 'Both.example.', leads: true },
    { name: 'left.example', leads: true },
    { name: 'foreign.example', leads: false },
  ];
  const target = [{ name: 'both.example' }, { name: 'foreign.example' }];
  expect(aliasesOf(source, target)).toEqual({ led: ['both.example'], left: ['left.example'] });
});

it('a rule without devices is inactive', () => {
  const [, , users] = rules('S', true, ['C'], ['D']);
  expect(without(users as TrafficRule, 'D')).toMatchObject({ sources: [], active: false });
});

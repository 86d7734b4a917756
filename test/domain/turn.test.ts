import { assert, constantFrom, property, record, boolean, uniqueArray, array, nat, type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { without, type Course } from '../../domain/leading.ts';
import { sameRule, type DnsRule, type Rule, type TrafficRule } from '../../domain/rule.ts';
import { carriedOut, planned, sameIdentity, undone, type Change, type Turn } from '../../domain/turn.ts';

const NAMES = ['app.edge.example', 'Alias.Edge.Example.', 'other.example'];
const ADDRESSES = ['S', 'T', 'C', 'X', '', '2001:db8::1'];
const DEVICES = ['D1', 'D2', 'E', 'F'];

const dnsRule: Arbitrary<DnsRule> = record({
  kind: constantFrom('dns' as const),
  id: constantFrom('name', 'DnsRule001', 'v6'),
  name: constantFrom(...NAMES),
  address: constantFrom(...ADDRESSES),
  ttl: constantFrom(5, null),
  active: boolean(),
});
const trafficRule: Arbitrary<TrafficRule> = record({
  kind: constantFrom('traffic' as const),
  id: constantFrom('all', 'users', 'TrafficRule001', 'intercept'),
  sources: uniqueArray(constantFrom(...DEVICES)),
  destinations: uniqueArray(constantFrom(...ADDRESSES)),
  leadsTo: constantFrom(...ADDRESSES),
  active: boolean(),
});
/** The rules of one instance, none twice. */
const rulesOfOne: Arbitrary<Rule[]> = array(dnsRule, { maxLength: 3 }).chain((names) =>
  array(trafficRule, { maxLength: 4 }).map((traffic) =>
    [...names, ...traffic].filter((rule, at, all) => all.findIndex((other) => sameIdentity(other, rule)) === at),
  ),
);
const course: Arbitrary<Course> = record({
  name: constantFrom('App.Edge.Example.', 'app.edge.example'),
  aliases: constantFrom([], ['alias.edge.example']),
  device: constantFrom(null, 'D1', 'D2'),
  from: constantFrom('S', 'C'),
  to: constantFrom('T'),
  former: uniqueArray(constantFrom('S', 'C', 'T', 'X')),
  sameNetwork: boolean(),
});
const way = constantFrom('here' as const, 'away' as const);

const step = (
  turn: Turn,
  rules: readonly Rule[],
  id: number,
  become: (now: Rule, change: Change, turn: Turn) => Rule | 'lost',
) => {
  const change = turn.changes[id];
  return rules.map((rule) => {
    const to = change !== undefined && sameIdentity(rule, change.before) ? become(rule, change, turn) : rule;
    return to === 'lost' ? rule : to;
  });
};
const turned = (turn: Turn, rules: readonly Rule[], order = turn.changes.map((_, id) => id)): readonly Rule[] =>
  order.reduce((now, id) => step(turn, now, id, carriedOut), rules);
const back = (turn: Turn, rules: readonly Rule[]): readonly Rule[] =>
  turn.changes.reduce((now, _, id) => step(turn, now, id, undone), rules);
const same = (a: readonly Rule[], b: readonly Rule[]): boolean =>
  a.length === b.length && a.every((rule, at) => sameRule(rule, b[at] as Rule));
const expectSame = (a: readonly Rule[], b: readonly Rule[]): void => {
  if (!same(a, b)) expect(a).toEqual(b);
};

describe('the undo of a turn', () => {
  it('restores any rules exactly, whatever part of it was carried out, in any order, as often as one likes', () => {
    assert(
      property(rulesOfOne, course, way, array(nat(6), { maxLength: 12 }), (rules, lead, direction, order) => {
        const turn = planned(direction, rules, lead, 'i1', null);
        const some = turned(
          turn,
          rules,
          order.map((id) => id % Math.max(1, turn.changes.length)),
        );
        expectSame(back(turn, some), rules);
        expectSame(back(turn, back(turn, some)), rules);
      }),
      { numRuns: 3_000 },
    );
  });

  it('writes nothing where nothing was done', () => {
    assert(
      property(rulesOfOne, course, way, (rules, lead, direction) => {
        expectSame(back(planned(direction, rules, lead, 'i1', null), rules), rules);
      }),
    );
  });

  it('is never needed of what was turned already: a turn carried out twice is carried out once', () => {
    assert(
      property(rulesOfOne, course, way, (rules, lead, direction) => {
        const turn = planned(direction, rules, lead, 'i1', null);
        const once = turned(turn, rules);
        expectSame(turned(turn, once), once);
        for (const { before, after } of turn.changes)
          expectSame(
            once.filter((rule) => sameIdentity(rule, before)),
            [after],
          );
      }),
      { numRuns: 1_000 },
    );
  });

  it('restores what the first of two passes found, wherever either of them ended', () => {
    assert(
      property(
        rulesOfOne,
        course,
        course,
        way,
        array(nat(6)),
        array(nat(6)),
        (rules, lead, again, direction, some, more) => {
          const first = planned(direction, rules, lead, 'i1', null);
          const between = turned(
            first,
            rules,
            some.map((id) => id % Math.max(1, first.changes.length)),
          );
          const second = planned(direction, between, { ...again, from: lead.from, device: lead.device }, 'i1', first);
          const end = turned(
            second,
            between,
            more.map((id) => id % Math.max(1, second.changes.length)),
          );
          expectSame(back(second, end), rules);
          expectSame(back(first, back(second, end)), rules);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** Two relocations of one source, each with a device of its own, on the rules of one instance. */
const two = record({ rules: rulesOfOne, lead: course, way, moves: array(nat(59), { maxLength: 30 }) });
/** No rule names them yet where they are going to be led. */
const twoThatCome = two.map(({ rules, ...rest }) => ({
  ...rest,
  rules: rules.map((rule) =>
    rule.kind === 'dns' || (rest.way === 'away' && rest.lead.sameNetwork) ? rule : without(without(rule, 'D1'), 'D2'),
  ),
}));

/** What devices see of it: who is led from where to where, and what a name says. */
const effects = (rules: readonly Rule[]): Set<string> =>
  new Set(
    rules.flatMap((rule) => {
      if (!rule.active) return [];
      if (rule.kind === 'dns') return [`${rule.name} is ${rule.address}`];
      const devices = rule.sources.length > 0 ? rule.sources : ['everybody'];
      return devices.flatMap((device) => rule.destinations.map((to) => `${rule.id}: ${device} ${to} ${rule.leadsTo}`));
    }),
  );

/** Counts how many members were looked at in order to find one. */
class Searched extends Array<string> {
  static looks = 0;
  override includes(member: string): boolean {
    Searched.looks += this.length;
    return super.includes(member);
  }
}

it('of one device costs a few looks at each of the others that its rule names', () => {
  const sources = Searched.from({ length: 3_000 }, (_, n) => `10.60.${n >> 8}.${n & 255}`);
  const rule = { kind: 'traffic', id: 'users', sources, destinations: ['S'], leadsTo: 'T', active: true } as const;
  const lead = { name: 'x', aliases: [], device: '10.99.1.1', from: 'S', to: 'T', former: [], sameNetwork: true };
  const turn = planned('here', [rule], lead, 'i1', null);
  const led = turned(turn, [rule]);
  expect(led).toMatchObject([{ sources: { length: sources.length + 1 } }]);
  expectSame(back(turn, led), [rule]);
  expect(Searched.looks).toBeLessThan(20 * sources.length);
});

describe('two relocations that turn the same rules at the same time', () => {
  it('leave them exactly as they were when both are undone, in whatever order their writes came', () => {
    assert(
      property(two, ({ rules, lead, way: direction, moves }) => {
        const turns = ['D1', 'D2'].map((device) => planned(direction, rules, { ...lead, device }, 'i1', null));
        let now: readonly Rule[] = rules;
        for (const move of moves) {
          const turn = turns[move % 2] as Turn;
          now = step(
            turn,
            now,
            Math.floor(move / 4) % Math.max(1, turn.changes.length),
            move % 4 < 2 ? carriedOut : undone,
          );
        }
        const [first, second] = turns as [Turn, Turn];
        expectSame(moves.length % 2 === 0 ? back(second, back(first, now)) : back(first, back(second, now)), rules);
      }),
      { numRuns: 4_000 },
    );
  });

  it('keep leading the device of the one that stays, when the other is undone', () => {
    assert(
      property(twoThatCome, ({ rules, lead, way: direction, moves }) => {
        const [first, second] = ['D1', 'D2'].map((device) =>
          planned(direction, rules, { ...lead, device }, 'i1', null),
        ) as [Turn, Turn];
        const order = moves.length % 2 === 0 ? [first, second] : [second, first];
        const both = order.reduce((now: readonly Rule[], turn) => turned(turn, now), rules);
        const one = back(first, both);
        const alone = turned(second, rules);
        expect([...effects(one)].filter((effect) => effect.includes('D2'))).toEqual(
          expect.arrayContaining([...effects(alone)].filter((effect) => effect.includes('D2'))),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('do not take along to the target whom the source led, when his own relocation is undone', () => {
    const users: TrafficRule = {
      kind: 'traffic',
      id: 'users',
      sources: ['D1'],
      destinations: ['C'],
      leadsTo: 'S',
      active: true,
    };
    const lead = { name: 'app.edge.example', aliases: [], from: 'S', to: 'T', former: ['S'], sameNetwork: false };
    const first = planned('away', [users], { ...lead, device: 'D1' }, 'i1', null);
    const one = turned(first, [users]);
    const both = turned(planned('away', one, { ...lead, device: 'D2' }, 'i1', null), one);
    expect(back(first, both)).toMatchObject([{ sources: ['D2'], leadsTo: 'T', active: true }]);
  });

  it('leave nobody led otherwise when one was planned while the other was under way', () => {
    assert(
      property(twoThatCome, ({ rules, lead, way: direction, moves }) => {
        const first = planned(direction, rules, { ...lead, device: 'D1' }, 'i1', null);
        const between = turned(
          first,
          rules,
          moves.slice(0, 3).map((id) => id % Math.max(1, first.changes.length)),
        );
        const second = planned(direction, between, { ...lead, device: 'D2' }, 'i1', null);
        const both = turned(second, between);
        for (const end of [back(second, back(first, both)), back(first, back(second, both))]) {
          const [was, is] = [effects(rules), effects(end)];
          expect([...was].filter((effect) => !is.has(effect))).toEqual([]);
          expect([...is].filter((effect) => !was.has(effect) && /D1|D2|everybody| is /.test(effect))).toEqual([]);
        }
      }),
      { numRuns: 4_000 },
    );
  });
});

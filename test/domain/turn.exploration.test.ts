import { describe, expect, it } from 'vitest';
import type { Course } from '../../domain/leading.ts';
import type { Rule, TrafficRule } from '../../domain/rule.ts';
import { explore, type Scenario, type World } from './turn.explorer.ts';

const NAME = 'app.edge.example';
const lists = { sources: true, destinations: true };
const rules = (own: string, serves: boolean, users: Partial<TrafficRule> = {}): Rule[] => [
  { kind: 'dns', id: 'name', name: NAME, address: own, ttl: 5, active: serves },
  { kind: 'traffic', id: 'all', sources: [], destinations: [], leadsTo: own, active: false },
  { kind: 'traffic', id: 'users', sources: [], destinations: [], leadsTo: own, active: false, lists, ...users },
];
const course = (device: string | null, change: Partial<Course> = {}): Course => ({
  name: NAME,
  aliases: [],
  device,
  from: 'S',
  to: 'T',
  former: ['S', 'C'],
  sameNetwork: true,
  ...change,
});

/**
 * Who is led where, by rules of either side; a relocation that ended is at the target or where it
 * was.
 */
function wrong(world: World, { source, target, courses }: Scenario): string[] {
  const found: string[] = [];
  const home = (device: string): string =>
    world.relocations.some(
      ({ phase }, id) => phase === 'handedOver' && [device, null].includes((courses[id] as Course).device),
    )
      ? 'T'
      : 'S';
  for (const rule of [...world.source, ...(world.target ?? [])]) {
    if (!rule.active) continue;
    const leadsTo = rule.kind === 'dns' ? rule.address : rule.leadsTo;
    if (leadsTo === 'T' && world.target === null) found.push(`${rule.id} leads to nobody`);
    const devices = rule.kind === 'dns' || rule.sources.length === 0 ? [] : rule.sources;
    for (const device of devices.filter((each) => courses.some((one) => one.device === each)))
      if (leadsTo !== home(device)) found.push(`${rule.id} leads ${device} to ${leadsTo}, who is at ${home(device)}`);
  }
  for (const [id, { phase }] of world.relocations.entries()) {
    const { device } = courses[id] as Course;
    const leads = (world.target ?? []).some(
      (rule) =>
        rule.kind === 'traffic' &&
        rule.active &&
        (device === null ? rule.sources.length === 0 : rule.sources.includes(device)) &&
        rule.destinations.includes('S'),
    );
    if (phase === 'handedOver' && !leads) found.push(`${device} is not led to the target`);
  }
  if (world.relocations.every(({ phase }) => phase === 'rolledBack')) {
    const was = (all: readonly Rule[]) => JSON.stringify(all.map((rule) => plain(rule, target)));
    if (was(world.source) !== was(source)) found.push('the source is not as it was');
    if (world.target !== null && was(world.target) !== was(target)) found.push('the target is not as it was');
  }
  return found;
}

/**
 * A rule that names nobody leads nobody, whatever addresses it still has; and whom the target
 * served all along may keep being led home from an address more.
 */
function plain(rule: Rule, target: readonly Rule[]): Rule {
  if (rule.kind === 'dns' || rule.lists?.sources !== true) return sorted(rule);
  if (rule.sources.length === 0) return { ...rule, destinations: [] };
  const was = target.find(({ kind, id }) => kind === 'traffic' && id === rule.id) as TrafficRule;
  const isMore = rule.leadsTo === 'T' && was.destinations.every((address) => rule.destinations.includes(address));
  return sorted(isMore ? { ...rule, destinations: was.destinations } : rule);
}
const sorted = (rule: Rule): Rule =>
  rule.kind === 'dns'
    ? rule
    : { ...rule, sources: rule.sources.toSorted(), destinations: rule.destinations.toSorted() };

const two = [course('D1'), course('D2')];
const far = two.map((each) => ({ ...each, sameNetwork: false }));
const led = { sources: ['D1', 'D2', 'E'], destinations: ['C'], active: true };
const scenarios: Record<string, Scenario> = {
  everybody: { source: rules('S', true), target: rules('T', false), courses: [course(null)] },
  'everybody, to another network': {
    source: rules('S', true, led),
    target: rules('T', false),
    courses: [course(null, { sameNetwork: false })],
  },
  'two users of one instance': { source: rules('S', true), target: rules('T', false), courses: two },
  'two users, to another network': { source: rules('S', true), target: rules('T', false), courses: far },
  'two users whom the source led': { source: rules('S', true, led), target: rules('T', false), courses: two },
  'two users, to a target that serves others': {
    source: rules('S', true, led),
    target: rules('T', true, { sources: ['F'], destinations: ['X'], active: true }),
    courses: two,
    targetStays: true,
  },
};

describe('whatever happens to the writes of relocations, in whatever order', () => {
  it.each(Object.entries(scenarios))(
    'no rule leads anybody to nobody in the end: %s',
    (_, scenario) => {
      const { ends, stuck, states } = explore(scenario);
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(30);
      expect(ends.flatMap((end) => wrong(end, scenario))).toEqual([]);
      // Both ends are among them, so that neither goes untested
      for (const phase of ['handedOver', 'rolledBack'])
        expect(ends.some(({ relocations }) => relocations.every((each) => each.phase === phase))).toBe(true);
    },
    120_000,
  );

  it('they would, if an undo put back what was found without regard to the other', () => {
    const scenario: Scenario = {
      ...(scenarios['two users of one instance'] as Scenario),
      undo: (_, { before }) => before,
    };
    expect(explore(scenario).ends.flatMap((end) => wrong(end, scenario)).length).toBeGreaterThan(0);
  });
});

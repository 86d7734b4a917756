import { ledAway, ledFrom, ledFurther, ledHere, ledThrough, type Course } from './leading.ts';
import { sameRule, type DnsRule, type Rule, type TrafficRule } from './rule.ts';

/**
 * A change of the rules of one instance, as it was planned: enough to carry it out and to undo it,
 * whatever of it has been carried out, and while other relocations of ours change the same rules. A
 * rule's lists have many owners, so that members are added and removed; what it leads to has one.
 */
export interface Turn {
  readonly instance: string;
  /** The instance's own address. */
  readonly own: string;
  /** The address that the users leave. */
  readonly source: string;
  /** Every address from which they have to be led. */
  readonly led: readonly string[];
  readonly changes: readonly Change[];
}

export interface Change<R extends Rule = Rule> {
  readonly before: R;
  readonly after: R;
  /** What turns of earlier passes would have made of it: any of them may have been carried out. */
  readonly passed: readonly R[];
}

/** Of whose rules: the end's to which devices are led, the end's that they leave, one's between them, and that one's once more. */
export type PathWay = 'here' | 'away' | 'through' | 'further';
const ways = { here: ledHere, away: ledAway, through: ledThrough, further: ledFurther } as const;

/**
 * What has to change of `rules`, as they are. `earlier`: what it found is what this one restores.
 */
export function planned(
  way: PathWay,
  rules: readonly Rule[],
  course: Course,
  instance: string,
  earlier: Turn | null,
): Turn {
  const own = way === 'here' ? course.to : course.from;
  const frame = earlier ?? { own, source: course.from, led: [] };
  const earlierOf = (rule: Rule) => earlier?.changes.find(({ before }) => sameIdentity(before, rule));
  const found = rules.map((rule) => {
    const passed = earlierOf(rule);
    return passed === undefined ? rule : undone(rule, passed, frame);
  });
  // What this relocation led once it goes on leading: devices may have the address
  const led = (earlier?.changes ?? []).flatMap(({ before, after }) => arrived(before, after, 'destinations'));
  const going = { ...course, former: union(course.former, led) };
  const wanted = ways[way](found, going);
  const changes = found.flatMap((before): Change[] => {
    const after = wanted.find((rule) => sameIdentity(rule, before)) ?? before;
    const past = earlierOf(before);
    const passed = past === undefined ? [] : [past.after, ...past.passed].filter((rule) => !sameRule(rule, after));
    return sameRule(before, after) && passed.length === 0 ? [] : [{ before, after, passed }];
  });
  // Whoever changes from one rule to another is led by both in between, and not by none
  const inTurn = changes.toSorted((a, b) => Number(arrives(b)) - Number(arrives(a)));
  return { instance, own, source: course.from, led: ledFrom(going), changes: inTurn };
}

const arrives = ({ before, after }: Change): boolean => arrived(before, after, 'sources').length > 0;

/** The changes as they are undone: traffic first, whose members tell whether others are led there meanwhile; a name cannot. */
export const backwards = ({ changes }: Turn): readonly Change[] =>
  changes.toReversed().toSorted((a, b) => Number(a.before.kind === 'dns') - Number(b.before.kind === 'dns'));

/** Its device is led by none of these rules any more, which led it before: no other one could take it up. */
export const loses = ({ changes }: Turn, device: string): boolean => {
  const names = (rule: Rule): boolean => rule.kind === 'traffic' && rule.active && rule.sources.includes(device);
  return changes.some(({ before }) => names(before)) && !changes.some(({ after }) => names(after));
};

/** A turn that others have taken further: undone, it restores what it found itself, wherever they led its rules. */
export function takenFurther(turn: Turn, later: Turn): Turn {
  const changes = turn.changes.map((change): Change => {
    const further = later.changes.find(({ before }) => sameIdentity(before, change.before));
    if (further === undefined) return change;
    const { before, after, passed } = change;
    const as = ofThese(change);
    const last = as(further.after);
    const seen = [after, ...passed, ...[further.before, ...further.passed].map(as)];
    const states = seen.filter((rule) => !sameRule(rule, last) && !sameRule(rule, before));
    return { before, after: last, passed: states };
  });
  return { ...turn, led: union(turn.led, later.led), changes };
}

const sourcesOf = (rule: Rule): readonly string[] => (rule.kind === 'traffic' ? rule.sources : []);

/** Whoever was led further beside these, or was there with them and left meanwhile, is nobody whom they have moved. */
function ofThese({ before, after, passed }: Change): (rule: Rule) => Rule {
  const own = [before, after, ...passed].flatMap(sourcesOf);
  const stayed = common(sourcesOf(before), sourcesOf(after));
  return (rule) => (rule.kind === 'dns' ? rule : { ...rule, sources: union(stayed, common(rule.sources, own)) });
}

export const sameIdentity = (a: Rule, b: Rule): boolean => a.kind === b.kind && a.id === b.id;

type Frame = Pick<Turn, 'own' | 'source' | 'led'>;

/**
 * The rule as it has to be, from what it is; `lost`: somebody else leads it, or it leads others by
 * now.
 */
export function carriedOut(now: Rule, change: Change, frame: Frame): Rule | 'lost' {
  const { before, after, passed } = change;
  const known = [before, after, ...passed];
  if (!known.every(({ kind }) => kind === now.kind)) return 'lost';
  if (now.kind === 'dns') {
    const states = known as DnsRule[];
    const isOurs = states.some(({ address }) => address === now.address) && states.some(activeAs(now));
    return isOurs ? { ...now, address: (after as DnsRule).address, active: after.active } : 'lost';
  }
  const [was, to, ...past] = known as TrafficRule[] as [TrafficRule, TrafficRule, ...TrafficRule[]];
  const states = [was, to, ...past];
  const names = namesDevices(states);
  if (!(names && isIdle(now)) && isLost(now, states, to, names)) return 'lost';
  const base = rewound(now, was, past, states, frame.source);
  const arriving = minus(to.sources, was.sources).length > 0;
  const sources = moved(base.sources, was.sources, to.sources);
  // Another relocation may have taken back what was there when this one was planned
  const led = arriving || (leadsAll(states) && to.active) ? frame.led : [];
  const turned: TrafficRule = {
    ...base,
    sources,
    destinations: union(moved(base.destinations, was.destinations, to.destinations), led),
    leadsTo: arriving || !names ? to.leadsTo : base.leadsTo,
    active: names ? sources.length > 0 && (base.active || (arriving && to.active)) : to.active,
  };
  return withListsOf(to, turned);
}

function isLost(now: TrafficRule, states: readonly TrafficRule[], to: TrafficRule, names: boolean): boolean {
  if (!states.some(({ leadsTo }) => leadsTo === now.leadsTo)) return true;
  if (isTakenOtherwise(now, states)) return true;
  const strangers = minus(
    now.sources,
    states.flatMap(({ sources }) => sources),
  );
  if (strangers.length > 0 && now.leadsTo !== to.leadsTo) return true;
  return names ? !now.active && states.every(({ active }) => active) : !states.some(activeAs(now));
}

/**
 * The rule as it was before, as far as this change is why it is otherwise. Where other relocations
 * rely on it meanwhile it goes on leading their devices.
 */
export function undone(now: Rule, { before, after, passed }: Change, frame: Frame): Rule {
  const turned = [after, ...passed];
  if (now.kind === 'dns') {
    const states = [before, ...turned] as DnsRule[];
    if (!states.some(({ address }) => address === now.address)) return now;
    const { address } = before as DnsRule;
    return { ...now, address, active: turned.some(activeAs(now)) ? before.active : now.active };
  }
  const was = before as TrafficRule;
  const states = [was, ...(turned as TrafficRule[])];
  const back = rewound(now, was, turned as TrafficRule[], states, frame.source);
  // The others whom it named when this was planned are gone: so is what it was turned for
  const isDeserted = namesDevices(states) && back.sources.length === 0 && was.sources.length > 0;
  if (!isDeserted || !states.some(({ leadsTo }) => leadsTo === now.leadsTo)) return back;
  return { ...back, destinations: minus(back.destinations, frame.led), leadsTo: frame.own, active: false };
}

/** Does another relocation of ours rely on it, by members that none of this one's states has? */
export function isReliedOn(now: Rule, { before, after, passed }: Change): boolean {
  if (now.kind !== 'traffic') return false;
  const states = [before, after, ...passed] as TrafficRule[];
  return !isTakenOtherwise(now, states) && strangersIn(now, states).length > 0;
}

/** `turned`: what is taken back; `states`: every one in which this relocation may have left it. */
function rewound(
  now: TrafficRule,
  was: TrafficRule,
  turned: readonly TrafficRule[],
  states: readonly TrafficRule[],
  source: string,
): TrafficRule {
  const added = (list: List) =>
    minus(
      turned.flatMap((rule) => rule[list]),
      was[list],
    );
  const removed = (list: List) => {
    const left = turned.map((rule) => new Set(rule[list]));
    return was[list].filter((member) => !left.every((those) => those.has(member)));
  };
  if (turned.length === 0 || isTakenOtherwise(now, states)) return now;
  const relied = strangersIn(now, states).length > 0;
  // Where it stays leading others elsewhere, whom it named before must not be led there with them
  const isElsewhere = relied && now.leadsTo !== was.leadsTo;
  const sources = isElsewhere
    ? minus(now.sources, union(added('sources'), was.sources))
    : union(minus(now.sources, added('sources')), removed('sources'));
  const led = added('destinations');
  const ended = !relied ? led : leadsAll(states) ? common(led, [source]) : [];
  const revived = isIdle(now) && sources.length > 0;
  const destinations = union(minus(now.destinations, ended), revived ? was.destinations : removed('destinations'));
  const ours = turned.some(({ leadsTo }) => leadsTo === now.leadsTo);
  // Beside others it was led where they are; whoever has led them further since has taken the rule along
  const isShared = was.sources.length > 0 && sources.length > 0 && added('sources').length > 0;
  const leadsTo = revived || (ours && !relied && !isShared) ? was.leadsTo : now.leadsTo;
  const active = (ours && !relied && turned.some(activeAs(now))) || revived ? was.active : now.active;
  const back: TrafficRule = { ...now, sources, destinations, leadsTo, active };
  return sameRule(back, was) ? was : back;
}

type List = 'sources' | 'destinations';

const namesDevices = (states: readonly TrafficRule[]): boolean =>
  states.some((rule) => !sameMembers(rule.sources, states[0]?.sources ?? []));

const leadsAll = (states: readonly TrafficRule[]): boolean => states.every(({ sources }) => sources.length === 0);

/** One that was free was taken by somebody else, for everybody where this names devices, or the other way round. */
const isTakenOtherwise = (now: TrafficRule, states: readonly TrafficRule[]): boolean =>
  leadsAll(states) ? now.sources.length > 0 : leadsEveryone(now) && !states.some(leadsEveryone);

const leadsEveryone = ({ active, sources }: TrafficRule): boolean => active && sources.length === 0;

/** It leads nobody, so that what it says is nobody's. */
const isIdle = ({ active, sources }: TrafficRule): boolean => !active && sources.length === 0;

function strangersIn(now: TrafficRule, states: readonly TrafficRule[]): readonly string[] {
  const list: List = leadsAll(states) ? 'destinations' : 'sources';
  return minus(
    now[list],
    states.flatMap((rule) => rule[list]),
  );
}

const arrived = (before: Rule, after: Rule, list: List): string[] =>
  before.kind === 'traffic' && after.kind === 'traffic' ? minus(after[list], before[list]) : [];

const activeAs =
  ({ active }: Rule) =>
  (other: Rule): boolean =>
    other.active === active;

const withListsOf = ({ lists }: TrafficRule, rule: TrafficRule): TrafficRule =>
  lists === undefined ? rule : { ...rule, lists };

const moved = (now: readonly string[], from: readonly string[], to: readonly string[]): string[] =>
  union(minus(now, minus(from, to)), minus(to, from));

/** A shared rule may name ten thousand devices: each is looked up, not looked for. */
function minus(a: readonly string[], b: readonly string[]): string[] {
  const those = new Set(b);
  return a.filter((member) => !those.has(member));
}

const common = (a: readonly string[], b: readonly string[]): string[] => minus(a, minus(a, b));

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])];

const sameMembers = (a: readonly string[], b: readonly string[]): boolean =>
  minus(a, b).length === 0 && minus(b, a).length === 0;

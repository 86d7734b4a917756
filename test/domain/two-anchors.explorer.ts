import { aboutAnchor, promisedElsewhere, type Standing } from '../../domain/anchoring.ts';
import type { Course } from '../../domain/leading.ts';
import type { Rule } from '../../domain/rule.ts';
import {
  backwards,
  carriedOut,
  isReliedOn,
  loses,
  planned,
  takenFurther,
  undone,
  type Turn,
} from '../../domain/turn.ts';
import { standing as untouched } from './anchor.explorer.ts';
import { keys } from './keys.ts';

/**
 * Two anchors in one network, whose holder H they share, lead their devices to S; meanwhile a relocation may move users from
 * there to T, which takes both along by one turn. Each rule is a write of its own, one of which may come late. What decides, and what becomes of the
 * rules, is the shipped code; each member left out is a counter-proof.
 */
export interface Habits {
  /** Whoever is taken in waits for the relocation's end before it gives anything back. */
  readonly waits: boolean;
  /** What a relocation has made of the rules is undone with the own turn. */
  readonly joins: boolean;
  /** One that is given back refuses to be taken along. */
  readonly refusesToBeTaken: boolean;
  /** A relocation turns what leads to its source, and nothing else of the holder. */
  readonly turnsWhatLeads: boolean;
  readonly comparesAndSwaps: boolean;
  /** What is undone is undone once more when nothing that was asked for can still be carried out. */
  readonly looksAgain: boolean;
}
export const shipped: Habits = {
  waits: true,
  joins: true,
  refusesToBeTaken: true,
  turnsWhatLeads: true,
  comparesAndSwaps: true,
  looksAgain: true,
};

interface One {
  readonly phase: 'none' | 'begun' | 'writing' | 'holds' | 'releasing' | 'over';
  readonly own: Turn | null;
  /** What the relocation would make of it, once that has taken it in. */
  readonly taken: Turn | null;
  readonly under: boolean;
  /** So many changes are carried out, or undone. */
  readonly done: number;
  readonly relied: boolean;
}
/** A write of which no answer came in time: it may still be carried out. */
interface Late {
  readonly by: number | 'relocation';
  readonly to: Rule;
  readonly version: number;
}
interface World {
  readonly late: Late | null;
  /** One is. */
  readonly wasLate: boolean;
  /** Of each rule, by its name. */
  readonly versions: Readonly<Record<string, number>>;
  readonly anchors: readonly [One, One];
  readonly relocation: 'none' | 'promised' | 'taking' | 'turning' | 'turned' | 'back' | 'moved' | 'over' | 'retired';
  /** Of its two, those that are to be taken along, and were. */
  readonly found: readonly number[];
  readonly taken: readonly number[];
  readonly turn: Turn | null;
  readonly done: number;
  readonly rules: readonly Rule[];
  readonly promised: boolean;
  readonly authority: 'S' | 'T';
  readonly gone: boolean;
}
export interface Explored {
  readonly states: number;
  readonly stuck: number;
  readonly found: { readonly what: string; readonly trace: readonly string[] } | null;
}

const begin: One = { phase: 'none', own: null, taken: null, under: false, done: 0, relied: false };
const deviceOf = (users: string): string | null => (users === '*' ? null : users);
const course = (from: string, to: string, users: string): Course => ({
  name: 'app.test',
  aliases: [],
  device: deviceOf(users),
  from,
  to,
  former: ['S'],
  sameNetwork: false,
});
const standing: Standing = { ...untouched, way: 'rule' };

/** `users`: of the two anchors. `moving`: whom the relocation moves. `late`: a write may be. */
export function explore(
  rules: readonly Rule[],
  users: readonly [string, string],
  moving: string,
  late: boolean,
  habits: Habits = shipped,
): Explored {
  const start: World = {
    late: null,
    wasLate: !late,
    versions: {},
    anchors: [begin, begin],
    relocation: 'none',
    found: [],
    taken: [],
    turn: null,
    done: 0,
    rules,
    promised: false,
    authority: 'S',
    gone: false,
  };
  const steps = stepsOf(users, moving, habits);
  const keyOf = keys();
  const first = keyOf(start);
  /** From where, and by what. */
  const came = new Map<string, readonly [string, string]>([[first, ['', '']]]);
  const traceTo = (key: string): string[] => {
    const trace: string[] = [];
    for (let at = key; at !== first; at = came.get(at)?.[0] ?? first) trace.unshift(came.get(at)?.[1] ?? '');
    return trace;
  };
  const queue: [string, World][] = [[first, start]];
  let stuck = 0;
  for (const [key, world] of queue) {
    const what = wrong(world, users, moving, rules);
    if (what !== null) return { states: came.size, stuck, found: { what, trace: traceTo(key) } };
    const then = steps(world);
    if (then.length === 0 && !isOver(world)) stuck += 1;
    for (const [label, next] of then) {
      const nextKey = keyOf(next);
      if (came.has(nextKey)) continue;
      came.set(nextKey, [key, label]);
      queue.push([nextKey, next]);
    }
  }
  return { states: came.size, stuck, found: null };
}

const isOver = ({ anchors, relocation, late }: World): boolean =>
  late === null &&
  anchors.every(({ phase }) => phase === 'over' || phase === 'none') &&
  ['none', 'over', 'retired'].includes(relocation);

function wrong(world: World, users: readonly string[], moving: string, before: readonly Rule[]): string | null {
  const { anchors, relocation, rules, gone } = world;
  const leads = (rule: Rule): string => (rule.kind === 'dns' ? rule.address : rule.leadsTo);
  if (gone && rules.some((rule) => rule.active && leads(rule) === 'S'))
    return 'devices are led to an instance that is gone';
  const removed = relocation === 'over' || relocation === 'none';
  if (removed && rules.some((rule) => rule.active && leads(rule) === 'T'))
    return 'devices are led to a target that was removed';
  // What a late write has undone of an undo is seen, and undone, when that looks once more
  const looksOnce = world.wasLate && (relocation === 'back' || anchors.some(({ phase }) => phase === 'releasing'));
  for (const [n, { phase }] of anchors.entries()) {
    const whom = users[n] ?? '';
    if (phase !== 'holds' || looksOnce) continue;
    const moves = moving === '*' || moving === whom;
    if (!['S', ...(moves ? ['T'] : [])].includes(ledTo(rules, whom))) return `devices of ${whom} are led by nobody`;
  }
  const given = anchors.every(({ phase }) => phase === 'over' || phase === 'none');
  if (given && world.late === null && (removed || gone) && JSON.stringify(rules) !== JSON.stringify(before))
    return 'an anchor that was given back has left something';
  return null;
}

/** Where a device of these users in the network arrives; by its name alone, where no rule of traffic leads all. */
function ledTo(rules: readonly Rule[], users: string): string {
  const active = rules.filter((rule) => rule.kind === 'traffic').filter((rule) => rule.active);
  const own =
    active.find(({ sources }) => sources.includes(users)) ?? active.find(({ sources }) => sources.length === 0);
  const name = users === '*' ? rules.find((rule) => rule.kind === 'dns' && rule.active) : undefined;
  return own?.leadsTo ?? (name?.kind === 'dns' ? name.address : 'nobody');
}

type Steps = (world: World) => readonly (readonly [string, World])[];

function stepsOf(users: readonly [string, string], moving: string, habits: Habits): Steps {
  return (world) => [
    ...[0, 1].flatMap((n) => anchoring(world, n, users[n] ?? '', moving, habits)),
    ...relocating(world, users, moving, habits),
    ...carriedOutLate(world, habits),
  ];
}

/** It is carried out where nobody has written since it was read, or never; whoever is undoing it looks once more. */
function carriedOutLate(world: World, { comparesAndSwaps, looksAgain }: Habits): readonly (readonly [string, World])[] {
  const { late } = world;
  if (late === null) return [];
  const again: World = looksAgain
    ? {
        ...world,
        late: null,
        anchors: world.anchors.map((one, n) =>
          n === late.by && one.phase === 'releasing' ? { ...one, done: 0, relied: false } : one,
        ) as unknown as [One, One],
        ...(late.by === 'relocation' && world.relocation === 'back' && { done: 0 }),
      }
    : { ...world, late: null };
  const lost = ['a late write is lost', again] as const;
  if (comparesAndSwaps && late.version !== versionOf(world, late.to)) return [lost];
  return [lost, ['a late write', written(again, late.to)]];
}

const nameOf = ({ kind, id }: Rule): string => `${kind} ${id}`;
const versionOf = ({ versions }: World, rule: Rule): number => versions[nameOf(rule)] ?? 0;

/** One that changes nothing is none. */
function written(world: World, to: Rule): World {
  const now = nowOf(world.rules, to);
  if (JSON.stringify(now) === JSON.stringify(to)) return world;
  const versions = { ...world.versions, [nameOf(to)]: versionOf(world, to) + 1 };
  return { ...world, rules: changed(world.rules, to), versions };
}

/** `then`: what whoever wrote does when it has an answer; else he tries again, or gives up. */
function writes(
  world: World,
  by: Late['by'],
  label: string,
  to: Rule,
  then: (world: World) => World,
): [string, World][] {
  const done: [string, World] = [label, then(written(world, to))];
  const isChange = JSON.stringify(nowOf(world.rules, to)) !== JSON.stringify(to);
  if (world.wasLate || !isChange) return [done];
  return [done, [`${label}: no answer`, { ...world, wasLate: true, late: { by, to, version: versionOf(world, to) } }]];
}

const isLateOf = ({ late }: World, by: Late['by']): boolean => late?.by === by;

const changed = (rules: readonly Rule[], to: Rule): Rule[] =>
  rules.map((rule) => (rule.id === to.id && rule.kind === to.kind ? to : rule));
const nowOf = (rules: readonly Rule[], { id, kind }: Rule): Rule | undefined =>
  rules.find((rule) => rule.id === id && rule.kind === kind);
const runs = ({ relocation }: World): boolean => !['none', 'over', 'retired'].includes(relocation);

function anchoring(world: World, n: number, whose: string, moving: string, habits: Habits): [string, World][] {
  const one = world.anchors[n] ?? begin;
  const as = (change: Partial<One>, of = world): World => ({
    ...of,
    anchors: of.anchors.map((each, at) => (at === n ? { ...each, ...change } : each)) as unknown as [One, One],
  });
  const named = `anchor of ${whose}`;
  const done: [string, World][] = [];
  const serves = world.authority === 'S' || (moving !== '*' && moving !== whose && whose !== '*');
  if (one.phase === 'none' && !world.gone) done.push([`${named}: begins`, as({ phase: 'begun' })]);
  if (one.phase === 'begun') {
    const refused = promisedElsewhere({ promisedTo: world.promised ? 'r' : null }) !== null || !serves;
    const own = planned('through', world.rules, course('H', 'S', whose), 'H', null);
    const able = whose === '*' || own.changes.some(({ after }) => after.kind === 'traffic');
    if (refused || !able) done.push([`${named}: refused`, as({ phase: 'over' })]);
    else done.push([`${named}: plans`, as({ phase: 'writing', own })]);
  }
  if (one.phase === 'writing' && one.own !== null) {
    const change = one.own.changes[one.done];
    const now = change && nowOf(world.rules, change.before);
    if (change === undefined || now === undefined) done.push([`${named}: holds`, as({ phase: 'holds', done: 0 })]);
    else {
      const to = carriedOut(now, change, one.own);
      if (to === 'lost') done.push([`${named}: rule ${now.id} is others`, as({ phase: 'releasing', done: 0 })]);
      else done.push(...writes(world, n, `${named}: writes ${now.id}`, to, (then) => as({ done: one.done + 1 }, then)));
    }
    if (isLateOf(world, n)) done.push([`${named}: gives up`, as({ phase: 'releasing', done: 0 })]);
  }
  if (one.phase === 'holds') done.push([`${named}: is to be given back`, as({ phase: 'releasing' })]);
  if (one.phase === 'releasing' && one.own !== null && !(habits.waits && one.under && runs(world))) {
    const turn = habits.joins && one.taken !== null ? takenFurther(one.own, one.taken) : one.own;
    const inTurn = backwards(turn);
    const change = inTurn[one.done];
    const now = change && nowOf(world.rules, change.before);
    if (change === undefined || now === undefined) {
      if (!habits.looksAgain || !isLateOf(world, n))
        done.push([`${named}: is given back`, as({ ...begin, phase: 'over' })]);
    } else {
      const relied = one.relied || isReliedOn(now, change);
      const to = relied && now.kind === 'dns' && !change.before.active ? now : undone(now, change, turn);
      const then = (after: World): World => as({ done: one.done + 1, relied }, after);
      done.push(...writes(world, n, `${named}: undoes ${now.id}`, to, then));
    }
  }
  return done;
}

function relocating(world: World, users: readonly string[], moving: string, habits: Habits): [string, World][] {
  const { relocation, turn } = world;
  const over: World = { ...world, relocation: 'back', promised: false, done: 0 };
  switch (relocation) {
    case 'none':
      return [['S promises', { ...world, relocation: 'promised', promised: true }]];
    case 'promised': {
      const about = world.anchors.map(({ phase }, n) =>
        phase === 'none' || phase === 'over'
          ? 'nothing'
          : aboutAnchor(
              {
                users: users[n] ?? '',
                network: 'W',
                source: 's',
                standing: ['holds', 'releasing'].includes(phase) ? standing : null,
              },
              { users: moving, source: 's', from: 'S', relocation: 'r', towards: undefined },
            ),
      );
      if (about.includes('wait'))
        return [['an anchor is being made', { ...world, relocation: 'over', promised: false }]];
      const found = about.flatMap((what, n) => (what === 'turn' ? [n] : []));
      const plan =
        found.length === 0
          ? null
          : planned(habits.turnsWhatLeads ? 'further' : 'away', world.rules, course('S', 'T', moving), 'H', null);
      if (plan !== null && moving !== '*' && loses(plan, moving))
        return [['no rule could lead it on', { ...world, relocation: 'over', promised: false }]];
      return [[`takes ${found.join(', ')}`, { ...world, relocation: 'taking', found, turn: plan }]];
    }
    case 'taking': {
      const [next] = world.found.filter((n) => !world.taken.includes(n));
      const gone = world.found.every((n) => world.anchors[n]?.phase === 'over' && world.anchors[n]?.taken === null);
      if (next === undefined && gone)
        return [['all are gone', { ...world, relocation: 'turning', done: 0, turn: null }]];
      if (next === undefined) return [['turns', { ...world, relocation: 'turning', done: 0 }]];
      const one = world.anchors[next] ?? begin;
      const taken = [...world.taken, next];
      if (one.phase === 'over') return [[`${next} is gone`, { ...world, taken }]];
      if (one.phase === 'releasing' && habits.refusesToBeTaken)
        return [[`${next} is being given back`, { ...over, turn: null }]];
      const anchors = world.anchors.map((each, n) => (n === next ? { ...each, taken: turn, under: true } : each));
      return [[`${next} is taken in`, { ...world, taken, anchors: anchors as unknown as [One, One] }]];
    }
    case 'turning': {
      const change = turn?.changes[world.done];
      const now = change && nowOf(world.rules, change.before);
      if (turn === null || change === undefined || now === undefined)
        return [['has turned', { ...world, relocation: 'turned' }]];
      const to = carriedOut(now, change, turn);
      const led = world.taken.some((n) => world.anchors[n]?.phase !== 'over');
      if (to === 'lost')
        return led ? [['a rule is others', over]] : [['leads nobody', { ...world, relocation: 'turned' }]];
      return [
        ...writes(world, 'relocation', `turns ${now.id}`, to, (then) => ({ ...then, done: world.done + 1 })),
        ...(isLateOf(world, 'relocation') ? [['gives up', over] as [string, World]] : []),
      ];
    }
    case 'turned':
      return [
        ['hands over', { ...world, relocation: 'moved', promised: false, authority: 'T' }],
        ['S keeps them', over],
      ];
    case 'back': {
      const change = turn === null ? undefined : backwards(turn)[world.done];
      const now = change && nowOf(world.rules, change.before);
      if (turn === null || change === undefined || now === undefined) {
        if (habits.looksAgain && isLateOf(world, 'relocation')) return [];
        return [['is undone', { ...world, relocation: 'over' }]];
      }
      const to = undone(now, change, turn);
      const then = (after: World): World => ({ ...after, done: world.done + 1 });
      return writes(world, 'relocation', `turns ${now.id} back`, to, then);
    }
    case 'moved':
      return [['retires S', { ...world, relocation: 'retired', gone: moving === '*' }]];
    case 'over':
    case 'retired':
    default:
      return [];
  }
}

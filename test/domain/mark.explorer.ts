import {
  aboutAnchor,
  goesOut,
  looking,
  type Marking,
  moved,
  poked,
  promisedElsewhere,
  type Standing,
} from '../../domain/anchoring.ts';
import type { Course } from '../../domain/leading.ts';
import type { Rule } from '../../domain/rule.ts';
import { carriedOut, planned, takenFurther, undone, type Turn } from '../../domain/turn.ts';
import { standing as untouched } from './anchor.explorer.ts';
import { keys } from './keys.ts';

/**
 * Anchors of one application, the mark by which relocations find them, and relocations that move their source one after the
 * other. The index shows what runs, and what has ended, when it likes; a poke and a write may come late, a check may be begun
 * again. What decides, and what becomes of the rules, is the shipped code; each member left out is a counter-proof.
 */
export interface Habits {
  /** An anchor sees to the mark when the index shows it. */
  readonly shownFirst: boolean;
  /** It looks at its source when it is marked. */
  readonly markedFirst: boolean;
  /** That the index shows an earlier run of its name is not enough. */
  readonly byRun: boolean;
  /** One that has gone on in a new run counts, as long as that may not be shown. */
  readonly countsContinued: boolean;
  /** A poke makes what the mark has seen before count no more. */
  readonly voids: boolean;
  /** A relocation has the promise before it looks for the mark. */
  readonly promiseFirst: boolean;
  /** One that another relocation has taken along is waited for until it has followed. */
  readonly waitsForMoved: boolean;
  readonly comparesAndSwaps: boolean;
}
export const shipped: Habits = {
  shownFirst: true,
  markedFirst: true,
  byRun: true,
  countsContinued: true,
  voids: true,
  promiseFirst: true,
  waitsForMoved: true,
  comparesAndSwaps: true,
};

/** What the index shows of a run; `continued`: not long ago. */
interface Row {
  readonly is: 'running' | 'continued' | 'ended';
}
/** A run of an anchor, and what the index shows of it. */
interface Run {
  readonly ended: Row['is'] | null;
  readonly shown: Row['is'] | null;
}
interface One {
  readonly phase: 'none' | 'begun' | 'shown' | 'marked' | 'checked' | 'writing' | 'holds' | 'giving' | 'over';
  readonly runs: readonly Run[];
  readonly rule: Rule;
  readonly version: number;
  readonly turns: readonly Turn[];
  readonly standing: Standing | null;
}
interface Move {
  readonly phase: 'none' | 'first' | 'looked' | 'turning' | 'turned' | 'moved' | 'back' | 'over' | 'retired';
  readonly found: readonly number[];
  /** By anchor: what it turns of its rule. */
  readonly turns: readonly (Turn | null)[];
  readonly did: readonly number[];
}
interface Put {
  readonly by: 'anchor' | number;
  readonly at: number;
  readonly to: Rule;
  readonly version: number;
  readonly late: boolean;
}
interface World {
  readonly anchors: readonly One[];
  readonly moves: readonly Move[];
  /** Null: it does not run. */
  readonly mark: (Marking & { readonly saw: readonly Row[] | null }) | null;
  /** A poke that nobody waits for any more. */
  readonly latePoke: boolean;
  readonly put: readonly Put[];
  /** What may go wrong, and how often. */
  readonly may: Readonly<Record<'kill' | 'late' | 'poke' | 'again' | 'goOn', number>>;
  readonly authority: number;
  /** By instance: the relocation that has its promise. */
  readonly promised: readonly (number | null)[];
  readonly gone: readonly number[];
}

export interface Explored {
  readonly states: number;
  readonly stuck: number;
  readonly found: { readonly what: string; readonly trace: readonly string[] } | null;
}

const INSTANCES = ['S', 'T', 'U'];
const begin = (rule: Rule): One => ({ phase: 'none', runs: [], rule, version: 0, turns: [], standing: null });
const still: Move = { phase: 'none', found: [], turns: [], did: [] };
const leadsTo = (rule: Rule): string | null =>
  rule.active ? (rule.kind === 'dns' ? rule.address : rule.leadsTo) : null;
const course = (from: string, to: string, users: string): Course => ({
  name: 'app.test',
  aliases: [],
  device: users === '*' ? null : users,
  from,
  to,
  former: ['S'],
  sameNetwork: false,
});
const siteOf = (instance: string): string => instance.toLowerCase();

export interface Played {
  /** Whose anchors, each in a network of its own. */
  readonly users: readonly string[];
  /** So many relocations, from S to T, and on to U. */
  readonly moves: number;
  readonly rule: Rule;
  readonly may: World['may'];
}

export function explore(played: Played, habits: Habits = shipped, most = 400_000): Explored {
  const start: World = {
    anchors: played.users.map(() => begin(played.rule)),
    moves: Array.from({ length: played.moves }, () => still),
    mark: null,
    latePoke: false,
    put: [],
    may: played.may,
    authority: 0,
    promised: INSTANCES.map(() => null),
    gone: [],
  };
  const keyOf = keys();
  const first = keyOf(start);
  const came = new Map<string, readonly [string, string]>([[first, ['', '']]]);
  const queue: [string, World][] = [[first, start]];
  const traceTo = (key: string): string[] => {
    const trace: string[] = [];
    for (let at = key; at !== first; at = came.get(at)?.[0] ?? first) trace.unshift(came.get(at)?.[1] ?? '');
    return trace;
  };
  let stuck = 0;
  for (const [key, world] of queue) {
    const what = wrong(world, played);
    if (what !== null) return { states: came.size, stuck, found: { what, trace: traceTo(key) } };
    const then = next(world, played, habits);
    if (then.length === 0 && !isOver(world)) stuck += 1;
    for (const [label, after] of then) {
      const nextKey = keyOf(after);
      if (came.has(nextKey)) continue;
      came.set(nextKey, [key, label]);
      if (came.size > most) throw new Error(`more than ${most} worlds`);
      queue.push([nextKey, after]);
    }
  }
  return { states: came.size, stuck, found: null };
}

const isOver = ({ anchors, moves, mark }: World): boolean =>
  anchors.every(({ phase }) => ['none', 'over'].includes(phase)) &&
  moves.every(({ phase }) => ['none', 'over', 'retired'].includes(phase)) &&
  mark === null;

function wrong({ anchors, moves, gone, put }: World, { users, rule }: Played): string | null {
  for (const [n, one] of anchors.entries()) {
    const led = leadsTo(one.rule);
    if (led !== null && gone.includes(INSTANCES.indexOf(led)))
      return `devices of ${users[n]} are led to an instance that is gone`;
    const removed = moves.findIndex(({ phase }) => phase === 'over');
    if (removed >= 0 && led === INSTANCES[removed + 1]) return 'devices are led to a target that was removed';
    const rests = moves.every(({ phase }) => ['none', 'over', 'retired'].includes(phase)) && put.length === 0;
    const given = one.phase === 'over' || one.phase === 'none';
    if (rests && given && JSON.stringify(one.rule) !== JSON.stringify(rule))
      return 'one that was given back has left something';
  }
  return null;
}

const set = <T>(list: readonly T[], at: number, change: T): T[] => list.map((each, n) => (n === at ? change : each));
type Then = [string, World][];

function next(world: World, played: Played, habits: Habits): Then {
  return [
    ...world.anchors.flatMap((_, n) => anchoring(world, n, played, habits)),
    ...world.moves.flatMap((_, n) => relocating(world, n, played, habits)),
    ...indexing(world),
    ...marking(world, habits),
    ...writing(world, habits),
  ];
}

/** What the index shows of all that were begun. */
const rowsIn = ({ anchors }: World): Row[] =>
  anchors.flatMap(({ runs }) => runs.flatMap(({ shown }) => (shown === null ? [] : [{ is: shown }])));

function indexing(world: World): Then {
  return world.anchors.flatMap((one, n) =>
    one.runs.flatMap((run, at): Then => {
      const now = run.ended ?? 'running';
      if (run.shown === now) return [];
      const to = (shown: Row['is']): World => ({
        ...world,
        anchors: set(world.anchors, n, { ...one, runs: set(one.runs, at, { ...run, shown }) }),
      });
      return [[`index: shows run ${at} of anchor ${n} as ${now}`, to(now)]];
    }),
  );
}

const counts = (row: Row, { countsContinued }: Habits): boolean =>
  row.is === 'running' || (countsContinued && row.is === 'continued');

function marking(world: World, habits: Habits): Then {
  const { mark } = world;
  const then: Then = [];
  if (world.latePoke) then.push(['a late poke', { ...pokedIn(world, habits), latePoke: false }]);
  if (mark === null) return then;
  if (mark.saw === null) then.push(['mark: looks', { ...world, mark: { ...looking, saw: rowsIn(world) } }]);
  else {
    const none = mark.saw.every((row) => !counts(row, habits));
    const out = none && goesOut(mark);
    // Looks that change nothing are not told apart
    then.push(['mark: has seen it', { ...world, mark: out ? null : { ...mark, saw: null } }]);
  }
  return then;
}

function pokedIn(world: World, { voids }: Habits): World {
  if (world.mark === null) return { ...world, mark: { ...poked, saw: null } };
  return voids ? { ...world, mark: { ...world.mark, ...poked } } : world;
}

function anchoring(world: World, n: number, { users }: Played, habits: Habits): Then {
  const one = world.anchors[n] as One;
  const whose = users[n] ?? '';
  const named = `anchor ${n}`;
  const as = (change: Partial<One>, rest: Partial<World> = {}): World => ({
    ...world,
    ...rest,
    anchors: set(world.anchors, n, { ...one, ...change }),
  });
  const ends = (how: Row['is']): Run[] =>
    set(one.runs, one.runs.length - 1, { ...(one.runs.at(-1) as Run), ended: how });
  const { may } = world;
  const then: Then = [];
  const canBegin = one.phase === 'none' || (one.phase === 'over' && may.again > 0);
  if (canBegin && world.authority === 0 && !world.gone.includes(0)) {
    const again = one.phase === 'over' ? { may: { ...may, again: may.again - 1 } } : {};
    then.push([
      `${named}: begins`,
      as({ phase: 'begun', runs: [...one.runs, { ended: null, shown: null }], turns: [], standing: null }, again),
    ]);
  }
  if (one.phase === 'begun') {
    const seen = habits.byRun
      ? one.runs.at(-1)?.shown === 'running'
      : one.runs.some(({ shown }) => shown === 'running');
    if (seen || !habits.shownFirst) then.push([`${named}: is shown`, as({ phase: 'shown' })]);
  }
  if (one.phase === 'shown') {
    const marked: Partial<One> = { phase: 'marked' };
    if (!habits.markedFirst) then.push([`${named}: is marked later`, as(marked)]);
    else {
      then.push([`${named}: pokes the mark`, { ...pokedIn(world, habits), anchors: as(marked).anchors }]);
      if (may.poke > 0)
        then.push([`${named}: a poke is late`, { ...world, latePoke: true, may: { ...may, poke: may.poke - 1 } }]);
    }
  }
  if (one.phase === 'marked') {
    const refused = promisedElsewhere({ promisedTo: world.promised[0] === null ? null : 'r' }) !== null;
    if (refused || world.authority !== 0) then.push([`${named}: refused`, as({ phase: 'over', runs: ends('ended') })]);
    else {
      const later = habits.markedFirst ? world : { ...world, latePoke: true };
      const turns = [planned('through', [one.rule], course('H', 'S', whose), 'H', null)];
      then.push([`${named}: S is the authority`, { ...later, anchors: as({ phase: 'checked', turns }).anchors }]);
    }
  }
  if ((one.phase === 'shown' || one.phase === 'marked') && may.kill > 0)
    then.push([`${named}: its check begins again`, as({ phase: 'begun' }, { may: { ...may, kill: may.kill - 1 } })]);
  if (one.phase === 'checked') then.push(...written(world, n, 'anchor', one.turns[0] ?? null, named));
  if (one.phase === 'holds') {
    then.push([`${named}: is to be given back`, as({ phase: 'giving' })]);
    if (may.goOn > 0)
      then.push([
        `${named}: goes on in a new run`,
        as({ runs: [...ends('continued'), { ended: null, shown: null }] }, { may: { ...may, goOn: may.goOn - 1 } }),
      ]);
  }
  if (one.phase === 'giving') {
    const under = one.standing?.under ?? null;
    const by = under === null ? undefined : world.moves[Number(under.relocation)];
    if (by === undefined || ['over', 'moved', 'retired'].includes(by.phase)) then.push(...undoing(world, n, named));
  }
  return then;
}

const isWriting = ({ put }: World, by: Put['by'], at: number): boolean =>
  put.some((each) => each.by === by && each.at === at && !each.late);

/** Reads, and sends; `turn` null: there is nothing to be turned. */
function written(world: World, n: number, by: Put['by'], turn: Turn | null, named: string): Then {
  if (isWriting(world, by, n)) return [];
  const { rule, version } = world.anchors[n] as One;
  const [change] = turn?.changes ?? [];
  const to = turn === null || change === undefined ? rule : carriedOut(rule, change, turn);
  if (to === 'lost' || to === rule) return [[`${named}: nothing to write`, wrote(world, n, by)]];
  return [[`${named}: writes`, { ...world, put: [...world.put, { by, at: n, to, version, late: false }] }]];
}

function undoing(world: World, n: number, named: string): Then {
  if (isWriting(world, 'anchor', n)) return [];
  const { rule, version, turns } = world.anchors[n] as One;
  const turn = turns.reduce((all, later) => takenFurther(all, later));
  const [change] = turn.changes;
  const to = change === undefined ? rule : undone(rule, change, turn);
  if (JSON.stringify(to) === JSON.stringify(rule)) return [[`${named}: is given back`, wrote(world, n, 'anchor')]];
  return [[`${named}: undoes`, { ...world, put: [...world.put, { by: 'anchor', at: n, to, version, late: false }] }]];
}

/** What whoever waited for it does then. */
function wrote(world: World, n: number, by: Put['by']): World {
  const one = world.anchors[n] as One;
  if (by === 'anchor') {
    const ended: Run = { ...(one.runs.at(-1) as Run), ended: 'ended' };
    const change: Partial<One> =
      one.phase === 'checked'
        ? { phase: 'holds', standing: { ...untouched, way: 'rule', source: 's', from: 'S' } }
        : { phase: 'over', runs: set(one.runs, one.runs.length - 1, ended) };
    return { ...world, anchors: set(world.anchors, n, { ...one, ...change }) };
  }
  const move = world.moves[by] as Move;
  return { ...world, moves: set(world.moves, by, { ...move, did: [...move.did, n] }) };
}

function writing(world: World, { comparesAndSwaps }: Habits): Then {
  const { may } = world;
  return world.put.flatMap((put): Then => {
    const rest = { ...world, put: world.put.filter((other) => other !== put) };
    const one = world.anchors[put.at] as One;
    const then: Then = [];
    if (comparesAndSwaps && put.version !== one.version) then.push(['a write is refused', rest]);
    else {
      const done = {
        ...rest,
        anchors: set(rest.anchors, put.at, { ...one, rule: put.to, version: one.version + 1 }),
      };
      then.push([put.late ? 'a late write' : 'a write', put.late ? done : wrote(done, put.at, put.by)]);
    }
    if (!put.late && may.late > 0)
      then.push([
        'no answer in time',
        {
          ...world,
          put: world.put.map((each) => (each === put ? { ...put, late: true } : each)),
          may: { ...may, late: may.late - 1 },
        },
      ]);
    return then;
  });
}

function relocating(world: World, n: number, { users }: Played, habits: Habits): Then {
  const move = world.moves[n] as Move;
  const [from, to] = [INSTANCES[n] ?? '', INSTANCES[n + 1] ?? ''];
  const named = `relocation ${n}`;
  const as = (change: Partial<Move>, rest: Partial<World> = {}): World => ({
    ...world,
    ...rest,
    moves: set(world.moves, n, { ...move, ...change }),
  });
  const promised = { promised: set(world.promised, n, n) };
  const released = { promised: set(world.promised, n, null) };
  const coming = move.phase === 'none' ? 'first' : 'looked';
  const promise = (): Then => [[`${named}: ${from} promises`, as({ phase: coming }, promised)]];
  const look = (): Then => {
    // No mark: there is none. Else what the index shows, each as it is now
    const shown = (one: One): boolean =>
      world.mark !== null && one.runs.some(({ shown: is }) => is !== null && counts({ is }, habits));
    const about = world.anchors.map((one, at) => {
      if (!shown(one) || ['none', 'over'].includes(one.phase)) return 'nothing';
      const standing = one.standing && (habits.waitsForMoved ? one.standing : { ...one.standing, under: null });
      return aboutAnchor(
        { users: users[at] ?? '', network: `w${at}`, source: 's', standing },
        { users: '*', source: siteOf(from), from, relocation: String(n), towards: undefined },
      );
    });
    if (about.includes('wait')) return [[`${named}: one is not known yet`, as({ phase: 'over' }, released)]];
    const found = about.flatMap((what, at) => (what === 'turn' ? [at] : []));
    return [[`${named}: finds ${found.join(', ') || 'none'}`, as({ phase: coming, found })]];
  };
  const back = (): World => as({ phase: 'back', did: [] }, released);
  switch (move.phase) {
    case 'none':
      if (world.authority !== n || world.promised[n] !== null) return [];
      return habits.promiseFirst ? promise() : look();
    case 'first':
      return habits.promiseFirst ? look() : promise();
    case 'looked': {
      // Each is told who turns its rule, before it is turned
      const at = move.found[move.turns.length];
      if (at === undefined) return [[`${named}: turns`, as({ phase: 'turning' })]];
      const one = world.anchors[at] as One;
      if (one.phase === 'over') return [[`${named}: ${at} is gone`, as({ turns: [...move.turns, null] })]];
      if (one.phase !== 'holds') return [[`${named}: ${at} is being given back`, back()]];
      const turn = planned('further', [one.rule], course(from, to, users[at] ?? ''), 'H', null);
      const [own] = one.turns;
      const under = { relocation: String(n), target: siteOf(to), to };
      const taken: One = {
        ...one,
        turns: own === undefined ? [] : [own, turn],
        standing: { ...(one.standing ?? untouched), under },
      };
      const anchors = set(world.anchors, at, taken);
      return [[`${named}: takes ${at} in`, as({ turns: [...move.turns, turn] }, { anchors })]];
    }
    case 'turning': {
      const nth = move.found.findIndex((at) => !move.did.includes(at));
      if (nth < 0) return [[`${named}: has turned`, as({ phase: 'turned' })]];
      return written(world, move.found[nth] ?? 0, n, move.turns[nth] ?? null, named);
    }
    case 'turned':
      return [
        [`${named}: hands over`, as({ phase: 'moved', did: [] }, { ...released, authority: n + 1 })],
        [`${named}: is kept`, back()],
      ];
    case 'back': {
      const nth = move.turns.findIndex((turn, at) => turn !== null && !move.did.includes(move.found[at] ?? -1));
      if (nth < 0) return [[`${named}: is undone`, as({ phase: 'over' })]];
      const at = move.found[nth] ?? 0;
      if (isWriting(world, n, at)) return [];
      const { rule, version } = world.anchors[at] as One;
      const turn = move.turns[nth] as Turn;
      const [change] = turn.changes;
      const undo = change === undefined ? rule : undone(rule, change, turn);
      if (JSON.stringify(undo) === JSON.stringify(rule)) return [[`${named}: turned back`, wrote(world, at, n)]];
      const put: Put = { by: n, at, to: undo, version, late: false };
      return [[`${named}: turns back`, { ...world, put: [...world.put, put] }]];
    }
    case 'moved': {
      const at = move.found.find((each) => !move.did.includes(each));
      if (at !== undefined) {
        const one = world.anchors[at] as One;
        const isUnder = one.standing?.under?.relocation === String(n);
        const standing = isUnder && one.standing ? moved(one.standing, { target: siteOf(to), to }) : one.standing;
        return [
          [`${named}: tells ${at}`, { ...wrote(world, at, n), anchors: set(world.anchors, at, { ...one, standing }) }],
        ];
      }
      const leads = move.found.some((each) => {
        const { phase, standing } = world.anchors[each] as One;
        return phase !== 'over' && standing?.source === siteOf(from) && standing.from === from;
      });
      return leads
        ? []
        : [[`${named}: retires ${from}`, as({ phase: 'retired', did: [] }, { gone: [...world.gone, n] })]];
    }
    case 'over':
    case 'retired':
    default:
      return [];
  }
}

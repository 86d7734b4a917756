import type { Course } from '../../domain/leading.ts';
import { sameRule, type Rule } from '../../domain/rule.ts';
import { carriedOut, planned, sameIdentity, undone, type Change, type Turn } from '../../domain/turn.ts';
import { keys } from './keys.ts';

/**
 * Explores every interleaving of relocations that turn the rules of one source and one target, rule
 * by rule. A write may be carried out and its answer lost (then it is done again), or arrive late,
 * when its relocation has long gone on; it is a compare-and-swap. At any point a relocation may be
 * rolled back; what is left behind by nobody is the target's end.
 */
export interface Scenario {
  readonly source: readonly Rule[];
  readonly target: readonly Rule[];
  readonly courses: readonly Course[];
  /** The target was there before: it stays when all are rolled back. */
  readonly targetStays?: true;
  /** For counter-proofs: what an undo makes of a rule instead. */
  readonly undo?: typeof undone;
}

type Site = 'source' | 'target';
interface Put {
  readonly site: Site;
  readonly to: Rule;
  /** Nobody has written the rule since it was read. */
  readonly fresh: boolean;
}
interface Relocation {
  readonly phase: 'turning' | 'back' | 'backAgain' | 'handedOver' | 'rolledBack';
  readonly here: Turn | null;
  readonly away: Turn | null;
  /**
   * Changes that are done, of the target's first and then the source's; of an undo the other way
   * round.
   */
  readonly done: number;
  readonly late: Put | null;
  readonly wasLate: boolean;
}
export interface World {
  readonly source: readonly Rule[];
  /** Null: the target is gone, and its rules with it. */
  readonly target: readonly Rule[] | null;
  readonly relocations: readonly Relocation[];
}

export interface Outcome {
  readonly states: number;
  readonly ends: readonly World[];
  /** Worlds in which nothing can happen though not all are at their end. */
  readonly stuck: number;
}

export function explore(scenario: Scenario): Outcome {
  const begun: Relocation = { phase: 'turning', here: null, away: null, done: 0, late: null, wasLate: false };
  // One late write is enough to meet whatever the other does
  const start: World = {
    source: scenario.source,
    target: scenario.target,
    relocations: scenario.courses.map((_, id) => ({ ...begun, wasLate: id > 0 })),
  };
  const keyOf = keys();
  const seen = new Set([keyOf(start)]);
  const ends: World[] = [];
  let stuck = 0;
  for (let frontier = [start]; frontier.length > 0; ) {
    const next: World[] = [];
    for (const world of frontier) {
      const moves = scenario.courses.flatMap((_, id) => movesOf(world, id, scenario));
      if (moves.length === 0) {
        if (world.relocations.every(isOver)) ends.push(world);
        else stuck += 1;
      }
      for (const move of moves) {
        const key = keyOf(move);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(move);
      }
    }
    frontier = next;
  }
  return { states: seen.size, ends, stuck };
}

const isOver = ({ phase, late }: Relocation): boolean =>
  late === null && (phase === 'handedOver' || phase === 'rolledBack');

function movesOf(world: World, id: number, scenario: Scenario): World[] {
  const own = world.relocations[id] as Relocation;
  const course = scenario.courses[id] as Course;
  const become = (change: Partial<Relocation>, of: World = world): World => ({
    ...of,
    relocations: of.relocations.map((each, at) => (at === id ? { ...each, ...change } : each)),
  });
  const arrived: World[] =
    own.late === null ? [] : [become({ late: null }), become({ late: null }, written(world, own.late))];
  if (own.phase === 'handedOver' || own.phase === 'rolledBack') return arrived;
  const rules = (site: Site): Rule[] => [...(world[site] ?? [])];
  if (own.here === null) return [become({ here: planned('here', rules('target'), course, 't', null) })];
  if (own.away === null)
    return [become({ away: planned('away', rules('source'), course, 's', null) }), become({ phase: 'back' })];

  const undo = become({ phase: 'back', done: 0 });
  const here = own.here.changes.map((change) => ({ site: 'target' as const, change, turn: own.here as Turn }));
  const away = own.away.changes.map((change) => ({ site: 'source' as const, change, turn: own.away as Turn }));
  if (own.phase === 'turning') {
    const step = [...here, ...away][own.done];
    if (step === undefined) return [...arrived, become({ phase: 'handedOver' }), undo];
    return [...arrived, undo, ...stepped(step, carriedOut)];
  }
  const step = [...away, ...here][own.done];
  if (step !== undefined) return [...arrived, ...stepped(step, scenario.undo ?? undone)];
  // The second time comes when nothing of this relocation can be under way any more
  if (own.phase === 'back') return own.late === null ? [become({ phase: 'backAgain', done: 0 })] : arrived;
  return [ended(become({ phase: 'rolledBack' }), scenario)];

  function stepped(
    { site, change, turn }: { site: Site; change: Change; turn: Turn },
    how: (now: Rule, change: Change, turn: Turn) => Rule | 'lost',
  ): World[] {
    const now = world[site]?.find((rule) => sameIdentity(rule, change.before));
    if (now === undefined) return [own.phase === 'turning' ? undo : become({ done: own.done + 1 })];
    const to = how(now, change, turn);
    if (to === 'lost') return [undo];
    const put: Put = { site, to, fresh: true };
    const onTime = written(world, put);
    const late = own.wasLate || own.phase === 'backAgain' ? [] : [become({ late: put, wasLate: true })];
    return [become({ done: own.done + 1 }, onTime), ...(onTime === world ? [] : [onTime]), ...late];
  }
}

/** Compare-and-swap: what somebody has written since changes nothing. */
function written(world: World, { site, to, fresh }: Put): World {
  const now = world[site]?.find((rule) => sameIdentity(rule, to));
  if (now === undefined || !fresh || sameRule(now, to)) return world;
  const isOvertaken = (late: Put | null): boolean => late !== null && late.site === site && sameIdentity(late.to, to);
  return {
    ...world,
    [site]: world[site]?.map((rule) => (rule === now ? to : rule)) ?? null,
    relocations: world.relocations.map((each) =>
      isOvertaken(each.late) ? { ...each, late: { ...(each.late as Put), fresh: false } } : each,
    ),
  };
}

/** The target that was made goes with the last relocation that needed it. */
function ended(world: World, { targetStays }: Scenario): World {
  const isNeeded = targetStays === true || world.relocations.some(({ phase }) => phase !== 'rolledBack');
  return isNeeded ? world : { ...world, target: null };
}

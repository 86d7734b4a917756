import { aboutAnchor, promisedElsewhere, type Standing } from '../../domain/anchoring.ts';
import type { Course } from '../../domain/leading.ts';
import type { Rule } from '../../domain/rule.ts';
import { carriedOut, planned, takenFurther, undone, type Turn } from '../../domain/turn.ts';

/**
 * An anchor leads devices of network W to the source S by a rule of its holder H; meanwhile a relocation may move the users
 * from S to T. A write may be late, and is a compare-and-swap. What decides, and what becomes of the rule, is the shipped
 * code; each member left out is a counter-proof.
 */
export interface Rules {
  /** The anchor's run is there before it looks at the promise of S. */
  readonly visibleFirst: boolean;
  /** The relocation has the promise before it looks for anchors. */
  readonly promiseFirst: boolean;
  /** Rules of anchors are turned in step 5, and not when the users have been handed over. */
  readonly turnsWithItsOwn: boolean;
  readonly comparesAndSwaps: boolean;
  /** It undoes what that has made of the rule, too. */
  readonly joins: boolean;
}
export const shipped: Rules = {
  visibleFirst: true,
  promiseFirst: true,
  turnsWithItsOwn: true,
  comparesAndSwaps: true,
  joins: true,
};

interface Put {
  readonly to: Rule;
  readonly version: number;
  /** Nobody waits for its answer any more. */
  readonly late: boolean;
}
interface World {
  readonly anchor: 'none' | 'begun' | 'checked' | 'sent' | 'holds' | 'released' | 'refused';
  readonly visible: boolean;
  readonly turn: Turn | null;
  readonly relocation: 'none' | 'first' | 'looked' | 'switched' | 'handedOver' | 'retired' | 'refused' | 'rolledBack';
  /** What it turns of the anchor's rule; null: it knows of none. */
  readonly taken: Turn | null;
  readonly rule: Rule;
  readonly version: number;
  readonly puts: readonly Put[];
  readonly wasLate: boolean;
  readonly promised: boolean;
  readonly authority: 'S' | 'T';
  readonly gone: boolean;
}

/** As an anchor stands that nothing has happened to. */
export const standing: Standing = {
  way: 'holder',
  relayed: false,
  source: 's',
  from: 'S',
  holder: { site: 'w', instance: 'H' },
  observed: true,
  exposed: 0,
  lacking: 0,
  under: null,
  trouble: null,
};
const moving = { users: '*', source: 's', from: 'S', relocation: 'r', towards: undefined };
const between = (from: string, to: string): Course => ({
  name: 'app.test',
  aliases: [],
  device: null,
  from,
  to,
  former: ['S'],
  sameNetwork: false,
});
const leadsTo = (rule: Rule): string | null =>
  rule.active ? (rule.kind === 'dns' ? rule.address : rule.leadsTo) : null;

export interface Explored {
  readonly states: number;
  readonly stuck: number;
  readonly found: { readonly what: string; readonly trace: readonly string[] } | null;
}

export function explore(rule: Rule, rules: Rules = shipped): Explored {
  const start: World = {
    anchor: 'none',
    visible: false,
    turn: null,
    relocation: 'none',
    taken: null,
    rule,
    version: 0,
    puts: [],
    wasLate: false,
    promised: false,
    authority: 'S',
    gone: false,
  };
  const came = new Map([[JSON.stringify(start), [] as readonly string[]]]);
  const queue: World[] = [start];
  let stuck = 0;
  for (let world = queue.shift(); world !== undefined; world = queue.shift()) {
    const trace = came.get(JSON.stringify(world)) ?? [];
    const what = wrong(world);
    if (what !== null) return { states: came.size, stuck, found: { what, trace } };
    let helped = false;
    next(world, rules, (label, then, helpful = true) => {
      helped ||= helpful;
      const key = JSON.stringify(then);
      if (came.has(key)) return;
      came.set(key, [...trace, label]);
      queue.push(then);
    });
    if (!helped && !isOver(world)) stuck += 1;
  }
  return { states: came.size, stuck, found: null };
}

const isOver = ({ anchor, relocation, puts }: World): boolean =>
  ['none', 'holds', 'released', 'refused'].includes(anchor) &&
  ['none', 'retired', 'refused', 'rolledBack'].includes(relocation) &&
  puts.length === 0;

function wrong(world: World): string | null {
  if (leadsTo(world.rule) === 'S' && world.gone) return 'devices are led to an instance that is gone';
  const over = isOver(world) && (world.anchor === 'released' || world.anchor === 'refused');
  return over && world.rule.active ? 'an anchor that was given back leads on' : null;
}

type Emit = (label: string, then: World, helpful?: boolean) => void;

function next(world: World, rules: Rules, emit: Emit): void {
  anchoring(world, rules, emit);
  writing(world, rules, emit);
  relocating(world, rules, emit);
}

function anchoring(world: World, rules: Rules, emit: Emit): void {
  const { anchor, relocation } = world;
  if (anchor === 'none' && relocation !== 'retired')
    emit('anchor: begins', { ...world, anchor: 'begun', visible: rules.visibleFirst }, false);
  if (anchor === 'begun') {
    const promisedTo = promisedElsewhere({ promisedTo: world.promised ? 'r' : null });
    if (promisedTo !== null || world.authority !== 'S')
      emit('anchor: S is promised, or no authority: refused', { ...world, anchor: 'refused', visible: false });
    else emit('anchor: S is the authority, promised to nobody', { ...world, anchor: 'checked' });
  }
  if (anchor === 'checked' && !world.visible) emit('anchor: becomes visible', { ...world, visible: true });
  if (anchor === 'checked') {
    const turn = world.turn ?? planned('through', [world.rule], between('H', 'S'), 'H', null);
    const to = turn.changes[0] === undefined ? world.rule : carriedOut(world.rule, turn.changes[0], turn);
    if (to === 'lost') emit('anchor: the rule is others: undone', { ...world, anchor: 'refused', visible: false });
    else
      emit('anchor: reads the rule, and writes it', {
        ...world,
        turn,
        anchor: 'sent',
        puts: [...world.puts, { to, version: world.version, late: false }],
      });
  }
  if (anchor === 'sent' && !world.wasLate)
    emit(
      'anchor: no answer in time',
      { ...world, anchor: 'checked', wasLate: true, puts: world.puts.map((put) => ({ ...put, late: true })) },
      false,
    );
  if (anchor === 'holds') {
    const waits = world.taken !== null && (relocation === 'looked' || relocation === 'switched');
    if (!waits) emit('anchor: released', released(world, rules));
  }
}

function released(world: World, { joins }: Rules): World {
  const own = world.turn;
  if (own === null) return world;
  const turn = joins && world.taken !== null ? takenFurther(own, world.taken) : own;
  const [change] = turn.changes;
  const rule = change === undefined ? world.rule : undone(world.rule, change, turn);
  return { ...world, anchor: 'released', visible: false, rule, version: world.version + 1 };
}

function writing(world: World, { comparesAndSwaps }: Rules, emit: Emit): void {
  for (const put of world.puts) {
    const { to, version, late } = put;
    const puts = world.puts.filter((other) => other !== put);
    const awaited = !late && world.anchor === 'sent';
    if (comparesAndSwaps && version !== world.version)
      emit('W: the rule was changed meanwhile', { ...world, puts, ...(awaited && { anchor: 'checked' }) });
    else
      emit(late ? 'W: a late write' : 'W: the rule leads to S', {
        ...world,
        puts,
        rule: to,
        version: world.version + 1,
        ...(awaited && { anchor: 'holds', visible: true }),
      });
  }
}

function relocating(world: World, rules: Rules, emit: Emit): void {
  const { relocation } = world;
  const promise = (then: World['relocation']): void =>
    emit('relocation: S promises', { ...world, relocation: then, promised: true }, relocation !== 'none');
  const look = (then: World['relocation']): void => {
    const found = { users: '*', network: 'W', source: 's', standing: world.anchor === 'holds' ? standing : null };
    const about = world.visible ? aboutAnchor(found, moving) : 'nothing';
    if (about === 'wait')
      return emit('relocation: an anchor is being made: refused', { ...world, relocation: 'refused', promised: false });
    const taken = about === 'turn' ? planned('away', [world.rule], between('S', 'T'), 'H', null) : null;
    emit(`relocation: looks for anchors: ${about}`, { ...world, relocation: then, taken }, relocation !== 'none');
  };
  if (relocation === 'none') (rules.promiseFirst ? promise : look)('first');
  if (relocation === 'first') (rules.promiseFirst ? look : promise)('looked');
  if (relocation === 'looked') {
    const rule = turnedOn(world);
    if (!rules.turnsWithItsOwn) emit('relocation: turns its own path', { ...world, relocation: 'switched' });
    else if (rule === 'lost' && world.anchor !== 'released') emit('relocation: the rule is others', back(world));
    else
      emit('relocation: turns the path', {
        ...world,
        relocation: 'switched',
        ...(rule !== 'lost' && rule !== world.rule && { rule, version: world.version + 1 }),
      });
  }
  if (relocation === 'switched') {
    emit('relocation: handed over', { ...world, relocation: 'handedOver', promised: false, authority: 'T' });
    emit('relocation: kept: rolled back', back(world), false);
  }
  if (relocation === 'handedOver') {
    const rule = turnedOn(world);
    if (!rules.turnsWithItsOwn && rule !== 'lost' && rule !== world.rule)
      emit('the anchor hears of it', { ...world, rule, version: world.version + 1 });
    emit('relocation: drained; retires S', { ...world, relocation: 'retired', gone: true });
  }
}

function turnedOn({ taken, rule }: World): Rule | 'lost' {
  const change = taken?.changes[0];
  return taken === null || change === undefined ? rule : carriedOut(rule, change, taken);
}

function back(world: World): World {
  const { taken } = world;
  const change = taken?.changes[0];
  const rule = taken === null || change === undefined ? world.rule : undone(world.rule, change, taken);
  return { ...world, relocation: 'rolledBack', promised: false, rule, version: world.version + 1 };
}

import { step } from '../../sandbox/application/authority.ts';
import { decision } from '../../sandbox/application/handover.ts';
import { has } from '../../sandbox/application/intervals.ts';
import type { Effect, Event, Supersede } from '../../sandbox/application/messages.ts';
import { behind } from '../../sandbox/application/promise.ts';
import { type Rules, rules as allRules } from '../../sandbox/application/rules.ts';
import { newState, type State, standingOf } from '../../sandbox/application/state.ts';
import { canonical, interned } from './authority.explorer.ts';

/**
 * Explores every interleaving of a takeover: S, the source, is taken to be dead, and T takes its place, while a relocation
 * from S is under way and its messages are still on their way, at any time, any number of times, or never.
 */
export interface Takeover {
  /** Of the takeover: one user, or everybody. */
  readonly users: 'u' | '*';
  /** Where the relocation under way leads to: T itself, another one, or (one user of all) a third one. */
  readonly leadsTo: 'T' | 'B' | 'V';
  /** `stopped`: its orchestrator has stopped S, and says so. `cutOff`: only the path leads away; S is superseded when it returns. */
  readonly source: 'stopped' | 'cutOff';
  readonly epoch?: number;
  /** When the other one is superseded; `returning`: it was out of reach, which was accepted. */
  readonly others?: 'first' | 'never' | 'returning';
  /** Does the other one keep what it serves? */
  readonly spared?: boolean;
  /** Is T told whom the other one keeps? */
  readonly told?: boolean;
  /** When S returns: it gives way; `spared`, it may keep whom it serves; `ignored`, nobody waits for it. */
  readonly returning?: 'fenced' | 'spared' | 'ignored';
  readonly rules?: Partial<Rules>;
}

type Name = 'S' | 'T' | 'B' | 'V';
interface Sent {
  readonly to: Name;
  readonly event: Event;
}
type Asked = 'no' | 'yes' | 'refused';

/** States, and what is on its way, by number: so that a world costs little. */
interface World {
  readonly at: Readonly<Partial<Record<Name, number>>>;
  readonly sent: readonly number[];
  readonly gone: boolean;
  readonly superseded: Readonly<Record<Name, Asked>>;
  /** Who acknowledged the write; S: before and after T took over. */
  readonly acknowledged: Readonly<Record<'T' | 'other' | 'S' | 'late', boolean>>;
}
/** What comes of an event at an instance; null: it would freeze once more. */
type Happened = { readonly state: number; readonly effects: readonly Effect[]; readonly sends: readonly Sent[] } | null;
interface Reached {
  readonly world: World;
  readonly from: Reached | null;
  readonly by: string;
}

export interface Outcome {
  readonly states: number;
  readonly violation: { readonly what: string; readonly after: readonly string[] } | null;
  /** Worlds from which no way that happens by itself leads to one that is at rest. */
  readonly stuck: number;
}

const NUMBER = 1;
const WRITE = { kind: 'request', id: 0, user: 'u', number: NUMBER, hops: 0, fence: null } as const;
const keyOf = (world: World): string => JSON.stringify(world);

export function exploreTakeover(takeover: Takeover, most = 60_000): Outcome {
  const exploration = new Exploration(takeover);
  const start = exploration.start();
  const reached: Reached[] = [{ world: start, from: null, by: '' }];
  const ids = new Map([[keyOf(start), 0]]);
  const before: number[][] = [[]];
  for (let at = 0; at < reached.length; at += 1) {
    const here = reached[at] as Reached;
    const what = exploration.wrong(here.world);
    if (what !== null) return { states: reached.length, violation: { what, after: storyOf(here) }, stuck: 0 };
    for (const { by, world, helpful } of exploration.after(here.world)) {
      const key = keyOf(world);
      let id = ids.get(key);
      if (id === undefined) {
        id = reached.push({ world, from: here, by }) - 1;
        if (id > most) throw new Error(`more than ${most} states`);
        ids.set(key, id);
        before.push([]);
      }
      if (helpful && id !== at) before[id]?.push(at);
    }
  }
  const ends = new Set<number>();
  const todo = reached.flatMap(({ world }, id) => (exploration.rests(world) ? [id] : []));
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (ends.has(id)) continue;
    ends.add(id);
    todo.push(...(before[id] ?? []));
  }
  return { states: reached.length, violation: null, stuck: reached.length - ends.size };
}

function storyOf(last: Reached): string[] {
  const told: string[] = [];
  for (let at: Reached | null = last; at?.from != null; at = at.from) told.unshift(at.by);
  return told;
}

interface Move {
  readonly by: string;
  readonly world: World;
  /** It happens by itself, sooner or later; others are mishaps. */
  readonly helpful: boolean;
}

class Exploration {
  readonly #plan: Required<Takeover>;
  readonly #rules: Rules;
  readonly #names: readonly Name[];
  readonly #other: 'B' | 'V' | undefined;
  readonly #states = interned<State>(canonical);
  readonly #messages = interned<Sent>((sent) => JSON.stringify(sent));
  readonly #happened = new Map<string, Happened>();

  constructor(takeover: Takeover) {
    const usual = { others: 'first', returning: 'fenced' } as const;
    this.#plan = { epoch: 100, spared: true, told: true, rules: {}, ...usual, ...takeover };
    this.#rules = { ...allRules, ...this.#plan.rules };
    this.#other = this.#plan.leadsTo === 'T' ? undefined : this.#plan.leadsTo;
    this.#names = this.#other === undefined ? ['S', 'T'] : ['S', 'T', this.#other];
  }

  start(): World {
    const { users, leadsTo } = this.#plan;
    const moved = leadsTo === 'V' ? 'u' : users;
    const found = newState('S');
    step(found, { kind: 'found', id: -1, users: {} }, this.#rules);
    const at = Object.fromEntries(
      this.#names.map((name) => [name, this.#states.id(name === 'S' ? found : newState(name))]),
    );
    const asked: Sent[] = [
      { to: 'S', event: { kind: 'promise', id: -1, relocation: 'r0', users: moved, target: leadsTo } },
      {
        to: leadsTo,
        event: { kind: 'copy', id: -1, relocation: 'r0', users: moved, source: 'S', chunk: [], epoch: 1 },
      },
      { to: 'S', event: { kind: 'handOver', id: -1, relocation: 'r0', target: leadsTo, at: 0 } },
    ];
    const superseded = { S: 'no', T: 'no', B: 'no', V: 'no' } as const;
    const acknowledged = { T: false, other: false, S: false, late: false };
    return { at, sent: this.#with([], asked), gone: false, superseded, acknowledged };
  }

  after(world: World): Move[] {
    const clients = this.#names.map((to): Sent => ({ to, event: WRITE }));
    return [
      ...world.sent.flatMap((id) => this.#delivers(world, this.#messages.value(id))),
      ...clients.flatMap((sent) => this.#delivers(world, sent)),
      ...(world.gone ? [] : this.#ofTheSource(world)),
      ...this.#ofFerry(world),
    ];
  }

  #delivers(world: World, sent: Sent): Move[] {
    const there = this.#at(world, sent);
    const { kind } = sent.event;
    const helpful = kind !== 'handOver' && kind !== 'promise' && kind !== 'request';
    return there === null ? [] : [{ by: JSON.stringify(sent), world: there.world, helpful }];
  }

  /** What it does by itself, as long as it lives; and its death. */
  #ofTheSource(world: World): Move[] {
    const state = this.#state(world, 'S');
    const known = state.relocations.get('r0');
    const dies = { by: 'S is gone', world: { ...world, gone: true }, helpful: this.#plan.source === 'stopped' };
    const sends = (by: string, sent: Sent): Move => ({
      by,
      world: { ...world, sent: this.#with(world.sent, [sent]) },
      helpful: true,
    });
    if (known?.phase === 'handedOver' && !known.committed) {
      const whole = decision(state, 'r0', true);
      if (whole === null) return [dies];
      const commit = { to: whole.to as Name, event: { kind: 'commit', id: -1, ...whole.commit } } as const;
      return [dies, sends('S repeats its decision, with everything', commit)];
    }
    if (known?.phase !== 'promised') return [dies];
    if (known.freeze !== null)
      return [
        dies,
        ...this.#delivers(world, {
          to: 'S',
          event: { kind: 'limit', relocation: 'r0', number: known.freeze.number },
        }),
      ];
    const ahead = behind(state, 'r0', 10);
    if (ahead === null) return [dies];
    const copy = { to: ahead.to as Name, event: { kind: 'copy', id: -1, ...ahead.copy } } as const;
    return [dies, sends('S copies ahead', copy)];
  }

  /** The takeover: first the others, then T; S when it returns. */
  #ofFerry(world: World): Move[] {
    const { source, others, users, returning } = this.#plan;
    const other = this.#other;
    const { superseded } = world;
    const mayBegin = source === 'cutOff' || world.gone;
    const asked = other === undefined || others !== 'first' || superseded[other] !== 'no';
    const keepsAll = other !== undefined && superseded[other] === 'refused' && (other === 'B' || users === 'u');
    return [
      ...(other !== undefined && others === 'first' && mayBegin ? this.#supersedes(world, other) : []),
      ...(mayBegin && asked && !keepsAll ? this.#supersedes(world, 'T') : []),
      ...(other !== undefined && others === 'returning' && superseded.T === 'yes'
        ? this.#supersedes(world, other)
        : []),
      ...(superseded.T === 'yes' && !world.gone && returning !== 'ignored' ? this.#supersedes(world, 'S') : []),
    ];
  }

  #supersedes(world: World, to: Name): Move[] {
    if (world.superseded[to] !== 'no') return [];
    const { users, epoch, spared, told, returning } = this.#plan;
    const keeps = to === 'T' && told && this.#other === 'V' && this.#serves(world, 'V');
    const supersede: Supersede = {
      relocation: 'takeover',
      users,
      epoch,
      to: to === 'T' ? null : 'T',
      spared: to === 'S' ? returning === 'spared' : spared,
      elsewhere: keeps ? [{ user: 'u', epoch, to: 'V' }] : [],
    };
    const there = this.#at(world, { to, event: { kind: 'supersede', id: -1, ...supersede } });
    if (there === null) return [];
    const isDone = there.effects.some((effect) => effect.kind === 'answer' && effect.body !== null);
    const answer = (said: Asked): World['superseded'] => ({ ...world.superseded, [to]: said });
    return [
      isDone
        ? { by: `${to} is superseded`, world: { ...there.world, superseded: answer('yes') }, helpful: true }
        : { by: `${to} refuses it`, world: { ...world, superseded: answer('refused') }, helpful: true },
    ];
  }

  /** Null: nobody is there, or it would freeze once more. */
  #at(world: World, sent: Sent): { readonly world: World; readonly effects: readonly Effect[] } | null {
    const { to, event } = sent;
    if (to === 'S' && world.gone) return null;
    const happened = this.#happens(world.at[to] ?? -1, to, event);
    if (happened === null) return null;
    const { state, effects, sends } = happened;
    let after: World = { ...world, at: { ...world.at, [to]: state }, sent: this.#with(world.sent, sends) };
    for (const effect of effects) {
      if (effect.kind === 'serve') after = acknowledging(after, to);
      if (effect.kind !== 'relay') continue;
      const { hops, fence } = effect;
      const relayed = this.#at(after, { to: effect.to as Name, event: { ...WRITE, hops, fence } });
      after = relayed?.world ?? after;
    }
    return { world: after, effects };
  }

  #happens(at: number, to: Name, event: Event): Happened {
    const key = `${at} ${this.#messages.id({ to, event })}`;
    let happened = this.#happened.get(key);
    if (happened === undefined) {
      const state = structuredClone(this.#states.value(at));
      const { freezes } = state;
      const effects = step(state, event, this.#rules);
      const sends = effects.flatMap((effect) => follows(to, event, effect, state));
      const mayBe = state.freezes === freezes || state.freezes <= 1;
      happened = mayBe ? { state: this.#states.id(state), effects, sends } : null;
      this.#happened.set(key, happened);
    }
    return happened;
  }

  #with(sent: readonly number[], more: readonly Sent[]): readonly number[] {
    const news = more.map(this.#messages.id).filter((id) => !sent.includes(id));
    return news.length === 0 ? sent : [...sent, ...news].toSorted((a, b) => a - b);
  }

  #state({ at }: World, name: Name): State {
    return this.#states.value(at[name] ?? -1);
  }

  #serves(world: World, name: Name): boolean {
    return !(name === 'S' && world.gone) && standingOf(this.#state(world, name), 'u').role === 'authority';
  }

  #holds(world: World, name: Name): boolean {
    return has(standingOf(this.#state(world, name), 'u').accepted, NUMBER);
  }

  wrong(world: World): string | null {
    const { source, others, leadsTo } = this.#plan;
    const { superseded, acknowledged } = world;
    const other = this.#other;
    const on = this.#serving(world);
    const awaitsOther = others === 'returning' && on.join() === `T,${other}` && superseded[other ?? 'B'] === 'no';
    const awaitsSource = source === 'cutOff' && on.join() === 'S,T' && superseded.T === 'yes' && superseded.S !== 'yes';
    const refused = [...(others === 'returning' && other !== undefined ? [other] : []), 'S' as const];
    for (const name of refused) if (superseded[name] === 'refused') return `${name} refuses the fence`;
    if (on.length > 1 && !awaitsOther && !awaitsSource) return `two writers: ${on.join(' and ')}`;
    if (superseded.T === 'yes' && !on.includes('T') && !(other === 'V' && on.includes('V')))
      return 'T has stopped serving after it took over';
    if (other !== undefined && acknowledged.other) {
      const isHeld = on.some((name) => this.#holds(world, name)) || standingOf(this.#state(world, other), 'u').frozen;
      if (!isHeld) return `a write that ${other} acknowledged is lost`;
    }
    if (acknowledged.T && !this.#holds(world, 'T')) return 'a write that T acknowledged is lost';
    const counted = superseded.S === 'yes' && !world.gone;
    if (counted && acknowledged.late && ![...on, 'S' as const].some((name) => this.#holds(world, name)))
      return 'a write that S acknowledged too late is in nobody, and not counted';
    const decided = this.#state(world, 'S').relocations.get('r0')?.phase === 'handedOver';
    const was = acknowledged.S && !acknowledged.late;
    if (leadsTo === 'T' && superseded.T === 'yes' && decided && was && !this.#holds(world, 'T'))
      return 'T was prepared with everything, and a write is lost';
    return null;
  }

  rests(world: World): boolean {
    const { superseded, gone } = world;
    const other = this.#other;
    const on = this.#serving(world);
    if (gone && (superseded.T === 'refused' || (other !== undefined && superseded[other] === 'refused'))) return true;
    if (on.length !== 1) return false;
    return on[0] !== 'T' || gone || superseded.S === 'yes' || superseded.T === 'refused';
  }

  #serving(world: World): Name[] {
    return this.#names.filter((name) => this.#serves(world, name) && !standingOf(this.#state(world, name), 'u').frozen);
  }
}

function acknowledging(world: World, by: Name): World {
  const tookOver = world.superseded.T !== 'no';
  const whose = by === 'S' ? (tookOver ? 'late' : 'S') : by === 'T' ? (tookOver ? 'T' : 'other') : 'other';
  return { ...world, acknowledged: { ...world.acknowledged, [whose]: true } };
}

function follows(self: Name, event: Event, effect: Effect, state: State): Sent[] {
  if (effect.kind === 'prepare')
    return [{ to: effect.to as Name, event: { kind: 'prepare', id: -1, ...effect.prepare } }];
  if (effect.kind === 'commit') {
    const bare = decision(state, effect.relocation, false);
    return bare === null ? [] : [{ to: bare.to as Name, event: { kind: 'commit', id: -1, ...bare.commit } }];
  }
  if (effect.kind !== 'answer' && effect.kind !== 'refuse') return [];
  const said = effect.kind === 'answer' ? 'yes' : effect.refused === 'Incomplete' ? 'incomplete' : 'refused';
  if (event.kind === 'prepare')
    return [{ to: 'S', event: { kind: 'prepared', relocation: 'r0', number: event.number, answer: said, at: 0 } }];
  if (said !== 'yes') return [];
  if (event.kind === 'copy' && event.chunk.length > 0)
    return [{ to: 'S', event: { kind: 'copied', relocation: 'r0', target: self, entries: event.chunk } }];
  if (event.kind === 'commit')
    return [{ to: 'S', event: { kind: 'committed', relocation: 'r0', number: event.number } }];
  return [];
}

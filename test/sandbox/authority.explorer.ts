import { step } from '../../sandbox/application/authority.ts';
import { has } from '../../sandbox/application/intervals.ts';
import type { ClientRequest, Effect, Peer } from '../../sandbox/application/messages.ts';
import type { Rules } from '../../sandbox/application/rules.ts';
import { newState, type State, standingOf } from '../../sandbox/application/state.ts';
import { answersTo, hearing, type Message, ownMoves } from './authority.messages.ts';

/**
 * Explores every interleaving of a few instances, their clients and those who ask for relocations, breadth first. What was
 * sent once may arrive at any time, any number of times, or never: runs with late, doubled and lost messages are all there.
 */
export interface Scenario {
  /** The first one is founded as the authority of everybody. */
  readonly instances: readonly Peer[];
  /** What clients write: a user's numbers, at any of the entrances, as often as they like. */
  readonly users: readonly string[];
  readonly numbers: readonly number[];
  readonly entrances: readonly Peer[];
  /** What has happened before, in this order, with all that followed from it; nothing of that is on its way any more. */
  readonly before?: readonly Message[];
  /** What may be asked of the instances, in any order, any number of times. */
  readonly asked: readonly Message[];
  /** At most so many freezes at each instance. */
  readonly freezes: number;
  /** Each takes leave at most so often; once, where nothing is said. */
  readonly farewells?: number;
  /** Relayed requests take their time as well; otherwise they arrive at once. */
  readonly lateRelays?: true;
  /** Whoever relays learns from the answer who served. */
  readonly learns?: true;
}

export interface Outcome {
  readonly states: number;
  /** What went wrong first, and the shortest way to it. */
  readonly violation: { readonly what: string; readonly after: readonly string[] } | null;
}

/** Everything by number, so that a world costs little. */
interface World {
  /** Which state each instance is in. */
  readonly at: number;
  /** The set of messages. */
  readonly sent: number;
  /** One bit for each write. */
  readonly acknowledged: number;
  readonly accepted: number;
  readonly doubled: boolean;
  readonly from: World | null;
  /** The message that led here; -1: none. */
  readonly by: number;
}

interface Move {
  /** GONE: it is taken away. */
  readonly next: number;
  /** Writes that are served or relayed. */
  readonly effects: readonly Effect[];
  readonly sends: readonly number[];
}

const GONE = -1;
/** At most so many states of an instance, and so many writes of a scenario. */
const [STATES, WRITES] = [2 ** 17, 4];

/** By two interned numbers: it is looked into much faster than a map. */
type Table<T> = (T | undefined)[][];

export class Exploration {
  readonly #scenario: Scenario;
  readonly #rules: Rules;
  readonly #states = interned<State>(canonical);
  readonly #places = interned<readonly number[]>((at) => at.reduce((key, id) => key * STATES + id + 1, 0));
  readonly #messages = interned<Message>((message) => JSON.stringify(message));
  readonly #sets = interned<readonly number[]>((ids) => ids.join());
  /** By state and message. */
  readonly #moves: Table<Move | null> = [];
  readonly #own: (readonly number[])[] = [];
  /** By message. */
  readonly #recipients: number[] = [];
  /** By set and what is added to it. */
  readonly #grown: Table<number> = [];
  readonly #requests: ClientRequest[] = [];
  readonly #forgetful: boolean;
  /** By place and what was acknowledged. */
  readonly #safe: Table<true> = [];
  /** Who served the last request. */
  #served: { readonly at: Peer; readonly epoch: number } | null = null;

  constructor(scenario: Scenario, rules: Rules) {
    this.#scenario = scenario;
    this.#rules = rules;
    this.#forgetful = scenario.asked.some((message) => 'restart' in message);
  }

  /** Breadth first, to the end or to the first violation. */
  run(most: number): Outcome {
    const start = this.#start();
    const seen = new Seen();
    seen.isNew(start);
    // Each world is looked at once, in the order in which it was reached
    const reached = [start];
    for (const world of reached)
      for (const next of this.#successors(world)) {
        if (!seen.isNew(next)) continue;
        const what = this.#violation(next);
        if (what !== null) return { states: seen.size, violation: { what, after: this.#story(next) } };
        if (seen.size > most) throw new Error(`more than ${most} states`);
        reached.push(next);
      }
    return { states: seen.size, violation: null };
  }

  #start(): World {
    const { instances, users, numbers, entrances, asked, before = [] } = this.#scenario;
    const at = instances.map((peer, index) => {
      const state = newState(peer);
      if (index === 0) step(state, { kind: 'found', id: -1, users: {} });
      return this.#states.id(state);
    });
    const clients = users.flatMap((user) =>
      numbers.flatMap((number) =>
        entrances.map((to): Message => {
          const request = { id: this.#requests.length, user, number, hops: 0, fence: null };
          this.#requests.push(request);
          return { to, event: { kind: 'request', ...request } };
        }),
      ),
    );
    const none = this.#sets.id([]);
    const place = this.#places.id(at);
    let world: World = { at: place, sent: none, acknowledged: 0, accepted: 0, doubled: false, from: null, by: -1 };
    for (const message of before) world = this.#followed(world, this.#messages.id(message));
    return { ...world, sent: this.#with(none, [...asked, ...clients].map(this.#messages.id)) };
  }

  /** Delivers a message, and once each what follows from it. */
  #followed(world: World, first: number): World {
    let now = { ...world, sent: this.#with(world.sent, [first]) };
    for (const queue = [first]; queue.length > 0; ) {
      const known = this.#sets.value(now.sent);
      now = this.#deliver(now, queue.shift() ?? first);
      queue.push(...this.#sets.value(now.sent).filter((id) => !known.includes(id)));
    }
    return now;
  }

  #successors(world: World): World[] {
    const after: World[] = [];
    const delivers = (id: number): void => {
      const next = this.#deliver(world, id);
      if (next !== world) after.push(next);
    };
    for (const id of this.#sets.value(world.sent)) delivers(id);
    for (const [index, stateId] of this.#places.value(world.at).entries())
      if (stateId !== GONE) for (const id of this.#ownMoves(index, stateId)) delivers(id);
    return after;
  }

  #ownMoves(index: number, stateId: number): readonly number[] {
    const self = this.#scenario.instances[index] ?? '';
    return (this.#own[stateId] ??= ownMoves(this.#states.value(stateId), self).map(this.#messages.id));
  }

  /** The very same world, when nothing comes of it. */
  #deliver(world: World, id: number): World {
    const index = (this.#recipients[id] ??= this.#scenario.instances.indexOf(this.#messages.value(id).to));
    const at = this.#places.value(world.at);
    const stateId = at[index] ?? GONE;
    const move = this.#move(stateId, id);
    if (move === null) return world;
    const sent = this.#with(world.sent, move.sends);
    if (move.next === stateId && sent === world.sent && move.effects.length === 0) return world;
    let after: World = {
      at: move.next === stateId ? world.at : this.#places.id(at.with(index, move.next)),
      sent,
      acknowledged: world.acknowledged,
      accepted: world.accepted,
      doubled: world.doubled,
      from: world,
      by: id,
    };
    for (const effect of move.effects) after = this.#happens(after, effect, this.#messages.value(id).to);
    return after;
  }

  #move(stateId: number, id: number): Move | null {
    const moves = (this.#moves[stateId + 1] ??= []);
    let move = moves[id];
    if (move === undefined) move = moves[id] = this.#moved(stateId, this.#messages.value(id)); // null is an answer
    return move;
  }

  #moved(stateId: number, message: Message): Move | null {
    if (stateId === GONE) return this.#toNobody(message);
    if ('remove' in message) return { next: GONE, effects: [], sends: [] };
    const state = restarted(message, this.#states.value(stateId));
    const before = state.freezes;
    const { farewells = 1 } = this.#scenario;
    const effects = 'event' in message ? step(state, message.event, this.#rules) : [];
    const allowed =
      (state.freezes === before || state.freezes <= this.#scenario.freezes) && state.farewells <= farewells;
    if (!allowed) return null;
    return {
      next: this.#states.id(state),
      effects: effects.filter(({ kind }) => kind === 'serve' || kind === 'relay'),
      sends: answersTo(message, effects, state).map(this.#messages.id),
    };
  }

  /** Where an instance was taken away, nobody listens; who wanted to tell it something sees that. */
  #toNobody(message: Message): Move | null {
    if (!('event' in message) || message.event.kind !== 'leaving') return null;
    return { next: GONE, effects: [], sends: [this.#messages.id(hearing(message.to, message.event, null))] };
  }

  /** A write is served, or goes on to another instance. */
  #happens(world: World, effect: Effect, at: Peer): World {
    if (effect.kind === 'relay') {
      const request = this.#requests[effect.id];
      if (request === undefined) throw new Error('relays what nobody asked');
      const { to, hops, fence } = effect;
      const id = this.#messages.id({ to, event: { kind: 'request', ...request, hops, fence } });
      if (this.#scenario.lateRelays) return { ...world, sent: this.#with(world.sent, [id]) };
      this.#served = null;
      const after = this.#deliver(world, id);
      return this.#scenario.learns ? this.#learned(after, at, request.user) : after;
    }
    if (effect.kind !== 'serve') return world;
    this.#served = { at, epoch: effect.epoch };
    const bit = 1 << this.#write(effect.user, effect.number ?? 0);
    return {
      ...world,
      acknowledged: world.acknowledged | bit,
      accepted: effect.fresh ? world.accepted | bit : world.accepted,
      doubled: world.doubled || (effect.fresh && (world.accepted & bit) !== 0),
    };
  }

  #learned(world: World, relay: Peer, user: string): World {
    if (this.#served === null) return world;
    const by = this.#served;
    const learned = this.#deliver(world, this.#messages.id({ to: relay, event: { kind: 'learned', user, ...by } }));
    this.#served = by;
    // What a relay learns is part of the request that it relayed
    return learned === world ? world : { ...learned, from: world.from, by: world.by };
  }

  #write(user: string, number: number): number {
    const { users, numbers } = this.#scenario;
    return users.indexOf(user) * numbers.length + numbers.indexOf(number);
  }

  #with(sent: number, more: readonly number[]): number {
    let set = sent;
    for (const id of more) {
      const ids = this.#sets.value(set);
      const grown = (this.#grown[set] ??= []);
      set = grown[id] ??= ids.includes(id) ? set : this.#sets.id([...ids, id].toSorted((a, b) => a - b));
    }
    return set;
  }

  #story(world: World): string[] {
    const told: string[] = [];
    for (let at: World | null = world; at !== null && at.by >= 0; at = at.from)
      told.unshift(JSON.stringify(this.#messages.value(at.by)));
    return told;
  }

  #violation(world: World): string | null {
    if (world.doubled) return 'a write was accepted twice';
    const safe = (this.#safe[world.at] ??= []);
    if (safe[world.acknowledged] === true) return null;
    const alive = this.#places
      .value(world.at)
      .filter((id) => id !== GONE)
      .map(this.#states.value);
    for (const user of this.#scenario.users) {
      const what = this.#wrongFor(user, alive, world.acknowledged) ?? this.#strayed(user, alive);
      if (what !== null) return what;
    }
    safe[world.acknowledged] = true;
    return null;
  }

  /** Whoever relays this user relays him to somebody, and in the end to who serves him, or is about to. */
  #strayed(user: string, alive: readonly State[]): string | null {
    for (const entrance of alive.filter(({ retiring }) => retiring?.final !== true)) {
      const crossed = new Set<State>();
      let at: State = entrance;
      for (;;) {
        const { to } = standingOf(at, user);
        if (this.#rules.serves(standingOf(at, user)) || to === null) break;
        const next = alive.find(({ self }) => self === to);
        // A target that forgets its yes before it hears of the decision is as good as dead: the source holds everything
        if (next === undefined && tellsOn(at, user) && this.#forgetful) break;
        if (next === undefined) return `${at.self} relays ${user} to ${to}, which has gone`;
        if (tellsOn(at, user)) break;
        if (crossed.has(next)) return `${user} is relayed in a circle by ${next.self}`;
        crossed.add(next);
        at = next;
      }
    }
    return null;
  }

  #wrongFor(user: string, alive: readonly State[], acknowledged: number): string | null {
    const authorities = alive.filter((state) => this.#rules.serves(standingOf(state, user)));
    const serving = authorities.filter((state) => !standingOf(state, user).frozen);
    if (serving.length > 1) return `${serving.map(({ self }) => self).join(' and ')} both accept writes of ${user}`;
    const keepers = [...authorities, ...alive.filter((state) => tellsOn(state, user))];
    for (const number of this.#scenario.numbers) {
      if ((acknowledged & (1 << this.#write(user, number))) === 0) continue;
      const holds = (state: State): boolean => has(standingOf(state, user).accepted, number);
      if (!serving.every(holds)) return `the authority of ${user} has lost acknowledged write ${number}`;
      if (!keepers.some(holds)) return `acknowledged write ${number} of ${user} is lost with its authority`;
    }
    return null;
  }
}

/** It has decided, holds what it gave away, and tells the target until that has heard. */
const tellsOn = (state: State, user: string): boolean =>
  [...state.relocations.values()].some(
    (known) =>
      known.phase === 'handedOver' && !known.committed && (known.keys.includes(user) || known.keys.includes('*')),
  );

function restarted(message: Message, state: State): State {
  const lives = state.retiring?.final === true || [...state.users.values()].some(({ role }) => role === 'authority');
  return 'restart' in message && !lives ? newState(state.self) : structuredClone(state);
}

class Seen {
  size = 0;
  readonly #bySent: Set<number>[] = [];

  isNew({ at, sent, acknowledged, accepted, doubled }: World): boolean {
    const known = (this.#bySent[sent] ??= new Set());
    const before = known.size;
    known.add((((at << WRITES) | acknowledged) << (WRITES + 1)) | (accepted << 1) | (doubled ? 1 : 0));
    if (known.size === before) return false;
    this.size += 1;
    return true;
  }
}

export function interned<T>(keyFor: (value: T) => string | number): {
  id: (value: T) => number;
  value: (id: number) => T;
} {
  const ids = new Map<string | number, number>();
  const values: T[] = [];
  return {
    id: (value) => {
      const key = keyFor(value);
      const known = ids.get(key) ?? values.push(value) - 1;
      ids.set(key, known);
      return known;
    },
    value: (id) => {
      const value = values[id];
      if (value === undefined) throw new Error(`never seen: ${id}`);
      return value;
    },
  };
}

/** Equal text means equal state, whatever the order in which it came about; how often it froze is only counted. */
export const canonical = (state: State): string => JSON.stringify(state, plain);

function plain(_: string, value: unknown): unknown {
  if (!(value instanceof Map || value instanceof Set)) return value;
  return [...(value as Iterable<unknown>)].map((entry) => JSON.stringify(entry, plain)).toSorted();
}

import { setTimeout as pause } from 'node:timers/promises';
import { step } from './authority.ts';
import { type Answer, post } from './exchange.ts';
import { decision } from './handover.ts';
import {
  type ClientRequest,
  type Copy,
  type Effect,
  endpointOf,
  type Event,
  type Leaving,
  type Peer,
  type Prepare,
} from './messages.ts';
import { behind } from './promise.ts';
import { type Proof, schemeFor } from './proof.ts';
import { copiesIn } from './takeover.ts';
import { rules as allRules, type Rules } from './rules.ts';
import { newState, type State } from './state.ts';

/** How a request or a call ends. */
export type Ending = Extract<Effect, { kind: 'serve' | 'relay' | 'answer' | 'refuse' }>;

type Copied = ReturnType<typeof copiesIn>[number] & { readonly secondsAgo: number | null };

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

/** Contexts in one call of the copy ahead. */
const CHUNK = 500;
/** How long the copy may lag behind. */
const REFRESH_MS = 25;
const RETRY_MS = 200;
const CALL_MS = 2_000;
/** So long an instance that may go tells where its users are, and each of its peers may think so long about it. */
const FAREWELL_MS = 2_000;
const TELL_MS = 800;

export interface Limits {
  readonly freezeLimitMs: number;
  readonly farewellMs?: number;
  /** What it shows to its other instances. */
  readonly proof?: Proof;
  /** Others than the contract's: for whoever wants to see what goes wrong without one. */
  readonly rules?: Rules;
}

/** The authority of a running instance, with the clock and the wire that it lacks. */
export class Instance {
  readonly state: State;
  readonly #freezeLimitMs: number;
  readonly #farewellMs: number;
  readonly #rules: Rules;
  readonly #proof: Proof;
  readonly #waiting = new Map<number, (ending: Ending) => void>();
  readonly #copying = new Set<string>();
  /** When content came last, by relocation. */
  readonly #copied = new Map<string, number>();
  #asked = 0;
  /** Of the last exchange with a target: what a freeze lasts at least. */
  #roundTripMs = 5;

  constructor(self: Peer, { freezeLimitMs, farewellMs = FAREWELL_MS, rules = allRules, proof = {} }: Limits) {
    this.state = newState(self);
    [this.#freezeLimitMs, this.#farewellMs, this.#rules] = [freezeLimitMs, farewellMs, rules];
    this.#proof = proof;
  }

  get expectedFreezeMs(): number {
    return Math.ceil(this.#roundTripMs) + 1;
  }

  /** Resolves when it is served or refused, or is to be relayed; in a freeze, when that is over. */
  async request(asked: Omit<ClientRequest, 'id'>): Promise<Ending> {
    return await this.call({ kind: 'request', ...asked });
  }

  async call(event: WithoutId<Event>): Promise<Ending> {
    const id = this.#asked++;
    return await new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.happens({ ...event, id });
    });
  }

  happens(event: Event): void {
    const effects = step(this.state, event, this.#rules);
    const hasContent = event.kind === 'prepare' || (event.kind === 'copy' && event.chunk.length > 0);
    if (hasContent && effects.some(({ kind }) => kind === 'answer'))
      this.#copied.set(event.relocation, performance.now());
    for (const effect of effects) this.#carryOut(effect);
  }

  /** What it has been given of these users, by each relocation that has not handed them over. */
  copies(users: string, now: number): Copied[] {
    return copiesIn(this.state, users).map((copy) => {
      const at = this.#copied.get(copy.relocation);
      return { ...copy, secondsAgo: at === undefined ? null : Math.round(now - at) / 1_000 };
    });
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'freeze') this.#limit(effect);
    else if (effect.kind === 'prepare') void this.#prepare(effect.to, effect.prepare);
    else if (effect.kind === 'commit') void this.#tellDecision(effect.relocation);
    else if (effect.kind === 'copyAhead') void this.#copyAhead(effect.relocation);
    else if (effect.kind === 'farewell')
      setTimeout(() => this.happens({ ...effect, kind: 'farewellLimit' }), this.#farewellMs).unref();
    else if (effect.kind === 'tell') void this.#tell(effect.to, effect.leaving);
    else if (effect.kind === 'left')
      void this.#send(effect.to, '/transfer/v1/left', { instance: this.state.self }, CALL_MS);
    else {
      const ends = this.#waiting.get(effect.id);
      this.#waiting.delete(effect.id);
      ends?.(effect);
    }
  }

  /** However often the target is asked, the freeze lasts no longer. */
  #limit({ relocation, number }: Extract<Effect, { kind: 'freeze' }>): void {
    const passed = { kind: 'limit', relocation, number } as const;
    setTimeout(() => this.happens(passed), this.#freezeLimitMs).unref();
  }

  async #prepare(to: Peer, prepare: Prepare): Promise<void> {
    const { relocation, number } = prepare;
    const heard = await this.#send(to, '/transfer/v1/prepare', prepare, this.#freezeLimitMs);
    this.happens({ kind: 'prepared', relocation, number, answer: meaning(heard), at: performance.now() });
  }

  /** Nobody but the source knows of its decision: it tells the target until that has heard. */
  async #tellDecision(relocation: string): Promise<void> {
    let whole = false;
    for (
      let told = decision(this.state, relocation, whole);
      told !== null;
      told = decision(this.state, relocation, whole)
    ) {
      const { to, commit } = told;
      const heard = await this.#send(to, '/transfer/v1/commit', commit, CALL_MS);
      if (heard.status === 204) this.happens({ kind: 'committed', relocation, number: commit.number });
      else if (heard.type === 'NotPrepared' && !whole) whole = true;
      else if (this.#rules.repeats) await pause(RETRY_MS);
      else return;
    }
  }

  /** Where nothing listens any more, nobody relays: what an instance knew ended with its process. */
  async #tell(to: Peer, leaving: Leaving): Promise<void> {
    const { number } = leaving;
    while (this.state.retiring?.number === number && !this.state.retiring.final) {
      const { status, body, refused } = await this.#send(to, '/transfer/v1/leaving', leaving, TELL_MS);
      if (status === 200 || refused) return this.happens({ kind: 'heard', number, peer: to, peers: peersIn(body) });
      await pause(RETRY_MS);
    }
  }

  async #copyAhead(relocation: string): Promise<void> {
    if (this.#copying.has(relocation)) return;
    this.#copying.add(relocation);
    while (this.state.relocations.get(relocation)?.phase === 'promised') {
      const ahead = behind(this.state, relocation, CHUNK);
      if (ahead === null || !(await this.#copy(ahead.to, ahead.copy))) await pause(REFRESH_MS);
    }
    this.#copying.delete(relocation);
  }

  async #copy(target: Peer, { source, ...copy }: Copy): Promise<boolean> {
    const body = { ...copy, source: endpointOf(source) };
    const heard = await this.#send(target, '/relocation/v1/copy', body, CALL_MS);
    if (heard.status !== 204) return false;
    this.happens({ kind: 'copied', relocation: copy.relocation, target, entries: copy.chunk });
    return true;
  }

  async #send(to: Peer, path: string, body: object, timeoutMs: number): Promise<Answer> {
    const sent = performance.now();
    const heard = await post(`${schemeFor(this.#proof)}://${to}${path}`, body, timeoutMs, this.#proof);
    if (heard.status === 204) this.#roundTripMs = performance.now() - sent;
    return heard;
  }
}

function peersIn(body: unknown): Peer[] {
  const { peers } = (body ?? {}) as { peers?: unknown };
  return Array.isArray(peers) ? peers.filter((peer) => typeof peer === 'string') : [];
}

function meaning({ status, type }: Answer): 'yes' | 'incomplete' | 'refused' | 'silent' {
  if (status === 204) return 'yes';
  if (status !== 409) return 'silent';
  return type === 'Incomplete' ? 'incomplete' : 'refused';
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Access } from './access.ts';
import { Accepted, Context, excess } from './context.ts';
import type { Kind } from './kinds.ts';
import { Line, type LinePlan } from './line.ts';
import type { Tally } from './tally.ts';
import { within } from '../within.ts';

export interface DevicePlan extends LinePlan {
  readonly ue: string;
  /** Of its first write. */
  readonly number: number;
  /** Where in each interval its writes are due: 0 to 1. */
  readonly phase: number;
  /** Between two writes: while somebody counts them, and while nobody does. */
  readonly intervalMs: { readonly counted: number; readonly resting: number };
  /** A write is given up this long after it was due. */
  readonly giveUpMs: number;
}

/** An answer that takes longer is not awaited: the write is sent again, with the same number, on another connection. */
const ATTEMPT_MS = 1_000;
const RETRY_MS = { first: 20, most: 200 } as const;

/** From a moment on, in milliseconds of the monotonic clock: which number is due next, when, and each so long after the other. */
interface Pace {
  readonly since: number;
  readonly number: number;
  readonly start: number;
  readonly intervalMs: number;
}

/**
 * A device that writes at a fixed rate, whatever becomes of its writes (open loop): number n is due at a time of its own.
 * One write at a time; what becomes due meanwhile waits its turn. While nobody counts it may have another rate.
 */
export class Device {
  readonly #plan: DevicePlan;
  readonly #line: Line;
  readonly #tallies = new Set<Tally>();
  readonly #done: Promise<void>;
  /** The last is that of now; the earlier ones are of numbers that are not settled yet. */
  #paces: readonly [Pace, ...Pace[]];
  #awake = new AbortController();
  #stoppedAt = Number.POSITIVE_INFINITY;
  #settled: number;
  #waiting: (() => void)[] = [];
  #highest = { counter: 0, epoch: 0 };
  #excess = 0;
  #instance: string | null = null;
  #counts = { acknowledged: 0, givenUp: 0, stale: 0, retried: 0 };

  constructor(plan: DevicePlan) {
    this.#plan = plan;
    this.#line = new Line(plan);
    this.#settled = plan.number - 1;
    this.#paces = [this.#paceFrom(performance.now(), plan.number, plan.intervalMs.resting)];
    this.#done = this.#run();
  }

  get ue(): string {
    return this.#plan.ue;
  }

  get kind(): Kind {
    return this.#plan.kind;
  }

  attach(access: Access): void {
    this.#line.attach(access);
  }

  /** The last number that is due before `at`, unless the device was stopped earlier. */
  lastDueBefore(at: number): number {
    const until = Math.min(at, this.#stoppedAt);
    const { number, start, intervalMs } = this.#paces.findLast(({ since }) => since <= until) ?? this.#paces[0];
    return number - 1 + Math.max(0, Math.ceil((until - start) / intervalMs));
  }

  watch(tally: Tally): void {
    this.#tallies.add(tally);
    this.#turnTo(this.#plan.intervalMs.counted);
  }

  unwatch(tally: Tally): void {
    this.#tallies.delete(tally);
    if (this.#tallies.size === 0) this.#turnTo(this.#plan.intervalMs.resting);
  }

  /** Resolves when every write up to this number is acknowledged or given up. */
  async settled(number: number): Promise<void> {
    while (this.#settled < number) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The user's context, read back; null when that failed for as long as a write is tried. */
  async context(): Promise<Context | null> {
    const deadline = AbortSignal.timeout(this.#plan.giveUpMs);
    while (!deadline.aborted) {
      try {
        const signal = within(deadline, ATTEMPT_MS);
        const { status, body } = await this.#line.get(`/users/${this.ue}`, signal);
        if (status === 200) return Context.parse(JSON.parse(body));
      } catch {
        // tried again until the deadline
      }
      await pause(RETRY_MS.most);
    }
    return null;
  }

  /** How many writes the context counts twice that no earlier caller was told of. */
  newlyDoubled(context: Context | null): number {
    const more = Math.max(0, (context === null ? 0 : excess(context)) - this.#excess);
    this.#excess += more;
    return more;
  }

  /** Nothing becomes due from now on; resolves when the rest is settled, with the next free number. */
  async stop(): Promise<number> {
    this.#stoppedAt = Math.min(this.#stoppedAt, performance.now());
    this.#awake.abort();
    await this.#done;
    this.#line.close();
    return this.#settled + 1;
  }

  toJSON(): object {
    const { ue, kind, address } = this.#plan;
    const { access, cached, opened } = this.#line;
    return {
      ue,
      kind,
      address,
      network: access.name,
      cached,
      instance: this.#instance,
      number: this.#settled,
      ...this.#highest,
      connections: opened,
      ...this.#counts,
    };
  }

  #paceFrom(since: number, number: number, intervalMs: number): Pace {
    return { since, number, start: since + this.#plan.phase * intervalMs, intervalMs };
  }

  #turnTo(intervalMs: number): void {
    const now = performance.now();
    if (intervalMs === this.#paces.at(-1)?.intervalMs || this.#stoppedAt <= now) return;
    const [first, ...more] = this.#paces.filter(
      (_, nth, all) => (all[nth + 1]?.number ?? Infinity) > this.#settled + 1,
    );
    const next = this.#paceFrom(now, this.lastDueBefore(now) + 1, intervalMs);
    this.#paces = first === undefined ? [next] : [first, ...more, next];
    this.#awake.abort();
    this.#awake = new AbortController();
  }

  async #run(): Promise<void> {
    for (let number = this.#plan.number; ; number += 1) {
      const due = await this.#due(number);
      if (due === undefined) return;
      await this.#write(number, due);
      this.#settled = number;
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /** Waits until this number is due, at whatever pace that comes to be; undefined: the device is stopped before. */
  async #due(number: number): Promise<number | undefined> {
    for (;;) {
      const pace = this.#paces.findLast((each) => each.number <= number) ?? this.#paces[0];
      const due = pace.start + (number - pace.number) * pace.intervalMs;
      const ahead = due - performance.now();
      if (number > this.lastDueBefore(Number.POSITIVE_INFINITY)) return undefined;
      if (ahead <= 0) return due;
      await pause(Math.ceil(ahead), undefined, { signal: this.#awake.signal }).catch(() => undefined);
    }
  }

  async #write(number: number, due: number): Promise<void> {
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(2 * wait, RETRY_MS.most)) {
      const left = due + this.#plan.giveUpMs - performance.now();
      if (left <= 0) return this.#gaveUp(number);
      try {
        return this.#acknowledged(await this.#attempt(number, Math.min(left, ATTEMPT_MS)));
      } catch {
        this.#counts.retried += 1;
        await pause(Math.min(wait, left));
      }
    }
  }

  async #attempt(number: number, ms: number): Promise<Accepted> {
    const path = `/users/${this.ue}/writes`;
    const { status, headers, body } = await this.#line.post(
      path,
      JSON.stringify({ number }),
      AbortSignal.timeout(Math.ceil(ms)),
    );
    const reached = headers['ferry-instance'];
    if (typeof reached === 'string') this.#instance = reached;
    if (status !== 200) throw new Error(`the application answered ${status}`);
    const accepted = Accepted.parse(JSON.parse(body));
    if (accepted.number !== number) throw new Error(`the application answered for ${accepted.number}`);
    return accepted;
  }

  #acknowledged({ number, counter, epoch }: Accepted): void {
    const at = performance.now();
    const stale = counter < this.#highest.counter || epoch < this.#highest.epoch;
    this.#highest = {
      counter: Math.max(counter, this.#highest.counter),
      epoch: Math.max(epoch, this.#highest.epoch),
    };
    this.#counts.acknowledged += 1;
    if (stale) this.#counts.stale += 1;
    for (const tally of this.#tallies) tally.acknowledged(number, { at, stale });
  }

  #gaveUp(number: number): void {
    this.#counts.givenUp += 1;
    for (const tally of this.#tallies) tally.gaveUp(number);
  }
}

import {
  FAILURES_LISTED,
  type EvacuationFailure,
  type EvacuationResult,
  type EvacuationWish,
} from '../../domain/evacuation.ts';
import { isMoved } from '../../domain/ended.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { nameOf, Window, type Landed, type Leaver, type Move } from '../../domain/window.ts';
import type { Wait } from '../ports.ts';
import { serverNow } from '../waiting.ts';
import { Bell } from './bell.ts';
import type { EvacuateOrder, Means } from './evacuate-host.ts';
import { landing } from './landing.ts';
import { leaversAt } from './leavers.ts';
import { awayFrom, notYetAt } from './returners.ts';
import type { Begun, Run, RunEnded } from './runs.ts';

/** So often it is looked at what the operator wants, and who waits for a person. */
const [WISH_MS, RESTING_MS] = [1_000, 10_000];
/** And, when nobody is left, who is on the way here. */
const COMING_MS = 2_000;
const MESSAGE_LENGTH = 200;
/** By then the index shows what was begun, and a sign of life need not: thousands may wait for a person. */
const INDEXED_MS = 600_000;

/** Under way so many times as long as one that goes well: it may have failed, and is being undone. */
const OVERDUE = 2;

/** Under way, as it travels with a sign of life. */
interface Flight extends Move, Run {}

/** One attempt at emptying a site. */
export class Evacuation {
  readonly #order: EvacuateOrder;
  readonly #means: Omit<Means, 'pace'>;
  readonly #wait: Wait;
  readonly #bell = new Bell();
  readonly #flights = new Map<string, Flight>();
  readonly #flying = new Set<Promise<void>>();
  /** Since when each has been under way, as far as is known here. */
  readonly #since = new Map<string, number>();
  /** Ids that the index has shown. */
  #indexed: ReadonlySet<string> = new Set();
  readonly #arrived = { count: 0, tookMs: 0 };
  readonly #failures: EvacuationFailure[] = [];
  /** Moved by somebody else, in vain: the next time it is for us. */
  readonly #notOurs = new Set<string>();
  /** Who comes from elsewhere than the site, and what was accepted when they went there. */
  readonly #whence = new Map<string, Pick<RelocationRequest, 'source' | 'accept'>>();
  #window: Window;
  #wish: EvacuationWish = { window: 0, paused: true, cancelled: false };
  /** Whoever is there has been found. */
  #looked = false;
  /** So many were known when it was looked who is there with nobody under way. */
  #lookedWith: number | undefined;
  /** On the way here, as was seen last, and when. */
  #coming = { count: 0, seenAt: -Infinity };
  #broken: { readonly error: unknown } | undefined;

  constructor(order: EvacuateOrder, means: Omit<Means, 'pace'>, wait: Wait) {
    [this.#order, this.#means, this.#wait] = [order, means, wait];
    this.#window = new Window(this.#targets);
  }

  /** What comes back has one place to go. */
  get #targets(): readonly string[] {
    const { site, among, returns } = this.#order;
    return returns === undefined ? among : [site];
  }

  get #sources(): readonly string[] {
    const { site, among, returns } = this.#order;
    return returns === undefined ? [site] : among;
  }

  get #workflowId(): string {
    return this.#order.workflowId ?? `evacuation:${this.#order.site}`;
  }

  /** Whatever it waits for ends with it: a worker that stops waits for its activities. */
  async run(): Promise<EvacuationResult> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#wait.signal, stop.signal]);
    const clock = setInterval(this.#bell.ring, WISH_MS);
    signal.addEventListener('abort', this.#bell.ring, { once: true });
    try {
      return await this.#evacuated(signal);
    } finally {
      clearInterval(clock);
      stop.abort();
      await Promise.allSettled(this.#flying);
    }
  }

  async #evacuated(signal: AbortSignal): Promise<EvacuationResult> {
    this.#wish = await this.#means.runs.wish(this.#workflowId, signal);
    await this.#goOn(signal);
    let [wishAt, restingAt] = [performance.now(), performance.now()];
    for (;;) {
      signal.throwIfAborted();
      if (this.#broken !== undefined) throw this.#broken.error;
      const now = performance.now();
      if (now - wishAt >= WISH_MS) {
        this.#wish = await this.#means.runs.wish(this.#workflowId, signal);
        wishAt = now;
      }
      if (now - restingAt >= RESTING_MS) {
        await this.#lookWhoRests(signal);
        restingAt = now;
      }
      this.#begin(signal);
      this.#tell();
      const result = this.#result();
      if (result !== undefined && !(await this.#looksAgain(result, signal))) return result;
      await this.#bell.heard();
    }
  }

  /** What an earlier attempt has begun; and who is there now: whoever is found goes while others are looked for. */
  async #goOn(signal: AbortSignal): Promise<void> {
    const { site, evacuation, returns } = this.#order;
    const { runs } = this.#means;
    this.#wait.progress(`looking at what ${site} serves`);
    const heard = JSON.parse(this.#wait.kept('underWay') ?? '[]') as readonly Flight[];
    const begun = await runs.begun(evacuation, signal);
    this.#indexed = new Set(begun.map(({ id }) => id));
    const away = returns === undefined ? [] : awayFrom(site, await runs.begun(returns, signal));
    for (const one of away) this.#whence.set(nameOf(one), { source: one.target, accept: one.accept });
    const earlier = new Map<string, Flight[]>();
    for (const flight of [...begun.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)), ...heard]) {
      const before = earlier.get(nameOf(flight)) ?? [];
      if (!before.some(({ id }) => id === flight.id)) earlier.set(nameOf(flight), [...before, flight]);
    }
    const moved = new Set(begun.filter(({ outcome }) => isMoved(outcome)).map(({ id }) => id));
    for (const flights of earlier.values()) {
      const last = flights.at(-1);
      if (last === undefined) continue;
      if (moved.has(last.id)) this.#window.gone(last);
      else
        this.#follow(
          this.#window.adopt(
            last,
            flights.slice(0, -1).map(({ target }) => target),
          ),
          signal,
          last,
        );
    }
    // Once it was cancelled nobody has to be asked who is not there
    if (!this.#wish.cancelled) this.#keep(this.#look(away, signal));
  }

  async #look(away: readonly Begun[], signal: AbortSignal): Promise<void> {
    const { site, perUser, returns } = this.#order;
    const { catalogue } = this.#means;
    const home = await catalogue.site(site);
    const applications = await catalogue.applications();
    const found = (leavers: readonly Leaver[]): void => {
      this.#window.add(leavers);
      if (this.#flights.size < this.#wish.window) this.#bell.ring();
    };
    if (returns === undefined) {
      // `*` goes last: with it all of the application have been found before
      const open = applications.filter(({ name }) => !this.#window.knows({ application: name, users: '*' }));
      await leaversAt(home, open, perUser, signal, found);
    } else {
      const open = away.filter((one) => !this.#window.knows(one));
      await notYetAt(home, applications, open, signal, found);
    }
    this.#looked = true;
  }

  /** Who was on the way here before nobody might come any more is waited for: until a look finds nobody else. */
  async #looksAgain({ counts: { total, left } }: EvacuationResult, signal: AbortSignal): Promise<boolean> {
    const isOver = this.#wish.cancelled || left > 0 || this.#isLate() || this.#order.returns !== undefined;
    if (isOver || this.#lookedWith === total) return false;
    const now = performance.now();
    if (now - this.#coming.seenAt < COMING_MS) return true;
    this.#coming = { count: await this.#means.runs.comingTo(this.#order.site, signal), seenAt: now };
    if (this.#coming.count > 0) return true;
    this.#coming.seenAt = -Infinity;
    this.#lookedWith = total;
    this.#looked = false;
    this.#keep(this.#look([], signal));
    return true;
  }

  #begin(signal: AbortSignal): void {
    const { window, paused, cancelled } = this.#wish;
    if (paused || cancelled || this.#isLate()) return;
    for (let move = this.#window.next(window); move !== undefined; move = this.#window.next(window))
      this.#follow(move, signal);
  }

  #follow(move: Move, signal: AbortSignal, begun?: Run): void {
    this.#keep(this.#fly(move, begun, signal));
  }

  /** Goes on beside everything else, and ends with it. */
  #keep(work: Promise<void>): void {
    const flight = work
      .catch((error: unknown) => {
        this.#broken ??= { error };
      })
      .finally(() => {
        this.#flying.delete(flight);
        this.#bell.ring();
      });
    this.#flying.add(flight);
  }

  async #fly(move: Move, begun: Run | undefined, signal: AbortSignal): Promise<void> {
    const { evacuation, site, deadline } = this.#order;
    const { source, accept } = this.#whence.get(nameOf(move)) ?? { source: site, accept: this.#order.accept };
    const request: RelocationRequest = {
      application: move.application,
      users: move.users,
      source,
      target: move.target,
      ...(accept !== undefined && { accept }),
      ...(deadline !== null && { deadline }),
      cutOver: 'immediately',
    };
    const run = begun ?? (await this.#means.runs.begin(request, { evacuation }, signal));
    this.#flights.set(nameOf(move), { ...move, id: run.id, own: run.own });
    this.#since.set(nameOf(move), performance.now());
    const ended = await this.#means.runs.ended(run.id, signal);
    this.#flights.delete(nameOf(move));
    if (begun === undefined && isMoved(ended.outcome)) this.#arrives(move);
    this.#lands(move, run, ended);
  }

  #lands(move: Move, run: Run, ended: RunEnded): void {
    const again = !run.own && !this.#notOurs.has(nameOf(move));
    if (!run.own) this.#notOurs.add(nameOf(move));
    const how: Landed = landing(ended, again);
    if (this.#window.lands(move, how) !== 'failed' || this.#failures.length >= FAILURES_LISTED) return;
    const { type, message } = ended.failure ?? { type: 'Unexpected', message: 'it was ended from outside' };
    const { application, users, target } = move;
    const told = message.slice(0, MESSAGE_LENGTH);
    this.#failures.push({ application, users, target, failure: type, message: told, relocation: run.id });
  }

  #arrives(move: Move): void {
    this.#arrived.count += 1;
    this.#arrived.tookMs += performance.now() - (this.#since.get(nameOf(move)) ?? 0);
  }

  async #lookWhoRests(signal: AbortSignal): Promise<void> {
    const { runs } = this.#means;
    const resting = await runs.resting(this.#sources, signal);
    // Who waits for a person takes no room anyway, and there may be thousands of them
    const overdue = this.#overdue().filter((id) => !resting.has(id));
    const goingBack = await runs.goingBack(overdue, signal);
    const named = (ids: ReadonlySet<string>): ReadonlySet<string> =>
      new Set([...this.#flights].flatMap(([name, { id }]) => (ids.has(id) ? [name] : [])));
    this.#window.rest(named(resting));
    this.#window.goBack(named(goingBack));
  }

  /** Ids of those that would have arrived by now. */
  #overdue(): readonly string[] {
    const { count, tookMs } = this.#arrived;
    const latest = performance.now() - (OVERDUE * tookMs) / count; // nobody has arrived: not a number
    return [...this.#flights].flatMap(([name, { id }]) => ((this.#since.get(name) ?? 0) < latest ? [id] : []));
  }

  /** Of those under way, what an attempt after this one may not see. */
  #unindexed(): readonly Flight[] {
    const shown = performance.now() - INDEXED_MS;
    return [...this.#flights.values()].filter(
      (flight) => !flight.own || (!this.#indexed.has(flight.id) && (this.#since.get(nameOf(flight)) ?? 0) > shown),
    );
  }

  #tell(): void {
    const { counts } = this.#window;
    this.#wait.keep('underWay', JSON.stringify(this.#unindexed()));
    this.#wait.keep('counts', JSON.stringify(counts));
    this.#wait.keep('failures', JSON.stringify(this.#failures));
    const { site } = this.#order;
    const looking = this.#looked || this.#wish.cancelled ? '' : `still looking at what ${site} serves: `;
    const coming = this.#coming.count === 0 ? '' : `, ${this.#coming.count} on the way to ${site} are waited for`;
    this.#wait.progress(
      `${looking}${counts.moved} of ${counts.total} moved, ${counts.underWay} under way, ${counts.failed} failed, ${counts.left} not begun${coming}`,
    );
  }

  /** Undefined: it is not over. Once nothing more is to be begun, whoever waits for a person is not waited for. */
  #result(): EvacuationResult | undefined {
    const { counts } = this.#window;
    const stopped = this.#wish.cancelled ? 'cancelled' : this.#isLate() ? 'deadlinePassed' : undefined;
    if (!this.#looked && !this.#wish.cancelled) return undefined;
    const over = counts.left === 0 || stopped !== undefined;
    if (!over || counts.underWay > (stopped === undefined ? 0 : counts.resting)) return undefined;
    const done = this.#order.returns === undefined ? 'evacuated' : 'returned';
    const whole = counts.failed === 0 ? done : 'inPart';
    const outcome = counts.left > 0 || counts.underWay > 0 || !this.#looked ? (stopped ?? whole) : whole;
    return { outcome, counts, failures: this.#failures };
  }

  #isLate(): boolean {
    const { deadline } = this.#order;
    return deadline !== null && serverNow() >= Date.parse(deadline);
  }
}

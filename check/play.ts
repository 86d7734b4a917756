import { setTimeout as pause } from 'node:timers/promises';
import { calls, UNKNOWN_CALL } from '../adapters/application/calls.ts';
import { type ApplicationState, type Receipt, serves } from '../domain/application.ts';
import { fits, said, standingOf, told } from './answers.ts';
import { difference } from './copied.ts';
import { Between } from './between.ts';
import { Caller } from './caller.ts';
import type { Answered } from './instance.ts';
import type { Ask, Expected, Move, Relocation, Scenario } from './moves.ts';
import type { Stage } from './stage.ts';

/** Who told whom what, and what came of it. */
export interface Line {
  readonly who: string;
  readonly what: string;
  readonly answer: string;
  /** Times in a row. */
  readonly times: number;
}

export type Played =
  | { readonly verdict: 'held' }
  | { readonly verdict: 'notTried'; readonly why: string }
  | { readonly verdict: 'broken'; readonly demand: string; readonly trace: readonly Line[] };

/** Something is not as it has to be: because of the rule, where there is a demand. */
class Otherwise extends Error {
  readonly demand: string | null;

  constructor(demand: string | null, saw: string) {
    super(saw);
    this.demand = demand;
  }
}

const POLL_MS = 25;
const RESTART_MS = 60_000;
/** Above what S may propose meanwhile. */
const TAKEOVER = 16;

/** One scenario, with a user whom nobody has heard of. */
export class Play {
  readonly user: string;
  readonly between: Between;
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #caller: Caller;
  readonly #nameOf: (relocation: Relocation) => string;
  readonly #trace: Line[] = [];
  readonly #begun: { readonly ask: Ask; readonly answer: Promise<Answered> }[] = [];
  #promised = false;
  #known = { start: 0, takeover: 0, receipt: null as Receipt | null };

  constructor(stage: Stage, scenario: Scenario, user: string, nameOf: (relocation: Relocation) => string) {
    [this.#stage, this.#scenario, this.user, this.#nameOf] = [stage, scenario, user, nameOf];
    this.#caller = new Caller(stage, scenario, user, nameOf);
    const [from, to] = scenario.between === 'T>S' ? ['T', 'S'] : ['S', 'T'];
    const receiver = scenario.between === 'T>S' ? stage.S : stage.T;
    this.between = new Between(receiver?.endpoint ?? null, (kind, came) => this.#tell(`${from} → ${to}`, kind, came));
  }

  async run(): Promise<Played> {
    this.#caller.address = await this.between.listen(this.#stage.here);
    const state = await this.#stage.S.ask(calls.state(this.user));
    if (state.status === 200) this.#known.start = standingOf(state.body as ApplicationState, this.user).epoch;
    this.#known.takeover = this.#known.start + TAKEOVER;
    try {
      for (const move of this.#scenario.moves) await this.#make(move);
      return { verdict: 'held' };
    } catch (error) {
      if (!(error instanceof Otherwise)) throw error;
      const { demand, message } = error;
      if (demand === null) return { verdict: 'notTried', why: message };
      return { verdict: 'broken', demand, trace: [...this.#trace] };
    } finally {
      this.between.release();
      await Promise.all(this.#begun.map(async ({ answer }) => await answer));
    }
  }

  async #make(move: Move): Promise<void> {
    const { between } = this;
    switch (move.move) {
      case 'ask':
        return await this.#asks(move);
      case 'ends':
        return await this.#ends(move.expected, move.demand);
      case 'fate':
        return between.from(move.kind, move.fate);
      case 'release':
        return between.release();
      case 'comes':
        if (await between.comes(move.kind, move.answered === true, this.#stage.patienceMs)) return;
        throw new Otherwise(move.demand ?? null, `no ${move.kind} came to the address that was told`);
      case 'again': {
        const status = await between.again(move.kind);
        return this.#tell(
          this.#scenario.between === 'T>S' ? 'T → S' : 'S → T',
          `${move.kind}, the first once more, late`,
          String(status ?? 'nothing'),
        );
      }
      case 'write':
        return await this.#writes(move);
      case 'restart':
        return await this.#restarts();
      case 'same':
        return this.#same(move);
      case 'one':
        return await this.#oneOnly(move.count, move.demand);
    }
  }

  async #asks(ask: Ask): Promise<void> {
    const { at, call, expected, demand = null } = ask;
    if (ask.begins === true) {
      this.#tell(`Ferry → ${at}`, said(ask), 'has not answered yet');
      this.#begun.push({ ask, answer: this.#caller.ask(ask, this.#known) });
      return;
    }
    const deadline = Date.now() + (ask.until === true ? this.#stage.patienceMs : 0);
    let answer = await this.#caller.ask(ask, this.#known);
    while (!fits(expected, answer, this.user, this.#known) && Date.now() < deadline) {
      await pause(POLL_MS);
      answer = await this.#caller.ask(ask, this.#known);
    }
    const saw = told(call, answer, this.user);
    this.#tell(`Ferry → ${at}`, said(ask), saw);
    this.#judge(ask, answer, expected, demand);
  }

  async #ends(expected: Expected, demand: string | undefined): Promise<void> {
    for (const { ask, answer } of this.#begun) {
      const came = await answer;
      this.#tell(`Ferry → ${ask.at}`, `${ask.call}, as it came out`, told(ask.call, came, this.user));
      if (expected.is === 'sameReceipt' && this.#known.receipt === null) this.#remember(ask, came);
      this.#judge(ask, came, expected, demand ?? null);
    }
  }

  #judge(ask: Ask, answer: Answered, expected: Expected, demand: string | null): void {
    const { status, type } = answer;
    const unknown = status !== null && UNKNOWN_CALL.includes(status) && type === null;
    if (unknown && (ask.call === 'retire' || ask.call === 'supersede'))
      throw new Otherwise(null, `the application does not know the call "${ask.call}", which is optional`);
    if (fits(expected, answer, this.user, this.#known)) return this.#remember(ask, answer);
    if (ask.call === 'promise' && ask.at === 'S' && type === 'NotServing' && !this.#promised)
      throw new Otherwise(null, `${ask.at} gives no single user away (409 NotServing), at most all of them`);
    const least = expected.is === 'receipt' && expected.skips !== undefined ? this.#known.start + expected.skips : null;
    const whole = demand === null || least === null ? demand : `${demand} (above ${least})`;
    throw new Otherwise(whole, `${ask.call} at ${ask.at} came out as ${told(ask.call, answer, this.user)}`);
  }

  #remember({ call }: Ask, { status, body }: Answered): void {
    this.#promised ||= call === 'promise' && status === 200;
    if (call === 'handOver' && status === 200) this.#known.receipt ??= body as Receipt;
  }

  async #writes({ at, number, demand }: Extract<Move, { move: 'write' }>): Promise<void> {
    const { host } = this.#caller.instance(at).endpoint;
    const acknowledged = (await this.#stage.write?.(host, this.user, number)) === true;
    this.#tell(`client → ${at}`, `write ${number} of u`, acknowledged ? 'acknowledged' : 'not acknowledged');
    if (!acknowledged) throw new Otherwise(demand ?? null, `the command of --write did not write at ${at}`);
  }

  #same({ under, demand }: Extract<Move, { move: 'same' }>): void {
    const [one, other] = under.map((relocation) => this.between.copiedUnder(this.#nameOf(relocation)));
    if (one?.length === 0 || other?.length === 0) throw new Otherwise(null, 'what is copied does not come by here');
    // Who copies one user's context copies one entry
    const found = one?.length === 1 && other?.length === 1 ? difference(one[0], other[0]) : difference(one, other);
    if (found === null) return;
    if (demand === undefined) throw new Otherwise(null, `what is copied of u changes by itself (${found})`);
    this.#tell('S → T', `u's context, copied (${under.join(', then ')})`, found);
    throw new Otherwise(demand, found);
  }

  /** It answers again: before, it says nothing about what it kept. */
  async #restarts(): Promise<void> {
    if ((await this.#stage.restart?.()) !== true) throw new Otherwise(null, 'the command of --restart failed');
    const deadline = Date.now() + RESTART_MS;
    while ((await this.#caller.instance('T').ask(calls.state(this.user))).status === null && Date.now() < deadline)
      await pause(POLL_MS);
    this.#tell('provider', 'has T started again', 'done');
  }

  async #oneOnly(count: number, demand: string): Promise<void> {
    const deadline = Date.now() + this.#stage.patienceMs;
    for (;;) {
      const asked = await Promise.all(
        (['S', 'T'] as const).map(async (who) => ({
          who,
          state: await this.#caller.instance(who).ask(calls.state(this.user)),
        })),
      );
      const standing = asked.map(
        ({ state }) => state.status === 200 && serves(state.body as ApplicationState, this.user),
      );
      const holders = asked.filter((_, index) => standing[index] === true);
      const [holder] = holders;
      const held = holder === undefined ? 0 : standingOf(holder.state.body as ApplicationState, this.user).count;
      const fine = holders.length === 1 && held === count;
      if (!fine && Date.now() < deadline) await pause(POLL_MS);
      else {
        for (const { who, state } of asked) this.#tell(`Ferry → ${who}`, 'state of u', told('state', state, this.user));
        if (fine) return;
        throw new Otherwise(demand, 'not one authority with everything');
      }
    }
  }

  #tell(who: string, what: string, answer: string): void {
    const last = this.#trace.at(-1);
    const same = last?.who === who && last.what === what && last.answer === answer;
    if (same) this.#trace[this.#trace.length - 1] = { ...last, times: last.times + 1 };
    else this.#trace.push({ who, what, answer, times: 1 });
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { calls, UNKNOWN_CALL } from '../adapters/application/calls.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { type ApplicationState, highestEpoch, type Receipt, serves } from '../domain/application.ts';
import { fits, said, standingOf, told } from './answers.ts';
import { Between } from './between.ts';
import type { Answered, Instance } from './instance.ts';
import type { Ask, Expected, Move, Relocation, Scenario, Who } from './moves.ts';

/** The instances, and what else the provider has given. */
export interface Stage {
  readonly S: Instance;
  readonly T: Instance | null;
  /** The address of this machine under which they meet us. */
  readonly here: string;
  /** Has a client write, at this host; true: it was acknowledged. */
  readonly write: ((host: string, user: string, number: number) => Promise<boolean>) | null;
  /** Starts T again; resolves when that has been done. */
  readonly restart: (() => Promise<void>) | null;
  /** So long whatever has to come about may take. */
  readonly patienceMs: number;
}

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
  readonly relocations = new Set<Relocation>();
  readonly between: Between;
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #nameOf: (relocation: Relocation) => string;
  readonly #trace: Line[] = [];
  readonly #begun: { readonly ask: Ask; readonly answer: Promise<Answered> }[] = [];
  #address: Endpoint | null = null;
  #known = { start: 0, takeover: 0, receipt: null as Receipt | null };

  constructor(stage: Stage, scenario: Scenario, user: string, nameOf: (relocation: Relocation) => string) {
    [this.#stage, this.#scenario, this.user, this.#nameOf] = [stage, scenario, user, nameOf];
    const [from, to] = scenario.between === 'T>S' ? ['T', 'S'] : ['S', 'T'];
    const receiver = scenario.between === 'T>S' ? stage.S : stage.T;
    this.between = new Between(receiver?.endpoint ?? null, (kind, came) => this.#tell(`${from} → ${to}`, kind, came));
  }

  async run(): Promise<Played> {
    this.#address = await this.between.listen(this.#stage.here);
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
      case 'one':
        return await this.#oneOnly(move.count, move.demand);
    }
  }

  async #asks(ask: Ask): Promise<void> {
    const { at, call, expected, demand = null } = ask;
    this.relocations.add(ask.relocation);
    if (ask.begins === true) {
      this.#tell(`Ferry → ${at}`, said(ask), 'has not answered yet');
      this.#begun.push({ ask, answer: this.#ask(ask) });
      return;
    }
    const deadline = Date.now() + (ask.until === true ? this.#stage.patienceMs : 0);
    let answer = await this.#ask(ask);
    while (!fits(expected, answer, this.user, this.#known) && Date.now() < deadline) {
      await pause(POLL_MS);
      answer = await this.#ask(ask);
    }
    const saw = told(call, answer, this.user);
    this.#tell(`Ferry → ${at}`, said(ask), saw);
    this.#judge(ask, answer, expected, demand);
  }

  async #ends(expected: Expected, demand: string | undefined): Promise<void> {
    for (const { ask, answer } of this.#begun) {
      const said = await answer;
      this.#tell(`Ferry → ${ask.at}`, `${ask.call}, as it came out`, told(ask.call, said, this.user));
      if (expected.is === 'sameReceipt' && this.#known.receipt === null) this.#remember(ask, said);
      this.#judge(ask, said, expected, demand ?? null);
    }
  }

  #judge(ask: Ask, answer: Answered, expected: Expected, demand: string | null): void {
    const { status, type } = answer;
    const unknown = status !== null && UNKNOWN_CALL.includes(status) && type === null;
    if (unknown && (ask.call === 'retire' || ask.call === 'supersede'))
      throw new Otherwise(null, `the application does not know the call "${ask.call}", which is optional`);
    if (fits(expected, answer, this.user, this.#known)) return this.#remember(ask, answer);
    const least = expected.is === 'receipt' && expected.skips !== undefined ? this.#known.start + expected.skips : null;
    const whole = demand === null || least === null ? demand : `${demand} (above ${least})`;
    throw new Otherwise(whole, `${ask.call} at ${ask.at} came out as ${told(ask.call, answer, this.user)}`);
  }

  #remember({ call }: Ask, { status, body }: Answered): void {
    if (call === 'handOver' && status === 200) this.#known.receipt ??= body as Receipt;
  }

  async #ask(ask: Ask): Promise<Answered> {
    const { at, call, late, spared = false } = ask;
    const instance = this.#instance(at);
    const [relocation, users] = [this.#nameOf(ask.relocation), this.user];
    const other = ask.other === null ? null : this.#addressOf(ask.other, at);
    const about = { relocation, users };
    switch (call) {
      case 'state':
        return await instance.ask(calls.state(users));
      case 'promise':
        return await instance.ask(calls.promise({ ...about, target: other }));
      case 'introduce': {
        const epoch = late === true ? this.#known.start : await this.#epochAt(ask.other ?? 'S');
        return await instance.ask(
          calls.introduce({ ...about, source: this.#addressOf(ask.other ?? 'S', at, true), epoch }),
        );
      }
      case 'handOver':
        return await instance.ask(calls.handOver({ relocation, target: this.#addressOf(ask.other ?? 'T', at) }));
      case 'settle':
        return await instance.ask(calls.settle(about));
      case 'retire':
        return await instance.ask(calls.retire({ relocation }));
      case 'supersede':
        return await instance.ask(
          calls.supersede({ ...about, epoch: this.#known.takeover, to: other, spared, elsewhere: [] }),
        );
    }
  }

  async #epochAt(who: Who): Promise<number> {
    if (who === 'T' && this.#stage.T === null) return this.#known.start;
    const { status, body } = await this.#instance(who).ask(calls.state(this.user));
    return status === 200 ? highestEpoch(body as ApplicationState) : this.#known.start;
  }

  async #writes({ at, number, demand }: Extract<Move, { move: 'write' }>): Promise<void> {
    const { host } = this.#instance(at).endpoint;
    const acknowledged = (await this.#stage.write?.(host, this.user, number)) === true;
    this.#tell(`client → ${at}`, `write ${number} of u`, acknowledged ? 'acknowledged' : 'not acknowledged');
    if (!acknowledged) throw new Otherwise(demand ?? null, `the command of --write did not write at ${at}`);
  }

  /** It answers again: before, it says nothing about what it kept. */
  async #restarts(): Promise<void> {
    await this.#stage.restart?.();
    const deadline = Date.now() + RESTART_MS;
    while ((await this.#instance('T').ask(calls.state(this.user))).status === null && Date.now() < deadline)
      await pause(POLL_MS);
    this.#tell('provider', 'has T started again', 'done');
  }

  async #oneOnly(count: number, demand: string): Promise<void> {
    const deadline = Date.now() + this.#stage.patienceMs;
    for (;;) {
      const asked = await Promise.all(
        (['S', 'T'] as const).map(async (who) => ({
          who,
          said: await this.#instance(who).ask(calls.state(this.user)),
        })),
      );
      const standing = asked.map(({ said }) => said.status === 200 && serves(said.body as ApplicationState, this.user));
      const holders = asked.filter((_, index) => standing[index] === true);
      const [holder] = holders;
      const held = holder === undefined ? 0 : standingOf(holder.said.body as ApplicationState, this.user).count;
      const fine = holders.length === 1 && held === count;
      if (!fine && Date.now() < deadline) await pause(POLL_MS);
      else {
        for (const { who, said } of asked) this.#tell(`Ferry → ${who}`, 'state of u', told('state', said, this.user));
        if (fine) return;
        throw new Otherwise(demand, 'not one authority with everything');
      }
    }
  }

  #instance(who: Who): Instance {
    const { S, T } = this.#stage;
    if (who === 'T' && T === null) throw new Error('there is no second instance');
    return who === 'S' || T === null ? S : T;
  }

  /** How an instance is told where another is: where the checker stands between them, its own address. */
  #addressOf(who: Who, asked: Who, asSource = false): Endpoint {
    const stands = this.#scenario.needs.includes('between') && !asSource;
    const between = this.#scenario.between === 'T>S' ? asked === 'T' : asked === 'S';
    const nobody = who === 'T' && this.#stage.T === null;
    if (this.#address !== null && ((stands && between) || nobody)) return this.#address;
    return this.#instance(who).endpoint;
  }

  #tell(who: string, what: string, answer: string): void {
    const last = this.#trace.at(-1);
    const same = last?.who === who && last.what === what && last.answer === answer;
    if (same) this.#trace[this.#trace.length - 1] = { ...last, times: last.times + 1 };
    else this.#trace.push({ who, what, answer, times: 1 });
  }
}

import { calls } from '../adapters/application/calls.ts';
import type { Call } from '../adapters/http.ts';
import { type ApplicationState, highestEpoch } from '../domain/application.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Known } from './answers.ts';
import type { Answered, Instance } from './instance.ts';
import type { Ask, Relocation, Scenario, Who } from './moves.ts';
import type { Stage } from './stage.ts';

/** Makes of the moves of a scenario what Ferry would ask: with names that nobody else has, and addresses. */
export class Caller {
  /** Of the checker itself, where it stands between the two, or in the place of a second that is not there. */
  address: Endpoint | null = null;
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #user: string;
  readonly #nameOf: (relocation: Relocation) => string;

  constructor(stage: Stage, scenario: Scenario, user: string, nameOf: (relocation: Relocation) => string) {
    [this.#stage, this.#scenario, this.#user, this.#nameOf] = [stage, scenario, user, nameOf];
  }

  async ask(ask: Ask, known: Known): Promise<Answered> {
    const { at, late, spared = false } = ask;
    const [relocation, users] = [this.#nameOf(ask.relocation), this.#user];
    const about = { relocation, users };
    const other = ask.other === null ? null : this.#addressOf(ask.other, at);
    const source = ask.other ?? 'S';
    // As Ferry does: an introduction carries what the source says of itself at that moment
    const epoch = ask.call !== 'introduce' || late === true ? known.start : await this.#epochAt(source, known);
    const made: Readonly<Record<Ask['call'], () => Call<unknown>>> = {
      state: () => calls.state(users),
      promise: () => calls.promise({ ...about, target: other }),
      introduce: () => calls.introduce({ ...about, source: this.#ownAddressOf(source), epoch }),
      handOver: () => calls.handOver({ relocation, target: this.#addressOf(ask.other ?? 'T', at) }),
      settle: () => calls.settle(about),
      retire: () => calls.retire({ relocation }),
      supersede: () => calls.supersede({ ...about, epoch: known.takeover, to: other, spared, elsewhere: [] }),
    };
    return await this.instance(at).ask(made[ask.call]());
  }

  instance(who: Who): Instance {
    const { S, T } = this.#stage;
    if (who === 'S') return S;
    if (T === null) throw new Error('a scenario asks a second instance, and says not that it needs one');
    return T;
  }

  async #epochAt(who: Who, { start }: Known): Promise<number> {
    if (who === 'T' && this.#stage.T === null) return start;
    const { status, body } = await this.instance(who).ask(calls.state(this.#user));
    return status === 200 ? highestEpoch(body as ApplicationState) : start;
  }

  /** How one is told where the other is: where the checker stands between them, its own address. */
  #addressOf(who: Who, asked: Who): Endpoint {
    const { needs, between } = this.#scenario;
    const stands = needs.includes('between') && asked === (between === 'T>S' ? 'T' : 'S');
    return stands && this.address !== null ? this.address : this.#ownAddressOf(who);
  }

  #ownAddressOf(who: Who): Endpoint {
    if (who === 'T' && this.#stage.T === null && this.address !== null) return this.address;
    return this.instance(who).endpoint;
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Counted } from '../../domain/counted.ts';
import { claimNetwork } from '../../test/support/network.ts';
import { servingIn, worldOf } from '../../test/support/sight.ts';
import { type Held, Stage } from '../../test/support/stage.ts';
import { counting, writing } from './devices.ts';
import { faultOf, type Leg, type Site } from './faults.ts';

/** Every direction once. */
const route: readonly Site[] = ['cloud', 'a1', 'a2', 'w1'];
const placeOf = (n: number): Site => route[n % route.length] as Site;

export interface Moved {
  readonly leg: string;
  readonly what: string;
  /** Calls that the fault met. */
  readonly met: number;
  readonly outcome: string;
  readonly freezeMs: number;
  readonly counted: Counted;
}

/** An application that is moved round while its devices write. */
export class Moving {
  readonly stage: Stage;
  /** So late devices give a write up: a busy machine has more time. */
  readonly giveUpMs: number;
  readonly #release: () => Promise<void>;
  #moves = 0;

  private constructor(stage: Stage, release: () => Promise<void>, giveUpMs: number) {
    [this.stage, this.#release, this.giveUpMs] = [stage, release, giveUpMs];
  }

  /** `clampSeconds`: so long resolvers, and one kind of devices, keep an address at least. `nameOnly`: no traffic is led. */
  static async begin({
    clampSeconds,
    nameOnly = false,
  }: {
    clampSeconds: number;
    nameOnly?: boolean;
  }): Promise<Moving> {
    const { net, release } = await claimNetwork();
    const stage = await Stage.set(net, { clamp: clampSeconds });
    if (nameOnly) await stage.sandbox('/quirks', 'POST', { peer: '*', quirk: 'noTrafficRules' });
    return new Moving(stage, release, await writing(stage, clampSeconds));
  }

  async end(): Promise<void> {
    await this.stage.strike();
    await this.#release();
  }

  get #leg(): Leg {
    return { source: placeOf(this.#moves), target: placeOf(this.#moves + 1) };
  }

  /** One leg further, with one fault on the way. */
  async move(): Promise<Moved> {
    const leg = this.#leg;
    const { what, fault } = faultOf(this.#moves, leg);
    await this.stage.clearFaults();
    const id = await this.stage.fault(fault);
    const { result, counted } = await counting(
      this.stage,
      async () => await this.stage.relocate(leg.source, leg.target),
    );
    this.#moves += 1;
    const { fired }: Held = await this.stage.faultState(id);
    const { outcome, freezeMs } = result;
    return { leg: `${leg.source} to ${leg.target}`, what, met: fired, outcome, freezeMs: freezeMs ?? 0, counted };
  }

  /** Nobody moves. */
  async still(ms: number): Promise<Counted> {
    return (await counting(this.stage, async () => await pause(ms))).counted;
  }

  /** The bad variant: the source is stopped, and then the application is moved. */
  async stopFirst(): Promise<Counted> {
    return await this.#killing(async (kill) => {
      await kill();
      await this.stage.begin(this.#leg.source, this.#leg.target);
    });
  }

  /** The bad variant: the source is deleted as soon as its users are handed over. */
  async deleteBeforeDrain(): Promise<Counted> {
    return await this.#killing(async (kill) => {
      const { id } = await this.stage.begin(this.#leg.source, this.#leg.target);
      for (;;) {
        const { step, state } = await this.stage.show(id);
        if (step === 'drain' || state === 'parked' || state === 'ended') break;
        await pause(50);
      }
      await kill();
    });
  }

  async #killing(work: (kill: () => Promise<void>) => Promise<void>): Promise<Counted> {
    const [source] = servingIn(await worldOf(this.stage));
    const kill = async (): Promise<void> => {
      const processes = await this.stage.sandbox<{ name: string; pid: number }[]>('/processes');
      const found = processes.find(({ name }) => name === source);
      if (found === undefined) throw new Error(`instance ${source} has no process`);
      process.kill(found.pid, 'SIGKILL');
    };
    const { counted } = await counting(this.stage, async () => {
      await work(kill);
      await pause(AFTERMATH_MS);
    });
    return counted;
  }
}

/** As long as devices go on writing after it was done. */
const AFTERMATH_MS = 6_000;

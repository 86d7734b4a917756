import {
  condition,
  defineQuery,
  defineUpdate,
  patched,
  setHandler,
  type CancellationScope,
} from '@temporalio/workflow';
import { refusalOf, type Action } from '../../domain/actions.ts';
import type { Leftover, ProcedureStatus } from '../../domain/procedure.ts';
import { type Acceptance, WARY } from '../../domain/recovery.ts';
import { failure, foreseen, type Reason } from './failure.ts';
import type { Ended, Progress, Replaceable } from './progress.ts';

/** When what follows may begin: at once, when an operator approves it, at an instant; or it is kept as it is. */
export type Start = 'immediately' | { readonly approval: true } | { readonly at: string } | { readonly standby: true };

/** What is parked is tried again, given up, or goes on without whoever was lost. */
export type Answer = 'retry' | 'abandon' | 'recover';

/** Thrown where an operator has said that whoever serves is lost, and that was seen to be so. */
export class Replacing {
  readonly accept: Acceptance;

  constructor(accept: Acceptance) {
    this.accept = accept;
  }
}

/** What an operator may say to a procedure: each command is possible in some states, and refused without a trace in others. */
export class Operator<Step extends string, Result extends Ended> {
  readonly #progress: Progress<Step, Result>;
  #paused = false;
  #approved = false;
  #answer: Answer | undefined;
  /** What was accepted with `recover`. */
  #accepted: Acceptance | undefined;
  #waited = false;
  /** Is whoever serves lost? Undefined: he cannot be replaced. */
  confirmLost: ((accept: Acceptance) => Promise<void>) | undefined;

  constructor(progress: Progress<Step, Result>, untilNoReturn: CancellationScope) {
    this.#progress = progress;
    setHandler(defineQuery<ProcedureStatus<Step, Result>>('status'), () => ({
      ...progress.status,
      durationsMs: { ...progress.durationsMs },
    }));
    this.#command('pause', () => this.#pause(true));
    this.#command('resume', () => this.#pause(false));
    this.#command('approve', () => {
      this.#approved = true;
    });
    this.#command('retry', () => {
      this.#answer ??= 'retry'; // who says something else in the same instant comes too late
    });
    this.#command('abandon', () => {
      this.#answer ??= 'abandon';
    });
    this.#command('recover', (accept) => {
      this.#answer ??= 'recover';
      if (this.#accepted === undefined) progress.recovers();
      this.#accepted ??= accept;
    });
    this.#command('cancel', () => {
      progress.cancelling();
      untilNoReturn.cancel();
    });
  }

  /** Before a step: waits while it is paused, unless somebody would have to wait for it in between. */
  async proceed(next: Step, between?: 'inDoubt' | 'interrupted'): Promise<void> {
    if (!this.#paused || (between !== undefined && patched('what-is-in-doubt-does-not-pause'))) return;
    await this.#waiting(
      (replaceable) => this.#progress.paused(next, replaceable),
      () => condition(() => !this.#paused || this.#accepted !== undefined),
    );
  }

  /** Waits for an approval, or for an instant; a deadline ends the wait. Once it may begin, it may. */
  async mayStart(start: Start, deadline: string | undefined): Promise<void> {
    if (start === 'immediately' || this.#approved) return;
    const until = 'at' in start ? start.at : null;
    const ends = Math.min(...[until, deadline].flatMap((instant) => (instant == null ? [] : [Date.parse(instant)])));
    const decided = (): boolean => this.#approved || this.#accepted !== undefined;
    await this.#waiting(
      (replaceable) => this.#progress.held(until, replaceable),
      async () => {
        if (ends === Number.POSITIVE_INFINITY) await condition(decided);
        else if (ends > Date.now()) await condition(decided, ends - Date.now());
      },
    );
    if (until !== null && Date.now() >= Date.parse(until)) this.#approved = true;
  }

  /** What was asked for is there: kept until it is cancelled, which gives it back; or until that. */
  async keeps(until: () => boolean): Promise<void> {
    this.#progress.kept();
    await condition(until);
  }

  /**
   * However it ends: cancelled, it is being rolled back, and waits no longer. Told that whoever serves is lost, it goes on
   * waiting where that is not so. Throws `Replacing`.
   */
  async #waiting(enter: (replaceable: Replaceable) => void, wait: () => Promise<unknown>): Promise<void> {
    this.#accepted = undefined;
    let failed: Reason | null = null;
    try {
      for (;;) {
        enter({ recoverable: this.confirmLost !== undefined, failure: failed });
        await wait();
        if (this.#accepted === undefined) break;
        failed = await this.#replaces(this.#accepted);
        this.#accepted = undefined;
      }
    } finally {
      this.#progress.goesOn();
    }
    this.#waited = true;
  }

  async #replaces(accept: Acceptance): Promise<Reason> {
    const { step } = this.#progress;
    try {
      this.#progress.working(step);
      await this.confirmLost?.(accept);
    } catch (error) {
      const reason = foreseen(error);
      if (reason.type === 'Cancelled') throw error;
      return reason;
    }
    this.#pause(false);
    throw new Replacing(accept) as unknown;
  }

  /** Has anybody waited since this was asked last? Then the world may have changed, and everything is verified anew. */
  hasWaited(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  /** Forward only: an operator says whether to try again. */
  async decides(reason: Reason, may: { abandonable: boolean; recoverable: boolean }): Promise<Answer> {
    [this.#answer, this.#accepted] = [undefined, undefined];
    this.#progress.parked(reason, { until: null, ...may, left: [] });
    await condition(() => this.#answer !== undefined);
    const answer = this.#answered();
    if (answer !== 'abandon') {
      this.#progress.working(this.#progress.step);
      this.#progress.unparked();
    }
    return answer;
  }

  /** On the way back: it tries again by itself after a while, since what is left may block others. */
  async decidesBack(
    reason: Reason,
    left: readonly Leftover[],
    { afterMs, recoverable }: { afterMs: number; recoverable: boolean },
  ): Promise<Answer> {
    [this.#answer, this.#accepted] = [undefined, undefined];
    const until = new Date(Date.now() + afterMs).toISOString();
    this.#progress.parked(reason, { until, abandonable: true, recoverable, left });
    await condition(() => this.#answer !== undefined, afterMs);
    const answer = this.#answered();
    if (answer !== 'abandon') {
      this.#progress.rollingBack();
      this.#progress.unparked();
    }
    return answer;
  }

  /** With what it was said that whoever serves is to be replaced. */
  get accepted(): Acceptance {
    return this.#accepted ?? WARY;
  }

  /** Nobody has said anything in time: it tries again by itself. Whoever is replaced is, whatever was paused before. */
  #answered(): Answer {
    if (this.#answer === 'recover' && this.#paused && patched('a-recovery-ends-a-pause')) this.#pause(false);
    return this.#answer ?? 'retry';
  }

  #pause(asked: boolean): void {
    this.#paused = asked;
    this.#progress.pausing(asked);
  }

  #command(name: Action, effect: (accept: Acceptance) => void): void {
    const update = defineUpdate<ProcedureStatus<Step, Result>, [Acceptance | undefined]>(name);
    setHandler<ProcedureStatus<Step, Result>, [Acceptance | undefined], typeof update>(
      update,
      (accept = WARY) => {
        effect(accept);
        return this.#progress.status;
      },
      {
        validator: () => {
          const refusal = refusalOf(name, this.#progress.status);
          if (refusal !== undefined) throw failure(refusal.type, refusal.message);
        },
      },
    );
  }
}

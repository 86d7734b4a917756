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
import { failure, type Reason } from './failure.ts';
import type { Ended, Progress } from './progress.ts';

/** When what follows may begin: at once, when an operator approves it, or at an instant. */
export type Start = 'immediately' | { readonly approval: true } | { readonly at: string };

/** What is parked is tried again, given up, or goes on without whoever was lost. */
export type Answer = 'retry' | 'abandon' | 'recover';

/** What an operator may say to a procedure: each command is possible in some states, and refused without a trace in others. */
export class Operator<Step extends string, Result extends Ended> {
  readonly #progress: Progress<Step, Result>;
  #paused = false;
  #approved = false;
  #answer: Answer | undefined;
  #waited = false;

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
    this.#command('recover', () => {
      this.#answer ??= 'recover';
    });
    this.#command('cancel', () => {
      progress.cancelling();
      untilNoReturn.cancel();
    });
  }

  /** Before a step: waits while it is paused. `inDoubt`: first it has to be known what became of the one before. */
  async proceed(next: Step, doubt?: 'inDoubt'): Promise<void> {
    if (!this.#paused || (doubt !== undefined && patched('what-is-in-doubt-does-not-pause'))) return;
    this.#progress.paused(next);
    await this.#waiting(() => condition(() => !this.#paused));
  }

  /** Waits for an approval, or for an instant; a deadline ends the wait. Once it may begin, it may. */
  async mayStart(start: Start, deadline: string | undefined): Promise<void> {
    if (start === 'immediately' || this.#approved) return;
    const until = 'at' in start ? start.at : null;
    const ends = Math.min(...[until, deadline].flatMap((instant) => (instant == null ? [] : [Date.parse(instant)])));
    this.#progress.held(until);
    await this.#waiting(async () => {
      if (ends === Number.POSITIVE_INFINITY) await condition(() => this.#approved);
      else if (ends > Date.now()) await condition(() => this.#approved, ends - Date.now());
    });
    if (until !== null && Date.now() >= Date.parse(until)) this.#approved = true;
  }

  /** However it ends: cancelled, it is being rolled back, and waits no longer. */
  async #waiting(wait: () => Promise<unknown>): Promise<void> {
    try {
      await wait();
    } finally {
      this.#progress.goesOn();
    }
    this.#waited = true;
  }

  /** Has anybody waited since this was asked last? Then the world may have changed, and everything is verified anew. */
  hasWaited(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  /** Forward only: an operator says whether to try again. */
  async decides(reason: Reason, may: { abandonable: boolean; recoverable: boolean }): Promise<Answer> {
    this.#answer = undefined;
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
    this.#answer = undefined;
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

  /** Nobody has said anything in time: it tries again by itself. */
  #answered(): Answer {
    return this.#answer ?? 'retry';
  }

  #pause(asked: boolean): void {
    this.#paused = asked;
    this.#progress.pausing(asked);
  }

  #command(name: Action, effect: () => void): void {
    setHandler(
      defineUpdate<ProcedureStatus<Step, Result>>(name),
      () => {
        effect();
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

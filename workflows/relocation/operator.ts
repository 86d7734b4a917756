import { condition, setHandler, type CancellationScope } from '@temporalio/workflow';
import type { CutOver, RelocationStatus } from '../../domain/relocation.ts';
import { failure, type Reason } from '../failure.ts';
import { abandon, approve, cancel, pause, resume, retry, status } from '../messages.ts';
import type { Progress } from '../progress.ts';

/** What an operator may say to a relocation: each command is possible in some states, and refused without a trace in others. */
export class Operator {
  readonly #progress: Progress;
  #paused = false;
  #approved = false;
  #answer: 'retry' | 'abandon' | undefined;
  #cancelled = false;
  #waited = false;

  constructor(progress: Progress, untilHandOver: CancellationScope) {
    this.#progress = progress;
    setHandler(status, () => progress.status);
    this.#command(
      pause,
      'pause',
      () => !this.#paused && progress.status.state === 'working',
      () => {
        this.#paused = true;
      },
    );
    this.#command(
      resume,
      'resume',
      () => this.#paused,
      () => {
        this.#paused = false;
      },
    );
    this.#command(
      approve,
      'approve',
      () => progress.status.state === 'held',
      () => {
        this.#approved = true;
      },
    );
    this.#command(
      retry,
      'retry',
      () => progress.status.state === 'parked',
      () => {
        this.#answer = 'retry';
      },
    );
    this.#command(
      abandon,
      'abandon',
      () => progress.status.state === 'parked',
      () => {
        this.#answer = 'abandon';
      },
    );
    setHandler(
      cancel,
      () => {
        this.#cancelled = true;
        untilHandOver.cancel();
        return progress.status;
      },
      {
        validator: () => {
          const now = progress.status;
          if (now.state === 'held' || ((now.state === 'working' || now.state === 'paused') && now.cancellable)) {
            if (this.#cancelled) throw failure('NotPossibleNow', 'it is being cancelled already');
            return;
          }
          if (now.state === 'rollingBack') throw failure('NotPossibleNow', 'it is being rolled back already');
          throw failure('CancelTooLate', 'the hand-over has begun');
        },
      },
    );
  }

  /** Between two steps: waits while it is paused. */
  async proceed(): Promise<void> {
    if (!this.#paused) return;
    this.#progress.paused();
    await condition(() => !this.#paused);
    this.#waited = true;
  }

  /** The cut-over waits for an approval, or for an instant; a deadline ends the wait. Once it may begin, it may. */
  async mayCutOver(cutOver: CutOver, deadline: string | undefined): Promise<void> {
    if (cutOver === 'immediately' || this.#approved) return;
    const until = 'at' in cutOver ? cutOver.at : null;
    const ends = Math.min(...[until, deadline].flatMap((instant) => (instant == null ? [] : [Date.parse(instant)])));
    this.#progress.held(until);
    if (ends === Number.POSITIVE_INFINITY) await condition(() => this.#approved);
    else if (ends > Date.now()) await condition(() => this.#approved, ends - Date.now());
    if (until !== null && Date.now() >= Date.parse(until)) this.#approved = true;
    this.#waited = true;
  }

  /** Has anybody waited since this was asked last? Then the world may have changed, and everything is verified anew. */
  hasWaited(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  /** Something failed after the hand-over: an operator says whether to try again. */
  async decides(reason: Reason): Promise<'retry' | 'abandon'> {
    this.#answer = undefined;
    this.#progress.parked(reason);
    await condition(() => this.#answer !== undefined);
    const answer = this.#answer ?? 'retry';
    if (answer === 'retry') this.#progress.unparked();
    return answer;
  }

  #command(definition: typeof pause, name: string, possible: () => boolean, effect: () => void): void {
    setHandler(
      definition,
      (): RelocationStatus => {
        effect();
        return this.#progress.status;
      },
      {
        validator: () => {
          if (!possible())
            throw failure('NotPossibleNow', `${name} is not possible: it is ${this.#progress.status.state}`);
        },
      },
    );
  }
}

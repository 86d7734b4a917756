import type { HandedOver } from '../../activities/relocation/hand-over.ts';
import { type Interruption, risks } from '../../domain/guarantee.ts';
import { mayWrite } from '../../domain/recovery.ts';
import { failures } from '../../domain/failures.ts';
import type { Leftover } from '../../domain/procedure.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import type { StepName, UndoName } from '../../domain/steps.ts';
import type { Reason } from '../kit/failure.ts';
import type { Account } from '../kit/procedure.ts';
import type { Progress } from '../kit/progress.ts';

/** Where the target serves its users, and their devices know: what is given up there is the source. */
const onlySourceLeft: readonly StepName[] = ['drain', 'retire'];

/** Given up before the path had turned, which nothing undoes any more. */
const unserved: Readonly<Record<string, Pick<Leftover, 'undo' | 'message'> | undefined>> = {
  applicationOwn: {
    undo: 'tellFailed' satisfies UndoName,
    message:
      'the application has transferred its users and was not told that they stay: whom the path does not lead to the target may be served by nobody',
  },
  none: {
    undo: 'startSource' satisfies UndoName,
    message: 'the source stays stopped: whom the path does not lead to the target is served by nobody',
  },
};

/** Collects what the result of a relocation tells. */
export class Outcome implements Account<RelocationResult> {
  guarantee: RelocationResult['guarantee'] = null;
  pathObserved = false;
  handedOver: HandedOver | undefined;
  /** Without the contract: the path is to be turned, whatever comes. */
  decided = false;
  /** A source that was stopped first had been started again, and not by us. */
  ranAgain = false;
  interruption: Interruption | null = null;
  recovery: NonNullable<RelocationResult['recovery']> | null = null;
  readonly moved: RelocationResult['moved'] = { users: 0, subscriptions: 0, instance: 'none', package: 'none' };
  readonly #progress: Progress<StepName, RelocationResult>;
  #outcome: RelocationResult['outcome'] = 'rolledBack';
  #failure: RelocationResult['failure'] = null;
  #leftovers: readonly Leftover[] = [];

  constructor(progress: Progress<StepName, RelocationResult>) {
    this.#progress = progress;
  }

  succeeded(): void {
    this.#outcome = this.recovery === null ? 'relocated' : 'recovered';
  }

  recovered(): void {
    this.#outcome = 'recovered';
  }

  /** What a step that went through could not clear away. An older worker tells of none. */
  leaves(step: string, left: readonly Reason[]): void {
    const told = left.map(({ type, message }) => ({ undo: step, type, message, remedy: failures[type].remedy }));
    this.#leftovers = [...this.#leftovers, ...told];
  }

  failed(how: 'refused' | 'rolledBack' | 'abandoned', { type, message }: Reason, leftovers: readonly Leftover[]): void {
    const { step } = this.#progress;
    this.#outcome = how === 'abandoned' && onlySourceLeft.includes(step) ? this.#served() : how;
    this.#failure = { type, step, message, remedy: failures[type].remedy };
    const halfway =
      how === 'abandoned' && this.decided && step === 'switchPath' ? unserved[this.guarantee ?? ''] : undefined;
    this.#leftovers = halfway === undefined ? leftovers : [{ ...halfway, type, remedy: failures[type].remedy }];
  }

  told(cancelled: boolean): RelocationResult {
    const { guarantee, pathObserved, handedOver, recovery, moved } = this;
    const nothing = this.#outcome === 'refused' || this.#outcome === 'rolledBack';
    return {
      outcome: this.#outcome,
      failure: this.#failure,
      leftovers: [...this.#leftovers],
      durationsMs: { ...this.#progress.durationsMs },
      totalMs: this.#progress.totalMs,
      waitedMs: this.#progress.waitedMs,
      moved: nothing ? { users: 0, subscriptions: 0, instance: 'none', package: moved.package } : moved,
      freezeMs: handedOver?.freezeMs ?? null,
      interruption: this.interruption ?? frozen(handedOver?.freezeMs ?? null),
      writerOverlap: this.#overlap(nothing),
      epoch: handedOver?.epoch ?? null,
      guarantee: recovery === null ? guarantee : null, // nothing was promised of a source that is lost
      pathObserved: pathObserved && !nothing,
      recovery: recovery && { ...recovery, tookMs: this.#progress.recoveringMs },
      cancelTooLate: cancelled && (handedOver !== undefined || this.decided),
    };
  }

  #served(): 'relocatedSourceKept' | 'recovered' {
    return this.recovery === null ? 'relocatedSourceKept' : 'recovered';
  }

  #overlap(nothing: boolean): 'impossible' | 'possible' {
    if (this.recovery !== null) return mayWrite(this.recovery.fence) ? 'possible' : 'impossible';
    if (this.ranAgain) return 'possible';
    return nothing || this.guarantee === null ? 'impossible' : risks[this.guarantee].writerOverlap;
  }
}

/** The source's own figure. */
const frozen = (ms: number | null): Interruption | null =>
  ms === null ? null : { atLeastMs: Math.floor(ms), atMostMs: Math.ceil(ms) };

import { allHandlersFinished, CancellationScope, condition, patched, sleep } from '@temporalio/workflow';
import { failures } from '../../domain/failures.ts';
import type { Leftover } from '../../domain/procedure.ts';
import { Undoing } from '../../domain/undoing.ts';
import { failure, foreseen, keptIn, type Reason } from './failure.ts';
import type { Acceptance } from '../../domain/recovery.ts';
import { type Answer, Operator, Replacing, type Start } from './operator.ts';
import { Progress, type Ended } from './progress.ts';

type Table<Name extends string, Row> = Readonly<Record<Name, Row>>;

export interface ProcedurePlan<Step extends string, Undo extends string> {
  /** Markdown, one line: what this run is about. */
  readonly headline: string;
  /** In their order. */
  readonly steps: Table<Step, { readonly title: string }>;
  /** `after`: those undos that must be done before this one. */
  readonly undos: Table<Undo, { readonly title: string; readonly after: readonly Undo[] }>;
  /** An instant: what has not passed the point of no return by then is rolled back. */
  readonly deadline: string | undefined;
  /** Whoever may be lost has to answer this undo. */
  readonly lost: Undo;
  /** Parked on the way back, it tries again by itself after so long; then after twice that, up to a day. */
  readonly againMs: number;
}

/** How it came out. */
export interface Account<Result> {
  succeeded(): void;
  /** `left`: what could not be undone. */
  failed(how: 'refused' | 'rolledBack' | 'abandoned', reason: Reason, left: readonly Leftover[]): void;
  /** Somebody was lost, and it went on without him. */
  recovered(): void;
  told(cancelledTooLate: boolean): Result;
}

/** How it goes on without whoever was lost. */
export interface Recovery {
  /** Throws where he is not, and has changed nothing. */
  confirm(accept: Acceptance): Promise<void>;
  replace(accept: Acceptance): Promise<void>;
}

/**
 * Where nobody pauses: it is not known what became of the step before (`inDoubt`), or users are not served until the next
 * one is done (`interrupted`).
 */
export type Between = 'inDoubt' | 'interrupted';

const DAY_MS = 86_400_000;

/**
 * A procedure of numbered steps. Up to its point of no return it can be paused, held, cancelled or run out of time, and a
 * failure undoes what may have been done, in an order that no undo breaks; after it there is only forward. What can
 * go neither way by itself is parked: an operator says whether to try again, or gives it up.
 */
export class Procedure<Step extends string, Undo extends string, Result extends Ended> {
  readonly progress: Progress<Step, Result>;
  readonly #plan: ProcedurePlan<Step, Undo>;
  readonly #untilNoReturn = new CancellationScope();
  readonly #operator: Operator<Step, Result>;
  readonly #undoing = new Undoing();
  readonly #undos = new Map<string, () => Promise<void>>();
  #late = false;
  #between: Between | undefined;
  /** What was accepted, and whether he was seen to be lost. */
  #recovering: { readonly accept: Acceptance; readonly confirmed: boolean } | undefined;
  #recovery: Recovery | undefined;

  constructor(plan: ProcedurePlan<Step, Undo>) {
    this.#plan = plan;
    const titles = Object.entries<{ readonly title: string }>(plan.steps).map(
      ([step, { title }]) => [step as Step, title] as const,
    );
    this.progress = new Progress(plan.headline, new Map(titles), (undo) => plan.undos[undo as Undo].title);
    this.#operator = new Operator(this.progress, this.#untilNoReturn);
  }

  /** Undefined: there is nobody who could be replaced. */
  get recovery(): Recovery | undefined {
    return this.#recovery;
  }

  set recovery(recovery: Recovery | undefined) {
    this.#recovery = recovery;
    this.#operator.confirmLost = recovery && (async (accept) => await recovery.confirm(accept));
  }

  /** The whole of it; answers its result, also where it failed. */
  async run(account: Account<Result>, body: () => Promise<void>): Promise<Result> {
    try {
      await body();
      account.succeeded();
    } catch (error) {
      if (error instanceof Abandoned) account.failed('abandoned', error.reason, []);
      else await CancellationScope.nonCancellable(async () => await this.#goBack(this.#reasonOf(error), account));
    }
    await CancellationScope.nonCancellable(async () => await condition(allHandlersFinished));
    return this.progress.ended(account.told(CancellationScope.current().consideredCancelled));
  }

  /** Everything before the point of no return. Where somebody has waited the world may have changed: it is done anew. */
  async prepare<T>(pass: () => Promise<T>): Promise<T> {
    const stop = this.#startDeadline();
    try {
      return await this.#untilNoReturn.run(async () => {
        for (;;) {
          this.#mayGoOn();
          try {
            const prepared = await pass();
            await this.#mayGoOnAsPlanned();
            return prepared;
          } catch (error) {
            if (error !== ANEW) throw error;
          }
        }
      });
    } finally {
      stop();
    }
  }

  /** One step. Its undo is registered first: a step may take effect and still be reported as failed. */
  async step<T>(
    name: Step,
    work: () => Promise<T>,
    undo: Partial<Table<Undo, () => Promise<void>>> = {},
    between?: Between,
  ): Promise<T> {
    await this.#operator.proceed(name, between);
    this.#between = between;
    const first = this.#registered(undo);
    try {
      return await this.progress.during(name, work);
    } catch (error) {
      // The step itself says so, and no earlier pass had done it
      if (keptIn(error)['untouched'] === true) for (const each of first) this.#forget(each);
      throw error;
    }
  }

  /** Between two steps: waits for an approval or an instant, if it has to. */
  async hold(start: Start): Promise<void> {
    await this.#operator.mayStart(start, this.#plan.deadline);
    await this.#mayGoOnAsPlanned();
  }

  /** What was to be brought about is there; it is kept until then, and undone when it is cancelled. */
  async keep(until: () => boolean): Promise<void> {
    await this.#untilNoReturn.run(async () => await this.#operator.keeps(until));
  }

  /** What an earlier run of the chain has brought about: in the order of its steps. */
  broughtAbout(undo: Partial<Table<Undo, () => Promise<void>>>): void {
    this.#registered(undo);
  }

  /** From here on nothing is cancelled, and nothing undone unless a step says that it was not passed after all. */
  async pastNoReturn<T>(body: () => Promise<T>): Promise<T> {
    return await CancellationScope.nonCancellable(async () => {
      this.progress.pastNoReturn();
      return await body();
    });
  }

  /**
   * A step that is insisted on; when even that fails, an operator decides. `inDoubt`: it must not be given up, unless somebody
   * else is known to serve.
   */
  async forward<T>(name: Step, work: () => Promise<T>, between?: Between): Promise<T> {
    for (;;) {
      try {
        return await this.step(name, work, {}, between);
      } catch (error) {
        const reason = foreseen(error);
        const abandonable = between !== 'inDoubt' || reason.type === 'NotLost';
        const may = { abandonable, recoverable: this.recovery !== undefined };
        const answer = await this.#operator.decides(reason, may);
        if (answer === 'abandon') throw new Abandoned(reason);
        this.#answered(answer);
        if (answer === 'recover') throw error;
      }
    }
  }

  /** A cancellation that was accepted counts, even if the step that it met went through. */
  #mayGoOn(): void {
    const { deadline } = this.#plan;
    if (this.#late || (deadline !== undefined && Date.now() >= Date.parse(deadline)))
      throw failure('DeadlinePassed', tooLate(deadline));
    if (this.#untilNoReturn.consideredCancelled) throw failure('Cancelled', 'it was cancelled');
  }

  async #mayGoOnAsPlanned(): Promise<void> {
    await this.#operator.proceed(this.progress.step, this.#between);
    this.#mayGoOn();
    if (this.#operator.hasWaited()) throw ANEW as unknown;
  }

  /** A step that hangs, or a pause, must not outlast it. */
  #startDeadline(): () => void {
    const { deadline } = this.#plan;
    const ms = deadline === undefined ? 0 : Date.parse(deadline) - Date.now();
    if (ms <= 0 || !patched('a-deadline-is-a-timer')) return () => undefined;
    const timer = new CancellationScope();
    const runs = async (): Promise<void> => {
      await sleep(ms, { summary: 'the deadline' });
      this.#late = true;
      this.#untilNoReturn.cancel();
    };
    timer.run(runs).catch(() => undefined); // cancelled: it was in time
    return () => timer.cancel();
  }

  #answered(answer: Answer): void {
    this.#recovering = answer === 'recover' ? { accept: this.#operator.accepted, confirmed: false } : undefined;
  }

  /** Of an operator it is a decision, of everybody else a failure. */
  #reasonOf(error: unknown): Reason {
    if (!(error instanceof Replacing)) return foreseen(error);
    if (this.#untilNoReturn.consideredCancelled) return { type: 'Cancelled', message: 'it was cancelled' };
    this.#recovering = { accept: error.accept, confirmed: true };
    return { type: 'SourceLost', message: 'an operator takes the source to be dead' };
  }

  async #goBack(error: Reason, account: Account<Result>): Promise<void> {
    const { deadline } = this.#plan;
    const reason: Reason =
      this.#late && error.type === 'Cancelled' ? { type: 'DeadlinePassed', message: tooLate(deadline) } : error;
    if (!patched('undos-have-an-order')) return await this.#goBackAsRecorded(reason, account);
    const untouched = this.#undoing.left.length === 0 && reason.type !== 'Cancelled';
    this.progress.rollingBack();
    try {
      const left = await this.#undoAll(reason);
      if (left === 'recovered') account.recovered();
      else account.failed(untouched ? 'refused' : 'rolledBack', reason, left);
    } catch (thrown) {
      if (!(thrown instanceof Abandoned)) throw thrown;
      account.failed('abandoned', thrown.reason, []);
    }
  }

  /** Returns what an operator gave up. */
  async #undoAll(first: Reason): Promise<readonly Leftover[] | 'recovered'> {
    const failed = new Map<string, Reason>();
    let reason = first;
    for (let pauseMs = this.#plan.againMs; ; pauseMs = Math.min(pauseMs * 2, DAY_MS)) {
      if (this.#recovering !== undefined) {
        const hindrance = await this.#recovered(this.#recovering);
        if (hindrance === null) return 'recovered';
        reason = hindrance;
        // An operator is asked at once: whoever does not answer is not asked in vain for as long as an undo is insisted on
        if (reason.type !== 'NotLost' && patched('whoever-is-not-replaced-is-not-asked-first')) {
          failed.set(this.#plan.lost, reason);
          this.#undoing.failed(this.#plan.lost);
        }
      }
      for (let undo = this.#undoing.next(); undo !== undefined; undo = this.#undoing.next()) {
        try {
          await this.#undos.get(undo)?.();
          this.#undoing.succeeded(undo);
        } catch (error) {
          failed.set(undo, foreseen(error));
          this.#undoing.failed(undo);
        }
      }
      const left = this.#undoing.left.map((undo) => this.#leftover(undo, failed));
      if (left.length === 0) return left;
      const recoverable = this.recovery !== undefined && left.some(({ undo }) => undo === this.#plan.lost);
      const answer = await this.#operator.decidesBack(reason, left, { afterMs: pauseMs, recoverable });
      if (answer === 'abandon') return left;
      this.#answered(answer);
      this.#undoing.again();
      failed.clear();
    }
  }

  /** Null: it did; else why it did not, and everything is as it was before, or to be undone. */
  async #recovered({ accept, confirmed }: { accept: Acceptance; confirmed: boolean }): Promise<Reason | null> {
    this.#recovering = undefined;
    try {
      if (!confirmed) await this.recovery?.confirm(accept);
      await this.recovery?.replace(accept);
      return null;
    } catch (error) {
      if (error instanceof Abandoned) throw error;
      this.progress.rollingBack();
      return foreseen(error);
    }
  }

  #leftover(undo: string, failed: ReadonlyMap<string, Reason>): Leftover {
    const { undos } = this.#plan;
    const own = failed.get(undo);
    const waitsFor = undos[undo as Undo].after.find((each) => this.#undoing.left.includes(each));
    const { type, message } = own ?? {
      type: (waitsFor === undefined ? undefined : failed.get(waitsFor)?.type) ?? 'NotYet',
      message: `"${undos[undo as Undo].title}" waits for "${waitsFor === undefined ? 'another undo' : undos[waitsFor].title}"`,
    };
    return { undo, type, message, remedy: failures[type].remedy };
  }

  /** Answers those that were not known yet. */
  #registered(undo: Partial<Table<Undo, () => Promise<void>>>): readonly string[] {
    const first: string[] = [];
    for (const [each, back] of Object.entries<(() => Promise<void>) | undefined>(undo)) {
      if (back === undefined) continue;
      if (!this.#undos.has(each)) first.push(each);
      this.#undos.set(each, back);
      this.#undoing.add(each, this.#plan.undos[each as Undo].after);
    }
    return first;
  }

  #forget(undo: string): void {
    this.#undos.delete(undo);
    this.#undoing.forget(undo);
  }

  /** Runs that began before undos had an order: every one is tried once, the latest first. */
  async #goBackAsRecorded(reason: Reason, account: Account<Result>): Promise<void> {
    const [firstStep] = Object.keys(this.#plan.steps);
    const untouched = this.progress.step === firstStep && reason.type !== 'Cancelled' && !failures[reason.type].retry;
    const [firstUndo] = this.#undoing.left;
    if (untouched && firstUndo !== undefined) this.#forget(firstUndo);
    this.progress.rollingBack();
    const failed = new Map<string, Reason>();
    for (const undo of this.#undoing.left.toReversed())
      await this.#undos
        .get(undo)?.()
        .catch((error: unknown) => void failed.set(undo, foreseen(error)));
    const left = [...failed.keys()].map((undo) => this.#leftover(undo, failed));
    account.failed(untouched ? 'refused' : 'rolledBack', reason, left);
  }
}

const tooLate = (deadline: string | undefined): string => `the hand-over had not begun by ${deadline}`;

/** Thrown by a pass in which somebody has waited. */
const ANEW = Symbol('anew');

/** An operator gave up what could not be finished. */
class Abandoned {
  readonly reason: Reason;

  constructor(reason: Reason) {
    this.reason = reason;
  }
}

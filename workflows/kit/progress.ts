import { patched, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { failures, type FailureType } from '../../domain/failures.ts';
import type { ProcedureStatus, Standby } from '../../domain/procedure.ts';
import type { Waits } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { Reason } from './failure.ts';

/** What a result has to tell, of whatever procedure. */
export interface Ended {
  readonly outcome: string;
  readonly failure: { readonly type: string; readonly message: string; readonly remedy: string } | null;
}

type Parked = Extract<ProcedureStatus<string, unknown>, { state: 'parked' }>;
type Held = Extract<ProcedureStatus<string, unknown>, { state: 'held' }>;

/** Of what waits: may whoever serves be replaced, and why was he not when that was asked last? */
export interface Replaceable {
  readonly recoverable: boolean;
  readonly failure: Reason | null;
}

const WAITING: readonly string[] = ['held', 'paused', 'parked'];

const now = (): string => new Date().toISOString();

/** Where a procedure stands: for the status query, and for whoever opens the run in the Temporal UI. */
export class Progress<Step extends string, Result extends Ended> {
  readonly durationsMs: Partial<Record<Step, number>> = {};
  readonly #begun = Date.now();
  readonly #headline: string;
  readonly #titleOfUndo: (undo: string) => string;
  #titles: ReadonlyMap<Step, string>;
  #status: ProcedureStatus<Step, Result>;
  #cancellable = true;
  #pausing = false;
  #cancelling = false;
  #standby: Standby | null = null;
  #waitedMs = 0;
  #recoversSince: number | undefined;

  /** `headline`: Markdown, one line. `titles`: of the steps, in their order. */
  constructor(headline: string, titles: ReadonlyMap<Step, string>, titleOfUndo: (undo: string) => string) {
    const [first] = titles.keys();
    if (first === undefined) throw new TypeError('a procedure has steps');
    this.#headline = headline;
    this.#titleOfUndo = titleOfUndo;
    this.#titles = titles;
    this.#status = {
      state: 'working',
      step: first,
      since: now(),
      cancellable: true,
      pausing: false,
      cancelling: false,
    };
  }

  /** It has turned out in which order the steps come, and what they are called here. */
  inOrder(titles: ReadonlyMap<Step, string>): void {
    this.#titles = titles;
  }

  get status(): ProcedureStatus<Step, Result> {
    return this.#status;
  }

  get step(): Step {
    return this.#status.step;
  }

  get totalMs(): number {
    return Date.now() - this.#begun;
  }

  /** Of it held, paused or parked. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Since it was last said that whoever serves is lost; else all of it. */
  get recoveringMs(): number {
    return Date.now() - (this.#recoversSince ?? this.#begun);
  }

  recovers(): void {
    this.#recoversSince = Date.now();
  }

  /** Does the step, and remembers how long it took; done again, the times add up. */
  async during<T>(step: Step, work: () => Promise<T>): Promise<T> {
    this.working(step);
    const begun = Date.now();
    try {
      return await work();
    } finally {
      this.durationsMs[step] = (this.durationsMs[step] ?? 0) + Date.now() - begun;
    }
  }

  working(step: Step): void {
    const since = this.#status.state === 'working' && this.#status.step === step ? this.#status.since : now();
    const asked = { pausing: this.#pausing, cancelling: this.#cancelling };
    this.#enter({ state: 'working', step, since, cancellable: this.#cancellable, ...asked });
  }

  /** A pause was asked for, or taken back. */
  pausing(asked: boolean): void {
    this.#pausing = asked;
    if (this.#status.state === 'working') this.working(this.step);
  }

  /** A cancellation was accepted. */
  cancelling(): void {
    this.#cancelling = true;
    if (this.#status.state === 'working') this.working(this.step);
  }

  /** From here on there is no way back. */
  pastNoReturn(): void {
    this.#cancellable = false;
  }

  /** Before this step. */
  paused(step: Step, replaceable: Replaceable): void {
    this.#enter({ state: 'paused', step, since: now(), cancellable: this.#cancellable, ...replaceable });
    this.#findable('paused');
  }

  held(until: string | null, replaceable: Replaceable): void {
    this.#enter({ state: 'held', step: this.step, since: now(), until, standby: this.#standby, ...replaceable });
    this.#findable(until === null ? 'held' : 'heldUntil');
  }

  /** What was asked for is there. */
  kept(): void {
    const since = this.#status.state === 'held' ? this.#status.since : now();
    this.#enter({ state: 'held', step: this.step, since, until: null, kept: true });
  }

  /** What is held is a standby. Told as it changes, whatever it is doing meanwhile. */
  standby(standby: Standby): void {
    this.#standby = standby;
    if (this.#status.state === 'held') this.#enter({ ...this.#status, standby });
  }

  /** After a pause or a hold. */
  goesOn(): void {
    this.#findable(null);
  }

  parked(failure: Reason, how: Pick<Parked, 'until' | 'abandonable' | 'recoverable' | 'left'>): void {
    this.#enter({ state: 'parked', step: this.step, since: now(), failure, ...how });
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: 'parked' }]);
  }

  unparked(): void {
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: null }]);
  }

  /** What waits is found in the index by its word. */
  #findable(word: Waits | null): void {
    if (patched('what-waits-is-indexed')) upsertSearchAttributes([{ key: searchAttributes.outcome, value: word }]);
  }

  rollingBack(): void {
    this.#cancellable = false;
    this.#enter({ state: 'rollingBack', step: this.step, since: now() });
  }

  ended(result: Result): Result {
    this.#enter({ state: 'ended', step: this.step, since: now(), result });
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: result.outcome }]);
    return result;
  }

  #enter(status: ProcedureStatus<Step, Result>): void {
    const { state, since } = this.#status;
    if (WAITING.includes(state) && (state !== status.state || since !== status.since))
      this.#waitedMs += Date.now() - Date.parse(since);
    this.#status = status;
    setCurrentDetails(this.#details());
  }

  /** Markdown for the Temporal UI: what it is, which step, why it waits. Costs no event. */
  #details(): string {
    const names = [...this.#titles.keys()];
    const at = names.indexOf(this.step);
    const list = names.map((step, index) => {
      const took = this.durationsMs[step];
      const mark = index === at ? this.#mark() : index < at && took !== undefined ? '✓' : '·';
      return `${index + 1}. ${mark} ${this.#title(step)}${took === undefined ? '' : ` (${(took / 1_000).toFixed(1)} s)`}`;
    });
    return [
      this.#headline,
      '',
      this.#sentence(),
      '',
      ...list,
      '',
      '\u00a0', // the UI cuts the last line off
    ].join('\n');
  }

  #title(step: Step): string {
    return this.#titles.get(step) ?? step;
  }

  /** Of the step that it is at. */
  #mark(): string {
    const status = this.#status;
    if (status.state === 'ended') return status.result.failure === null ? '✓' : '✗';
    return status.state === 'held' ? '✓' : '▶';
  }

  #sentence(): string {
    const status = this.#status;
    const title = this.#title(status.step);
    switch (status.state) {
      case 'working':
        return [
          `Now: ${title}. ${status.cancellable ? 'Can still be cancelled.' : 'Goes forward only.'}`,
          ...(status.pausing ? ['Pauses before the next step.'] : []),
          ...(status.cancelling ? ['Is being cancelled.'] : []),
        ].join(' ');
      case 'paused':
        return `**Paused** before: ${title}, since ${status.since}. Waits for \`ferry resume\`.${notReplaced(status)}`;
      case 'held':
        return heldSentence(status);
      case 'parked':
        return parkedSentence(title, status, this.#titleOfUndo);
      case 'rollingBack':
        return `Rolling back what was done up to: ${title}.`;
      case 'ended':
        break;
    }
    const { outcome, failure } = status.result;
    return `Ended: **${outcome}**${failure === null ? '' : `. ${failure.type}: ${failure.message}. ${failure.remedy}`}`;
  }
}

function heldSentence(status: Held): string {
  const { since, until, standby, kept } = status;
  if (kept === true) return `**Holds** since ${since}, until it is released.`;
  if (standby != null)
    return standby.silentSince === null
      ? `**A standby**, kept warm since ${since}. \`ferry recover\` when the source is lost, \`ferry cancel\` when it is not needed any more.${notReplaced(status)}`
      : `**The source is silent** since ${standby.silentSince}. The standby waits for \`ferry recover\`.${notReplaced(status)}`;
  return until === null
    ? `**Held** before the cut-over, since ${since}. Waits for \`ferry approve\`.${notReplaced(status)}`
    : `**Held** before the cut-over until ${until}.${notReplaced(status)}`;
}

const notReplaced = ({ failure }: { readonly failure?: Reason | null }): string =>
  failure == null ? '' : ` The source was not replaced. ${told(failure.type, failure.message)}`;

const told = (type: FailureType, message: string): string => `${type}: ${message}. ${failures[type].remedy}`;

function parkedSentence(
  title: string,
  { since, failure, until, left, abandonable, recoverable }: Parked,
  titleOfUndo: (undo: string) => string,
): string {
  const waits = `Waits for \`ferry retry\`${abandonable ? ' or `ferry abandon`' : ''}${recoverable ? ' or `ferry recover`' : ''}${until === null ? '' : `, and tries again at ${until}`}.`;
  if (left.length === 0)
    return `**Parked** at: ${title}, since ${since}. ${told(failure.type, failure.message)} ${waits}`;
  return [
    `**Parked** on the way back, since ${since}, after ${failure.type}: ${failure.message}. ${waits} Still to be undone:`,
    '',
    ...left.map(({ undo, type, message }) => `- ${titleOfUndo(undo)}. ${told(type, message)}`),
  ].join('\n');
}

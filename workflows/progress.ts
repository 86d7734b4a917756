import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { failures } from '../domain/failures.ts';
import type { RelocationRequest, RelocationResult, RelocationStatus } from '../domain/relocation.ts';
import { stepNames, steps, type StepName } from '../domain/steps.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import type { Reason } from './failure.ts';

const now = (): string => new Date().toISOString();

/** Where a relocation stands: for the status query, and for whoever opens the run in the Temporal UI. */
export class Progress {
  readonly durationsMs: Partial<Record<StepName, number>> = {};
  readonly #begun = Date.now();
  readonly #request: RelocationRequest;
  #status: RelocationStatus = { state: 'working', step: 'check', since: now(), cancellable: true };
  #cancellable = true;

  constructor(request: RelocationRequest) {
    this.#request = request;
  }

  get status(): RelocationStatus {
    return this.#status;
  }

  get step(): StepName {
    return this.#status.step;
  }

  get totalMs(): number {
    return Date.now() - this.#begun;
  }

  /** Does the step, and remembers how long it took; done again, the times add up. */
  async during<T>(step: StepName, work: () => Promise<T>): Promise<T> {
    this.working(step);
    const begun = Date.now();
    try {
      return await work();
    } finally {
      this.durationsMs[step] = (this.durationsMs[step] ?? 0) + Date.now() - begun;
    }
  }

  working(step: StepName): void {
    this.#enter({ state: 'working', step, since: now(), cancellable: this.#cancellable });
  }

  /** From here on there is no way back. */
  pastNoReturn(): void {
    this.#cancellable = false;
  }

  paused(): void {
    this.#enter({ state: 'paused', step: this.step, since: now(), cancellable: this.#cancellable });
  }

  held(until: string | null): void {
    this.#enter({ state: 'held', step: this.step, since: now(), until });
  }

  parked(failure: Reason): void {
    this.#enter({ state: 'parked', step: this.step, since: now(), failure });
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: 'parked' }]);
  }

  unparked(): void {
    this.working(this.step);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: null }]);
  }

  rollingBack(): void {
    this.#cancellable = false;
    this.#enter({ state: 'rollingBack', step: this.step, since: now() });
  }

  ended(result: RelocationResult): RelocationResult {
    this.#enter({ state: 'ended', step: this.step, since: now(), result });
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: result.outcome }]);
    return result;
  }

  #enter(status: RelocationStatus): void {
    this.#status = status;
    setCurrentDetails(this.#details());
  }

  /** Markdown for the Temporal UI: what moves, from where to where, which step, why it waits. Costs no event. */
  #details(): string {
    const { application, users, source, target } = this.#request;
    const at = stepNames.indexOf(this.step);
    const list = stepNames.map((step, index) => {
      const took = this.durationsMs[step];
      const mark = index === at ? this.#mark() : index < at && took !== undefined ? '✓' : '·';
      return `${index + 1}. ${mark} ${steps[step].title}${took === undefined ? '' : ` (${(took / 1_000).toFixed(1)} s)`}`;
    });
    return [
      `**${application}**, ${users === '*' ? 'all users' : 'one user'}: **${source} → ${target}**`,
      '',
      this.#sentence(),
      '',
      ...list,
      '',
      '\u00a0', // the UI cuts the last line off
    ].join('\n');
  }

  /** Of the step that it is at. */
  #mark(): string {
    const status = this.#status;
    if (status.state === 'ended') return status.result.failure === null ? '✓' : '✗';
    return status.state === 'held' ? '✓' : '▶';
  }

  #sentence(): string {
    const status = this.#status;
    const { title } = steps[status.step];
    switch (status.state) {
      case 'working':
        return `Now: ${title}. ${status.cancellable ? 'Can still be cancelled.' : 'Goes forward only.'}`;
      case 'paused':
        return `**Paused** before: ${title}, since ${status.since}. Waits for \`ferry resume\`.`;
      case 'held':
        return status.until === null
          ? `**Held** before the cut-over, since ${status.since}. Waits for \`ferry approve\`.`
          : `**Held** before the cut-over until ${status.until}.`;
      case 'parked':
        return `**Parked** at: ${title}, since ${status.since}. ${status.failure.type}: ${status.failure.message}. ${failures[status.failure.type].remedy} Waits for \`ferry retry\` or \`ferry abandon\`.`;
      case 'rollingBack':
        return `Rolling back what was done up to: ${title}.`;
      case 'ended':
        break;
    }
    const { outcome, failure } = status.result;
    return `Ended: **${outcome}**${failure === null ? '' : `. ${failure.type}: ${failure.message}. ${failure.remedy}`}`;
  }
}

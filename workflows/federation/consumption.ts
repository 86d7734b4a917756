import { setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { BindingRequest } from '../../domain/binding-request.ts';
import {
  type BindingResult,
  consumptionStepNames,
  consumptionSteps,
  type ConsumptionStep,
} from '../../domain/binding.ts';
import { failures } from '../../domain/failures.ts';
import type { Asked } from '../../domain/wish.ts';
import type { Reason } from '../kit/failure.ts';
import { consumptionStanding, type ConsumptionStanding } from '../messages.ts';

/** Where a consumption stands, and what its result will tell: for the query, and for whoever opens the run in the UI. Costs no event. */
export class Consumption {
  asked: readonly Asked[] = [];
  operator: string | null = null;
  tried = 0;
  readonly #headline: string;
  readonly #durationsMs: Partial<Record<ConsumptionStep, number>> = {};
  readonly #leftovers: string[] = [];
  #standing: Omit<ConsumptionStanding, 'durationsMs'> = { step: 'look', since: now(), doing: 'working', result: null };

  constructor({ what, system, platform }: BindingRequest) {
    this.#headline = `The ${what.kind} **${what.name}** for ${platform} of **${system}**`;
    setHandler(consumptionStanding, () => ({ ...this.#standing, durationsMs: { ...this.#durationsMs } }));
    this.#show();
  }

  get step(): ConsumptionStep {
    return this.#standing.step;
  }

  /** Does the step, and remembers how long it took; done again, the times add up. */
  async during<T>(step: ConsumptionStep, work: () => Promise<T>): Promise<T> {
    this.#enter({ step, since: now(), doing: 'working', result: null });
    const begun = Date.now();
    try {
      return await work();
    } finally {
      this.#durationsMs[step] = (this.#durationsMs[step] ?? 0) + Date.now() - begun;
    }
  }

  undoing(): void {
    this.#enter({ ...this.#standing, since: now(), doing: 'undoing' });
  }

  left(undo: string): void {
    this.#leftovers.push(undo);
  }

  /** `undone`: somebody had been told. */
  ended(failure: Reason | null, at: ConsumptionStep, undone: boolean): BindingResult {
    const result: BindingResult = {
      outcome: failure === null ? 'open' : undone ? 'rolledBack' : 'refused',
      failure:
        failure === null
          ? null
          : { type: failure.type, step: at, message: failure.message, remedy: failures[failure.type].remedy },
      operator: failure === null ? this.operator : null,
      asked: this.asked,
      tried: this.tried,
      leftovers: [...this.#leftovers],
      durationsMs: { ...this.#durationsMs },
    };
    this.#enter({ step: at, since: now(), doing: 'ended', result });
    return result;
  }

  #enter(standing: Omit<ConsumptionStanding, 'durationsMs'>): void {
    this.#standing = standing;
    this.#show();
  }

  #show(): void {
    const at = consumptionStepNames.indexOf(this.step);
    setCurrentDetails(
      [
        `${this.#headline}${this.operator === null ? '' : `, of **${this.operator}**`} (GR MEC 035, 6.5.3).`,
        '',
        this.#sentence(),
        '',
        '- 1-5 · an application asked its platform, this its MEPM and orchestrator, and that one us',
        ...consumptionStepNames.map((step, n) => {
          const took = this.#durationsMs[step];
          const mark = n === at ? this.#mark() : took === undefined ? '·' : '✓';
          const time = took === undefined ? '' : ` (${(took / 1_000).toFixed(1)} s)`;
          return `- ${consumptionSteps[step].numbers} ${mark} ${consumptionSteps[step].title}${time}`;
        }),
        '',
        '\u00a0', // the UI cuts the last line off
      ].join('\n'),
    );
  }

  #mark(): string {
    const { doing, result } = this.#standing;
    if (doing === 'ended') return result?.failure === null ? '✓' : '✗';
    return doing === 'undoing' ? '✗' : '▶';
  }

  #sentence(): string {
    const { doing, result, step } = this.#standing;
    if (doing === 'undoing') return `Undoing what was done up to: ${consumptionSteps[step].title}.`;
    if (result === null) return `Now: ${consumptionSteps[step].title}.`;
    const { outcome, failure, leftovers } = result;
    const why = failure === null ? '' : `. ${failure.type}: ${failure.message}. ${failure.remedy}`;
    return `Ended: **${outcome}**${why}${leftovers.length === 0 ? '' : ` Left to be undone: ${leftovers.join(', ')}.`}`;
  }
}

const now = (): string => new Date().toISOString();

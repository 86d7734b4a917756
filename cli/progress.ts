import type { Relocation } from '../api/resources.ts';
import { type StepName, stepNames, steps } from '../domain/steps.ts';
import { endLines, subject } from './relocation-text.ts';
import { seconds, type Terminal } from './terminal.ts';

const titles: ReadonlySet<string> = new Set(Object.values(steps).map(({ title }) => title));
const WIDTH = Math.max(...Object.values(steps).map(({ title }) => title.length));
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
/** What is shorter cannot be measured by watching; the result tells it exactly. */
const MEASURABLE_MS = 1_000;

/** One line for each step that is done, and on a terminal a living one for the step that runs. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout | undefined;
  #state: Relocation['state'] | undefined;
  #step: StepName | undefined;
  #stepSince = performance.now();
  #doing = '';
  /** So many steps were told to be done. */
  #told = 0;
  #frame = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    if (terminal.alive) this.#timer = setInterval(() => this.#draw(), 100);
  }

  show(relocation: Relocation): void {
    const { state, waitingFor, result } = relocation;
    const step = stepNames.find((name) => name === relocation.step) ?? this.#step; // null: not known at this moment
    if (this.#state === undefined) this.#terminal.tell(this.#terminal.paint('bold', subject(relocation)));
    if (step !== undefined) this.#passed(step, result);
    if (step !== this.#step) [this.#step, this.#stepSince, this.#doing] = [step, performance.now(), ''];
    if (state !== this.#state) this.#turned(relocation);
    this.#state = state;
    if (waitingFor !== null && step !== undefined) this.#doing = titles.has(waitingFor.what) ? '' : waitingFor.what;
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#terminal.living('');
  }

  /** The steps before this one, and with the result this one too: the stream may pass over short ones. */
  #passed(step: StepName, result: Relocation['result']): void {
    const done = stepNames.indexOf(step) + (result === null ? 0 : 1);
    for (const name of stepNames.slice(this.#told, done)) {
      const failed = result?.failure?.step === name;
      const mark = failed ? this.#terminal.paint('red', '✗') : this.#terminal.paint('green', '✓');
      if (failed) this.#doing = ''; // what was done last is an undo
      this.#terminal.tell(`  ${mark} ${name === this.#step ? this.#line(name) : numbered(name)}`.trimEnd());
    }
    this.#told = Math.max(this.#told, done);
  }

  #line(step: StepName): string {
    const ms = performance.now() - this.#stepSince;
    const took = ms < MEASURABLE_MS ? '' : seconds(ms);
    const did = this.#doing === '' ? '' : this.#terminal.paint('dim', this.#doing);
    return `${numbered(step)}  ${took.padStart(6)}  ${did}`;
  }

  /** What a person may have to act on, and the end. */
  #turned(relocation: Relocation): void {
    const { state, id, waitingFor, result } = relocation;
    const say = (word: string, more: string): void =>
      this.#terminal.tell(`  ${this.#terminal.paint('yellow', word)}: ${more}`);
    const until = waitingFor?.until == null ? '' : `, ${waitingFor.until}`;
    if (state === 'paused') say('paused', `ferry resume ${id}`);
    else if (state === 'held')
      say('held', `${waitingFor?.what ?? 'before the cut-over'}${until} (ferry approve ${id})`);
    else if (state === 'rollingBack') say('rolling back', waitingFor?.what ?? 'what was done is undone');
    else if (state === 'parked' || state === 'ended' || state === 'terminated')
      for (const line of endLines(relocation, this.#terminal)) this.#terminal.tell(`  ${line}`);
    const durations = Object.entries(result?.durationsMs ?? {}).map(([step, ms]) => `${step} ${seconds(ms)}`);
    if (durations.length > 0) this.#terminal.tell(`  ${this.#terminal.paint('dim', durations.join(', '))}`);
  }

  #draw(): void {
    if (this.#step === undefined || !['working', 'paused', 'held', 'rollingBack'].includes(this.#state ?? '')) return;
    this.#frame = (this.#frame + 1) % SPINNER.length;
    const took = seconds(performance.now() - this.#stepSince);
    const wheel = this.#terminal.paint('cyan', SPINNER[this.#frame] ?? '');
    this.#terminal.living(`  ${wheel} ${numbered(this.#step)}  ${took.padStart(6)}  ${this.#doing}`.trimEnd());
  }
}

const numbered = (name: StepName): string => `${stepNames.indexOf(name) + 1} ${steps[name].title.padEnd(WIDTH)}`;

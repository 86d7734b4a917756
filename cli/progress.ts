import type { Relocation } from '../api/resources.ts';
import { type StepName, stepNames, steps } from '../domain/steps.ts';
import { endLines, subject } from './relocation-text.ts';
import { seconds, type Terminal } from './terminal.ts';

const WIDTH = Math.max(...Object.values(steps).map(({ title }) => title.length));
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** One line for each step that is done, and on a terminal a living one for the step that runs. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout | undefined;
  #seen: Relocation | undefined;
  #stepSince = performance.now();
  #did = '';
  #frame = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    if (terminal.alive) this.#timer = setInterval(() => this.#draw(), 100);
  }

  show(relocation: Relocation): void {
    const before = this.#seen;
    if (before === undefined) this.#terminal.tell(this.#terminal.paint('bold', subject(relocation)));
    if (relocation.step !== before?.step || relocation.state === 'ended') this.#passed(before, relocation);
    if (relocation.state !== before?.state) this.#turned(relocation);
    if (relocation.step !== before?.step) [this.#stepSince, this.#did] = [performance.now(), ''];
    this.#did = relocation.waitingFor?.what ?? this.#did;
    this.#seen = relocation;
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#terminal.living('');
  }

  /** The steps between where it was and where it is: the stream may pass over short ones. */
  #passed(before: Relocation | undefined, { step, state, result }: Relocation): void {
    const ended = state === 'ended';
    const from = before === undefined ? 0 : position(before.step);
    const to = position(step);
    for (const name of stepNames.slice(from, ended ? to + 1 : to)) {
      const measured = name === before?.step ? performance.now() - this.#stepSince : undefined;
      const failed = ended && result?.failure?.step === name;
      this.#line(name, failed ? this.#terminal.paint('red', '✗') : this.#terminal.paint('green', '✓'), {
        ms: result?.durationsMs[name] ?? measured,
        did: name === before?.step ? this.#did : '',
      });
    }
  }

  #line(name: StepName, mark: string, { ms, did }: { ms: number | undefined; did: string }): void {
    const took = ms === undefined ? '' : seconds(ms);
    const text = `  ${mark} ${numbered(name)}  ${took.padStart(6)}`;
    this.#terminal.tell(`${text}${did === '' ? '' : `  ${this.#terminal.paint('dim', did)}`}`.trimEnd());
  }

  /** What a person may have to act on. */
  #turned(relocation: Relocation): void {
    const { state, id, waitingFor } = relocation;
    const what = waitingFor?.what ?? '';
    const { paint } = { paint: this.#terminal.paint.bind(this.#terminal) };
    if (state === 'paused') this.#terminal.tell(`  ${paint('yellow', 'paused')}: ferry resume ${id}`);
    else if (state === 'held') this.#terminal.tell(`  ${paint('yellow', 'held')}: ${what} (ferry approve ${id})`);
    else if (state === 'rollingBack') this.#terminal.tell(`  ${paint('yellow', 'rolling back')} ${what}`.trimEnd());
    else if (state === 'parked' || state === 'ended' || state === 'terminated')
      for (const line of endLines(relocation, this.#terminal)) this.#terminal.tell(`  ${line}`);
  }

  #draw(): void {
    const { step, state } = this.#seen ?? {};
    if (step === undefined || state === 'ended' || state === 'terminated' || state === 'parked') return;
    this.#frame += 1;
    const name = stepNames[position(step ?? null)] ?? 'check';
    const wheel = this.#terminal.paint('cyan', spinner[this.#frame % spinner.length] ?? '');
    const took = seconds(performance.now() - this.#stepSince);
    this.#terminal.living(`  ${wheel} ${numbered(name)}  ${took.padStart(6)}  ${this.#did}`.trimEnd());
  }
}

const position = (step: string | null): number =>
  Math.max(
    0,
    stepNames.findIndex((name) => name === step),
  );

const numbered = (name: StepName): string => `${position(name) + 1} ${steps[name].title.padEnd(WIDTH)}`;

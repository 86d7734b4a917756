import type { Relocation } from '../api/resources.ts';
import { type StepName, stepNames, steps } from '../domain/steps.ts';
import { endLines, subject } from './relocation-text.ts';
import { seconds, type Terminal } from './terminal.ts';

const titles: ReadonlySet<string> = new Set(Object.values(steps).map(({ title }) => title));
const WIDTH = Math.max(...Object.values(steps).map(({ title }) => title.length));
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 100;
/** Where no line changes, it is said so often that it still waits. */
const STILL_MS = 60_000;

/** One line for each step that is done and for each failure of an attempt; and one that tells what it is at. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout;
  #last: Relocation | undefined;
  #step: StepName | undefined;
  #doing = '';
  #failure: string | null = null;
  /** Steps that were told to be done. */
  readonly #told = new Set<StepName>();
  #frame = 0;

  constructor(terminal: Terminal, stillMs = STILL_MS) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#again(), terminal.alive ? FRAME_MS : stillMs);
  }

  show(relocation: Relocation): void {
    const { state, waitingFor } = relocation;
    const step = stepNames.find((name) => name === relocation.step) ?? this.#step; // null: not known at this moment
    const before = this.#last;
    this.#last = relocation;
    if (before === undefined) this.#terminal.tell(this.#terminal.paint('bold', subject(relocation)));
    if (step !== undefined) this.#passed(step, relocation);
    if (step !== this.#step) [this.#step, this.#doing, this.#failure] = [step, '', null];
    if (state !== before?.state) this.#turned(relocation);
    if (waitingFor !== null && step !== undefined) this.#doing = titles.has(waitingFor.what) ? '' : waitingFor.what;
    this.#failed(relocation);
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#terminal.living('');
  }

  /**
   * Up to this one what has been gone through, held or with the result this one too: the stream may pass over short ones, and a
   * takeover does without the last two. Where nothing is known of how long they took, all of them.
   */
  #passed(step: StepName, { state, result, durationsMs }: Relocation): void {
    const done = stepNames.indexOf(step) + (result === null && state !== 'held' ? 0 : 1);
    const isKnown = Object.keys(durationsMs).length > 0;
    for (const name of stepNames.slice(0, done)) {
      const failed = result?.failure?.step === name;
      if (this.#told.has(name) || (isKnown && durationsMs[name] === undefined && !failed)) continue;
      this.#told.add(name);
      const mark = failed ? this.#terminal.paint('red', '✗') : this.#terminal.paint('green', '✓');
      const ms = durationsMs[name];
      const took = (ms === undefined ? '' : seconds(ms)).padStart(6);
      this.#terminal.tell(`  ${mark} ${numbered(name).padEnd(WIDTH + 2)}  ${took}`.trimEnd());
    }
  }

  /** Why it has to try again, whole, whenever that changes. */
  #failed({ state, waitingFor }: Relocation): void {
    if (state !== 'working' && state !== 'rollingBack') return;
    const failure = waitingFor?.lastFailure ?? null;
    if (failure !== null && failure !== this.#failure) {
      const attempt = waitingFor?.attempt == null ? '' : `attempt ${waitingFor.attempt}, after `;
      this.#terminal.tell(`    ${this.#terminal.paint('yellow', `${attempt}${failure}`)}`);
    }
    this.#failure = failure;
  }

  /** What a person may have to act on, and the end. */
  #turned(relocation: Relocation): void {
    const { state, id, waitingFor } = relocation;
    const { hints } = this.#terminal;
    const say = (word: string, more: string): void =>
      this.#terminal.tell(`  ${this.#terminal.paint('yellow', word)}: ${more}`);
    const until = waitingFor?.until == null ? '' : `, ${waitingFor.until}`;
    if (state === 'paused') say('paused', hints.about('resume', id));
    else if (state === 'held')
      say(
        'held',
        `${waitingFor?.what ?? 'before the cut-over'}${until} (${hints.about(relocation.actions[0] ?? 'approve', id)})`,
      );
    else if (state === 'rollingBack') say('rolling back', waitingFor?.what ?? 'what was done is undone');
    else if (state === 'parked' || state === 'ended' || state === 'terminated')
      for (const line of endLines(relocation, this.#terminal)) this.#terminal.tell(`  ${line}`);
  }

  #again(): void {
    if (this.#terminal.alive) this.#draw();
    else if (this.#goesOn()) this.#terminal.tell(`  … ${this.#now()}`);
  }

  #draw(): void {
    if (!this.#goesOn()) return;
    this.#frame = (this.#frame + 1) % SPINNER.length;
    this.#terminal.living(`  ${this.#terminal.paint('cyan', SPINNER[this.#frame] ?? '')} ${this.#now()}`);
  }

  #goesOn(): boolean {
    return this.#step !== undefined && ['working', 'paused', 'held', 'rollingBack'].includes(this.#last?.state ?? '');
  }

  /** What it is at, for how long, by which attempt. */
  #now(): string {
    const { since = null, waitingFor = null, state = 'working' } = this.#last ?? {};
    const ms = since === null ? undefined : Math.max(0, Date.now() - Date.parse(since));
    const attempt = waitingFor?.attempt ?? 1;
    return [
      state === 'working' ? numbered(this.#step ?? 'check') : state === 'rollingBack' ? 'rolling back' : state,
      ...(ms === undefined ? [] : [seconds(ms)]),
      ...(attempt > 1 ? [`attempt ${attempt}`] : []),
      ...(this.#doing === '' ? [] : [this.#doing]),
    ].join('  ');
  }
}

const numbered = (name: StepName): string => `${stepNames.indexOf(name) + 1} ${steps[name].title}`;

import { stripVTControlCharacters, styleText } from 'node:util';
import { Hints } from './hints.ts';

/** Where text goes: a stream of the process, or of a test. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** What a command shows: a text that fits, all of it, the document of the API, or a line for each thing of a list or change. */
export type Format = 'text' | 'wide' | 'json' | 'jsonl';

/** Documents go to stdout; with `--json` everything for a person goes to stderr, so that stdout is one document. */
export class Terminal {
  format: Format;
  readonly hints = new Hints();
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  #living = '';
  #atRest = false;

  constructor(stdout: Stream, stderr: Stream, format: Format = 'text') {
    [this.#stdout, this.#stderr, this.format] = [stdout, stderr, format];
  }

  get json(): boolean {
    return this.format === 'json' || this.format === 'jsonl';
  }

  /** Is there a person who sees a line change? */
  get alive(): boolean {
    return this.#person.isTTY === true;
  }

  /** What a line has room for; a pipe takes any. */
  get width(): number {
    return this.alive && this.format !== 'wide' ? this.#columns : Number.POSITIVE_INFINITY;
  }

  document(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** One document, or with `jsonl` a line for each of `rows`. */
  list(value: unknown, rows: readonly unknown[]): void {
    for (const each of this.format === 'jsonl' ? rows : [value]) this.document(each);
  }

  tell(text = ''): void {
    this.living('');
    this.#person.write(`${text}\n`);
  }

  /** A line that the next one replaces; nothing where nobody would see it change. */
  living(line: string): void {
    if (!this.alive || line === this.#living || process.env['TERM'] === 'dumb') return;
    if (this.#atRest && line !== '') return;
    this.#living = line;
    this.#person.write(`\r\u001B[K${line === '' ? '' : fitting(line, this.#columns - 1)}`);
  }

  /** No line changes any more, whoever still draws one. */
  rest(): void {
    this.living('');
    this.#atRest = true;
  }

  /** A property, since tables are given it. */
  readonly paint = (colour: Colour, text: string): string =>
    this.#colours ? styleText(colour, text, { validateStream: false }) : text;

  get #person(): Stream {
    return this.json ? this.#stderr : this.#stdout;
  }

  get #columns(): number {
    return this.#person.columns || 80;
  }

  /** no-color.org, and its opposite. */
  get #colours(): boolean {
    const { NO_COLOR = '', FORCE_COLOR = '', TERM } = process.env;
    if (FORCE_COLOR !== '') return FORCE_COLOR !== '0';
    return this.alive && NO_COLOR === '' && TERM !== 'dumb';
  }
}

/** Cut where it would not fit, and then without colours, which would be cut too. */
export function fitting(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length > width ? `${plain.slice(0, width - 1)}…` : line;
}

export const seconds = (ms: number): string =>
  ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;

/** As precise as a freeze is worth reading. */
export const millis = (ms: number): string => `${Number(ms.toFixed(ms < 10 ? 2 : 0))} ms`;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** How long ago, in the largest unit of which there are two. */
export function age(since: string, now = Date.now()): string {
  const ms = Math.max(0, now - Date.parse(since));
  const [unit, one] = UNITS.find(([, length]) => ms >= 2 * length) ?? (['s', 1_000] as const);
  return `${Math.floor(ms / one)}${unit}`;
}

/** How long ago; the instant itself where nothing is shortened. */
export const when = (instant: string | null, { format }: Pick<Terminal, 'format'>): string =>
  instant === null ? '' : format === 'wide' ? instant : `${age(instant)} ago`;

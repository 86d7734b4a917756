/** Where text goes: a stream of the process, or of a test. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Colour = keyof typeof codes;

/** Documents go to stdout; with `--json` everything for a person goes to stderr, so that stdout is one document. */
export class Terminal {
  readonly json: boolean;
  readonly #documents: Stream;
  readonly #person: Stream;
  readonly #colours: boolean;
  #living = '';

  constructor(stdout: Stream, stderr: Stream, json: boolean) {
    this.json = json;
    this.#documents = stdout;
    this.#person = json ? stderr : stdout;
    const { NO_COLOR, TERM } = process.env;
    this.#colours = this.alive && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
  }

  /** Is there a person who sees a line change? */
  get alive(): boolean {
    return this.#person.isTTY === true;
  }

  document(value: unknown): void {
    this.#documents.write(`${JSON.stringify(value)}\n`);
  }

  tell(text = ''): void {
    this.living('');
    this.#person.write(`${text}\n`);
  }

  /** A line that the next one replaces; nothing where nobody would see it change. */
  living(line: string): void {
    if (!this.alive || line === this.#living) return;
    this.#living = line;
    this.#person.write(`\r\u001B[K${line === '' ? '' : this.#fitting(line)}`);
  }

  paint(colour: Colour, text: string): string {
    return this.#colours ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text;
  }

  #fitting(line: string): string {
    const width = (this.#person.columns || 80) - 1;
    return line.length > width ? `${line.slice(0, width - 1)}…` : line;
  }
}

export const seconds = (ms: number): string =>
  ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;

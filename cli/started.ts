import { join } from 'node:path';
import { seconds, type Terminal } from './terminal.ts';

/** A server that was started: it says how it ended, and is asked to. */
export interface Server {
  readonly exited: Promise<string>;
  readonly stop: (limitMs?: number) => Promise<void>;
}

/** What of a house whoever starts a part of it needs. */
export interface Started {
  readonly phases: Phases;
  /** Is stopped with the house, after every process that talks to it; `again` starts it as it was when it ends by itself. */
  readonly keep: (what: string, server: Server, again: () => Promise<Server>) => Promise<void>;
}

/** A part of a start, as `--json` shows it: since when the command runs, and for how long it was waited for. */
export interface Phase {
  readonly phase: string;
  readonly fromMs: number;
  readonly tookMs: number;
}

const LOOK_MS = 1_000;

/** The parts of a start: a line for each when it is done, and meanwhile one that says what is waited for. */
export class Phases {
  readonly done: Phase[] = [];
  readonly #terminal: Terminal;
  /** By what is waited for: since when. */
  readonly #waiting = new Map<string, number>();
  #telling: NodeJS.Timeout | undefined;
  #over = false;
  #note = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async timed<T>(phase: string, started: Promise<T>): Promise<T> {
    const from = performance.now();
    this.#waiting.set(phase, from);
    this.#telling ??= setInterval(() => this.#tell(), LOOK_MS);
    try {
      const result = await started;
      const took = performance.now() - from;
      this.done.push({ phase, fromMs: Math.round(from), tookMs: Math.round(took) });
      this.#tick(phase, took);
      return result;
    } finally {
      this.#waiting.delete(phase);
      if (this.#waiting.size === 0) this.#rest();
      else this.#tell();
    }
  }

  /** Whatever is still under way has nothing to say any more. */
  end(): void {
    this.#over = true;
    this.#rest();
  }

  /** What one of them has to say meanwhile. */
  say(note: string): void {
    if (this.#over) return;
    this.#note = note;
    if (this.#terminal.alive) this.#tell();
    else this.#terminal.tell(`  ${note}`);
  }

  #tick(phase: string, tookMs: number): void {
    if (this.#over) return;
    const mark = this.#terminal.paint('green', '✓');
    this.#terminal.tell(`  ${mark} ${phase.padEnd(38)} ${this.#terminal.paint('dim', seconds(tookMs))}`);
  }

  #tell(): void {
    if (this.#over) return;
    const now = performance.now();
    const waiting = [...this.#waiting].map(([phase, since]) => `${phase} ${Math.round((now - since) / 1_000)} s`);
    this.#terminal.living(`  … ${[...(this.#note === '' ? [] : [this.#note]), ...waiting].join(', ')}`);
  }

  #rest(): void {
    clearInterval(this.#telling);
    this.#telling = undefined;
    this.#note = '';
    this.#terminal.living('');
  }
}

/** Of a process or a server of the house. */
export const logOf = (data: string, name: string): string =>
  join(data, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`);

import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from './state.ts';

/**
 * What was accepted, and who was given to whom, written before anybody is told (`DATA_DIR`; without one, nothing is). An
 * instance that is started again is the standby of nobody all the same: others may have gone on without it. What it had
 * kept counts again when its provider founds it (`/provider/found`).
 */
export class Journal {
  readonly #file: string | null;
  /** What was kept when this process started, by user. */
  readonly kept = new Map<string, Entry>();

  constructor(folder: string | undefined) {
    this.#file = folder ? join(folder, 'journal.jsonl') : null;
    if (this.#file === null || !existsSync(this.#file)) return;
    // What a crash cut off in the middle of a line was acknowledged to nobody
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    for (const entry of lines.map((line) => JSON.parse(line) as Entry)) this.kept.set(entry.user, entry);
    writeFileSync(`${this.#file}.new`, asLines([...this.kept.values()]));
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** One write for all of it. Throws where the disk does not take it: then it has not happened. */
  write(entries: readonly Entry[]): void {
    if (this.#file !== null && entries.length > 0) appendFileSync(this.#file, asLines(entries));
  }
}

const asLines = (entries: readonly Entry[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { appending } from '../servers/log.ts';
import { program } from './built.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const LAST_LINES = 12;

/** How much of a log is worth showing when its process has ended by itself; `from`: where that began to write. */
const lastLines = (log: string, from: number): string => {
  try {
    return readFileSync(log).subarray(from).toString().trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
};

export interface ChildPlan {
  readonly name: string;
  /** Path of the TypeScript entry, from the project's root. */
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: string;
}

/**
 * A process of ours. It says on stdout, in one line of JSON, when it is ready, and ends by itself when its stdin closes:
 * so none is left when we are killed. It has a group of its own: Ctrl-C is for us, who decide the order of the end.
 */
export class Child {
  readonly name: string;
  readonly log: string;
  /** What it said when it became ready. Rejects when it ends before that. */
  readonly ready: Promise<Record<string, unknown>>;
  /** Resolves with how it ended: `exit status 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  readonly #process: ChildProcess;
  /** Bytes of its log that are of earlier ones. */
  readonly #logged: number;

  constructor({ name, script, args, environment, log }: ChildPlan) {
    [this.name, this.log] = [name, log];
    const written = appending(log);
    this.#logged = fstatSync(written).size;
    const child = spawn(process.execPath, [...program(script), ...args, '--tethered'], {
      cwd: root,
      env: environment,
      stdio: ['pipe', 'pipe', written],
      detached: true,
    });
    this.#process = child;
    child.stdin?.on('error', () => undefined); // it ended first
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
    });
    child.once('close', () => closeSync(written));
    this.ready = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout as Readable }).on('line', (line) => {
        const said = readiness(line);
        if (said === undefined) writeSync(written, `${line}\n`);
        else resolve(said);
      });
      void this.exited.then((how) => reject(new Error(this.ended(how))));
    });
    this.ready.catch(() => undefined); // whoever started it may not wait for it
  }

  ended(how: string): string {
    return `${this.name} has ended (${how}); the last lines of ${this.log}:\n${lastLines(this.log, this.#logged)}`;
  }

  /** Asks it to end, and kills it after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#process.stdin?.end();
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), limitMs);
    await this.exited;
    clearTimeout(late);
  }
}

function readiness(line: string): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null && 'ready' in said && said.ready === true
      ? { ...said }
      : undefined;
  } catch {
    return undefined;
  }
}

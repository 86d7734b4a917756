import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSPECTABLE, Kept } from '../stage/kept.ts';

export interface WorkerPlan {
  readonly address: string;
  readonly taskQueue: string;
  /** The workflows as one script: a file. */
  readonly bundle: string;
  readonly pace: object;
  readonly capacity: {
    readonly slots: { readonly steps: number; readonly waits: number };
    readonly maxCachedWorkflows: number;
  };
}

/** What a worker has used since it began. */
export interface Told {
  readonly cpuMs: number;
  readonly handles: number;
  /** Of each that has passed since the gate was opened: milliseconds. */
  readonly ended: readonly number[];
  readonly metrics: string;
}

export interface Looked {
  /** Relocations that wait at the gate. */
  readonly waiting: number;
  readonly ended: number;
}

/** A worker in a process of its own. */
export class Hired {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #gone = new AbortController();
  /** One thing is said at a time. */
  #before: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, log: string) {
    [this.#child, this.#log] = [child, log];
    child.once('exit', (code, signal) =>
      this.#gone.abort(new Error(`the worker ended (${signal ?? `exit status ${code}`})`)),
    );
  }

  /** `log`: where its standard error goes. */
  static async hire(plan: WorkerPlan, log: string): Promise<Hired> {
    const script = fileURLToPath(new URL('worker.ts', import.meta.url));
    const errors = openSync(log, 'a');
    const child = fork(script, [JSON.stringify(plan)], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...INSPECTABLE, MALLOC_ARENA_MAX: '2' }, // docs/scaling.md
      stdio: ['ignore', 'ignore', errors, 'ipc'],
    });
    closeSync(errors);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the worker ended at its start'))),
    ]);
    return new Hired(child, log);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async shut(): Promise<void> {
    await this.#say('shut');
  }

  async open(): Promise<void> {
    await this.#say('open');
  }

  async look(): Promise<Looked> {
    return (await this.#say('look')) as Looked;
  }

  /** What nobody needs is given back, by each of its threads; bytes of their heaps that are needed. */
  async collect(): Promise<number> {
    const kept = await Kept.by({ pid: this.pid, log: this.#log });
    try {
      return await kept.bytes();
    } finally {
      kept.leave();
    }
  }

  async used(): Promise<Told> {
    return (await this.#say('used')) as Told;
  }

  async dismiss(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(late);
  }

  async #say(word: string): Promise<unknown> {
    const answer = this.#before.then(async () => {
      const { signal } = this.#gone;
      const told = once(this.#child, 'message', { signal });
      if (!signal.aborted) this.#child.send(word);
      const [answered] = await told.catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
      return answered as unknown;
    });
    this.#before = answer.catch(() => undefined);
    return await answer;
  }
}

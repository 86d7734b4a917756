import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

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
  readonly rss: number;
  readonly heapUsed: number;
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
  /** One thing is said at a time. */
  #before: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async hire(plan: WorkerPlan): Promise<Hired> {
    const script = fileURLToPath(new URL('worker.ts', import.meta.url));
    const child = fork(script, [JSON.stringify(plan)], { execArgv: ['--expose-gc', '--import', 'tsx'] });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the worker ended at its start'))),
    ]);
    return new Hired(child);
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
      const told = once(this.#child, 'message');
      this.#child.send(word);
      return ((await told) as unknown[])[0];
    });
    this.#before = answer.catch(() => undefined);
    return await answer;
  }
}

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listens } from './listens.ts';

/** The processes of a world. Each hangs on the pipe to its stdin, which closes when this process ends in whatever way. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Of the build, or of the sources as they are. */
const program = (name: string): string[] =>
  import.meta.url.endsWith('.js') ? [`sandbox/${name}/main.js`] : ['--import', 'tsx', `sandbox/${name}/main.ts`];
const READY_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 50;
const END_LIMIT_MS = 1_000;

interface Child {
  readonly name: string;
  readonly process: ChildProcessByStdio<Writable, null, null>;
  readonly exited: Promise<void>;
}

export class Children {
  readonly #children: Child[] = [];
  readonly #lost: (name: string) => void;
  #ending = false;

  /** `lost` is called when one ends that was not asked to. */
  constructor(lost: (name: string) => void) {
    this.#lost = lost;
  }

  /** Starts the program `sandbox/<name>/main`; what it has to say comes on stderr. */
  start(name: string, args: readonly string[]): void {
    const child = spawn(process.execPath, [...program(name), ...args], {
      cwd: ROOT,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.on('error', () => undefined); // it has ended: `exited` tells
    this.#children.push({ name, process: child, exited: this.#watch(name, child) });
  }

  async #watch(name: string, child: Child['process']): Promise<void> {
    await once(child, 'exit').catch(() => undefined);
    if (!this.#ending) this.#lost(name);
  }

  list(): { name: string; pid: number }[] {
    return this.#children.map(({ name, process: { pid } }) => ({ name, pid: pid ?? 0 }));
  }

  /** Closes their pipes, and ends by force who does not heed that. */
  async end(): Promise<void> {
    this.#ending = true;
    for (const { process: child } of this.#children) child.stdin.end();
    const force = setTimeout(() => {
      for (const { process: child } of this.#children) child.kill('SIGKILL');
    }, END_LIMIT_MS);
    await Promise.all(this.#children.map(({ exited }) => exited));
    clearTimeout(force);
  }
}

/** Looks until this URL answers. */
export async function untilServed(url: string): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS;
  const { hostname, port } = new URL(url);
  for (;;) {
    if ((await listens(hostname, Number(port))) && (await serves(url))) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await pause(LOOK_EVERY_MS);
  }
}

async function serves(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

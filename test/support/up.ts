import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Ready } from '../../cli/up.ts';
import { eventually } from './eventually.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A process, and when it was started: its id alone may come to belong to another. */
type Identity = `${number}@${string}`;

/** `ferry up`, as a person starts it, and every process that comes of it. One operator, unless options say otherwise. */
export class Up {
  readonly pid: number;
  /** Resolves with `status n`, or the signal that it died of. */
  readonly exited: Promise<string>;
  out = '';
  err = '';
  readonly #process: ChildProcess;
  readonly #family = new Set<Identity>();

  constructor(options: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const topology = options.includes('--topology') ? [] : ['--topology', 'alone'];
    const own = Object.entries(process.env).filter(([name]) => !/^((FERRY|TEMPORAL)_|DATABASE_URL$)/.test(name));
    this.#process = spawn(process.execPath, ['cli/ferry.mjs', 'up', '--json', ...topology, ...options], {
      cwd: root,
      env: { ...Object.fromEntries(own), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.pid = this.#process.pid ?? 0;
    this.exited = new Promise((resolve) =>
      this.#process.once('close', (code, signal) => resolve(signal ?? `status ${code}`)),
    );
  }

  /** Its addresses, when everything is up. */
  async ready(): Promise<Ready> {
    await eventually(() => this.out.includes('\n') || this.#process.exitCode !== null, 60_000);
    if (!this.out.includes('\n')) throw new Error(`it ended: ${this.err}`);
    this.meet();
    return JSON.parse(this.out) as Ready;
  }

  /** Remembers every process that descends from it now; returns their ids. */
  meet(): number[] {
    const all = running();
    const found = new Set([this.pid]);
    for (let size = 0; size !== found.size; ) {
      size = found.size;
      for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
    }
    for (const { pid, identity } of all) if (found.has(pid)) this.#family.add(identity);
    return [...found];
  }

  /** Of all that were ever met, those that still run. */
  get left(): string[] {
    return running()
      .filter(({ identity }) => this.#family.has(identity))
      .map(({ pid, command }) => `${pid} ${command}`);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** For the end of a test: whatever became of it, nothing is left. */
  async end(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.signal('SIGINT');
    const late = setTimeout(() => this.signal('SIGKILL'), 8_000);
    await this.exited;
    clearTimeout(late);
  }
}

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly identity: Identity;
  readonly command: string;
}

/** Every process of this machine, less those that are only waiting to be collected (proc(5), state Z). */
function running(): Running[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const pid = Number(name);
        return [{ pid, parent: Number(fields[1]), identity: `${pid}@${fields[19]}` as const, command }];
      } catch {
        return []; // it has just ended
      }
    });
}

/** Can it be bound by whoever comes next? */
export async function isFree(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { inUri } from '../../domain/endpoint.ts';
import { spawnTethered } from '../../servers/tether.ts';

/** Instances of the application as processes of their own, from the very file that its package carries. */
export async function image(): Promise<string> {
  const bundle = await build({
    entryPoints: ['sandbox/application/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
  });
  return bundle.outputFiles[0]?.text ?? '';
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: T;
}

interface User {
  readonly user: string;
  readonly role: string;
  readonly epoch: number;
  readonly accepted: readonly (readonly [number, number])[];
}
export interface Dump {
  readonly users: readonly User[];
  readonly frozen: readonly string[];
  readonly freezes: number;
  /** It has been asked whether it may go, and has not said no. */
  readonly retiring: boolean;
  readonly notifications: { readonly received: number; readonly forUsersServed: number };
}

const alone = new Agent();

export class Process {
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #token: string | undefined;
  readonly #ports: { readonly client: number; readonly management: number };
  readonly ended: Promise<number | null>;
  said = '';

  private constructor(host: string, child: ChildProcess, env: Record<string, string>) {
    this.host = host;
    this.#token = env['MANAGEMENT_TOKEN'];
    this.#ports = { client: Number(env['PORT'] ?? 7000), management: Number(env['MANAGEMENT_PORT'] ?? 7001) };
    this.#child = child;
    this.ended = once(child, 'exit').then(([status]) => status as number | null);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => void (this.said += text));
  }

  static async start(
    id: string,
    host: string,
    [program = '', ...args]: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Process> {
    const own = { INSTANCE_ID: id, HOST: host, PATH: process.env['PATH'] ?? '', ...env };
    const child = spawnTethered([program, args], { env: own, stdio: ['ignore', 'ignore', 'pipe'] });
    const started = new Process(host, child, env);
    await until(() => started.said !== '', 'the instance starts');
    return started;
  }

  get endpoint(): { host: string; port: number } {
    return { host: this.host, port: this.#ports.management };
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  async client<T>(method: string, path: string, body?: object, agent = alone): Promise<Answer<T>> {
    return await ask<T>(method, `http://${inUri(this.host)}:${this.#ports.client}${path}`, body, agent);
  }

  /** `token`: that which it wants to see. */
  async manage<T>(method: string, path: string, body?: object, token = this.#token): Promise<Answer<T>> {
    return await ask<T>(method, `http://${inUri(this.host)}:${this.#ports.management}${path}`, body, alone, token);
  }

  async contract<T>(call: string, body: object): Promise<Answer<T>> {
    return await this.manage<T>('POST', `/relocation/v1/${call}`, body);
  }

  async dump(): Promise<Dump> {
    return (await this.manage<Dump>('GET', '/provider/state')).body;
  }

  async user(name: string): Promise<User | undefined> {
    return (await this.dump()).users.find(({ user }) => user === name);
  }
}

async function ask<T>(
  method: string,
  url: string,
  body: object | undefined,
  agent: Agent,
  token?: string,
): Promise<Answer<T>> {
  return await new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = request(url, { method, headers, agent, signal: AbortSignal.timeout(10_000) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => void (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const parsed = (text === '' ? null : JSON.parse(text)) as T;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed });
      });
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

/** Awaits a condition, with a deadline. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, limitMs = 10_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came: ${what}`);
    await pause(10);
  }
}

/** A client that writes 1, 2, 3, … for one user, each number until it is acknowledged, at whichever entrance it is told. */
export class Writer {
  readonly user: string;
  readonly acknowledged: { number: number; epoch: number; instance: string }[] = [];
  entrance: Process;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(user: string, entrance: Process) {
    this.user = user;
    this.entrance = entrance;
    this.#done = this.#write();
  }

  async #write(): Promise<void> {
    for (let number = 1; !this.#stopped; number += 1) {
      await this.#until200(number);
      await pause(2);
    }
  }

  async #until200(number: number): Promise<void> {
    const path = `/users/${this.user}/writes`;
    for (;;) {
      try {
        const { status, body } = await this.entrance.client<{ epoch: number; instance: string }>(
          'POST',
          path,
          { number },
          this.#agent,
        );
        if (status === 200) return void this.acknowledged.push({ number, ...body });
      } catch {
        // the same number again
      }
      await pause(10);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
    this.#agent.destroy();
  }
}

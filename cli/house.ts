import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lock } from 'proper-lockfile';
import { bundleOf } from './bundle.ts';
import { Child, lastLines } from './child.ts';
import { type Databases, databasesOf } from './databases.ts';
import { type Ferry, given, operatorsOf, type Topology } from './ferries.ts';
import { isFree } from './ports.ts';
import { type Started, timed } from './started.ts';
import { type Temporal, temporalOf } from './temporal.ts';
import type { Terminal } from './terminal.ts';

export interface HousePlan {
  readonly port: number;
  /** The sandbox's network, 127.N.0.0/16. */
  readonly net: number;
  /** Whose sandbox it is. */
  readonly topology: Topology;
  /** Where the databases, the logs and the sandbox's files are. */
  readonly data: string;
}

/** Another operator's Ferry, that was started beside ours. */
export interface Partner {
  readonly operator: string;
  readonly api: string;
  readonly namespace: string;
}

export interface Addresses {
  readonly api: string;
  readonly temporal: string;
  readonly temporalUi: string | null;
  readonly sandbox: string | null;
  readonly partners: readonly Partner[];
}

interface Servers {
  readonly temporal: Temporal;
  readonly databases: Databases | undefined;
  readonly bundle: NodeJS.ProcessEnv;
}

const HOST = '127.0.0.1';
const ASK_MS = 3_000;
const STOP_MS = 1_500;
/** There is one worker at a time, which goes on with whatever earlier starts have begun. */
const BUILD_ID = 'up';

/** Every process of `ferry up`: servers, sandbox, worker and API of each Ferry. Whatever happens, `end` leaves none. */
export class House {
  /** Rejects when a process ends that nobody has asked to. */
  readonly broken: Promise<never>;
  readonly #plan: HousePlan;
  readonly #started: Started;
  readonly #children: Child[] = [];
  readonly #stopServers: ((limitMs: number) => Promise<void>)[] = [];
  #unlock: () => Promise<void> = async () => undefined;
  #breaks: (error: Error) => void = () => undefined;
  #ending = false;

  constructor(plan: HousePlan, terminal: Terminal) {
    this.#plan = { ...plan, data: resolve(plan.data) };
    this.#started = {
      terminal,
      timed: async (what, started) => await timed(terminal, what, started),
      keep: async (what, { exited, stop }, log) => {
        this.#stopServers.push(stop);
        void exited.then((how) =>
          this.#ended(`${what} has ended (${how}); the last lines of ${log}:\n${lastLines(log)}`),
        );
        if (this.#ending) await stop(0);
      },
    };
    this.broken = new Promise((_, reject) => {
      this.#breaks = reject;
    });
    this.broken.catch(() => undefined);
  }

  async start(): Promise<Addresses> {
    await this.#claim();
    const { data } = this.#plan;
    const file = process.env['FERRY_CONFIG'] ?? '';
    const inSandbox = file === '';
    const ours = inSandbox ? operatorsOf[this.#plan.topology] : await given(file);
    const plan = { ...this.#plan, inSandbox, others: ours.operators.slice(1) };
    const [temporal, databases, bundle, sandbox] = await Promise.all([
      temporalOf(plan, this.#started),
      ours.federated ? databasesOf(plan, this.#started) : undefined,
      bundleOf(data),
      inSandbox ? this.#sandbox() : undefined,
    ]);
    const servers = { temporal, databases, bundle };
    const ferries = sandbox?.ferries ?? [{ operator: '', configuration: resolve(file), inner: null, outer: null }];
    const apis = await Promise.all(ferries.map(async (ferry, nth) => await this.#ferry(ferry, nth === 0, servers)));
    return {
      api: apis[0]?.api ?? '',
      temporal: temporal.address,
      temporalUi: temporal.ui,
      sandbox: sandbox?.control ?? null,
      partners: apis.slice(1),
    };
  }

  /** Asks every process to end, and kills what has not within seconds. Servers last: the others still talk to them. */
  async end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await Promise.all(this.#children.map(async (child) => await child.stop(ASK_MS)));
    await Promise.all(this.#stopServers.map(async (stop) => await stop(STOP_MS)));
    await this.#unlock();
  }

  /** API and worker. The first Ferry is ours; whatever another one has is called after its operator. */
  async #ferry(ferry: Ferry, first: boolean, { temporal, databases, bundle }: Servers): Promise<Partner> {
    const { operator, configuration, inner, outer } = ferry;
    const [of, file] = first ? ['', 'secret'] : [` of ${operator}`, `secret.${operator}`];
    const database = await databases?.(operator);
    const towards = temporal.environment(first ? undefined : operator);
    const environment = {
      ...towards,
      ...bundle,
      FERRY_CONFIG: configuration,
      FERRY_HOST: inner?.address ?? HOST,
      FERRY_PORT: String(inner?.port ?? this.#plan.port),
      ...(outer !== null && { FERRY_OUTER_HOST: outer.address, FERRY_OUTER_PORT: String(outer.port) }),
      ...(database !== undefined && { DATABASE_URL: database }),
      FERRY_BUILD_ID: process.env['FERRY_BUILD_ID'] || BUILD_ID,
      ...(temporal.ui !== null && { FERRY_TEMPORAL_UI: temporal.ui }),
      FERRY_SECRET: await this.#secret(file),
    };
    const [api] = await Promise.all([
      this.#child(`API${of}`, 'api/main.ts', [], environment),
      this.#child(`worker${of}`, 'worker/main.ts', [], environment),
    ]);
    const namespace = towards['TEMPORAL_NAMESPACE'] ?? '';
    return { operator, api: String(api['url']).replace(/\/+$/, ''), namespace };
  }

  /** Theirs who bring one; else one that is made once, and kept beside the databases. */
  async #secret(name: string): Promise<string> {
    const brought = process.env['FERRY_SECRET'] ?? '';
    if (brought !== '') return brought;
    const file = join(this.#plan.data, name);
    await writeFile(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    return await readFile(file, 'utf8');
  }

  /** The data folder and the ports are ours, or nothing is started. */
  async #claim(): Promise<void> {
    const { data, port, net } = this.#plan;
    await mkdir(data, { recursive: true });
    // A start that was killed leaves its lock, which is stale after these seconds.
    const retries = { retries: 12, factor: 1, minTimeout: 500, maxTimeout: 500 };
    this.#unlock = await lock(data, {
      lockfilePath: join(data, 'up.lock'),
      stale: 5_000,
      update: 1_000,
      retries,
      onCompromised: () => undefined,
    }).catch((error: unknown) => {
      throw new Error(`another ferry up uses ${data}: end it, or choose another folder with --data`, {
        cause: error,
      });
    });
    if (!(await isFree(HOST, port)))
      throw new Error(`port ${port} of ${HOST} is in use: choose another for the API with --port`);
    const control = `127.${net}.0.1`;
    if ((process.env['FERRY_CONFIG'] ?? '') === '' && !(await isFree(control, 8080)))
      throw new Error(`port 8080 of ${control} is in use: choose another network for the sandbox with --net`);
  }

  async #sandbox(): Promise<{ control: string; ferries: Ferry[] }> {
    const { data, net, port, topology } = this.#plan;
    const folder = join(data, `sandbox-${net}`);
    const files = ['--package-cache', folder, '--config-out', join(folder, 'configuration.json')];
    const ferry = `http://${HOST}:${port}`;
    const args = ['--net', String(net), '--topology', topology, '--ferry', ferry, ...files];
    const said = await this.#child('sandbox', 'sandbox/main.ts', args, process.env);
    return { control: String(said['control']), ferries: said['ferries'] as Ferry[] };
  }

  async #child(
    name: string,
    script: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
  ): Promise<Record<string, unknown>> {
    const log = join(this.#plan.data, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`);
    const child = new Child({ name, script, args, environment, log });
    this.#children.push(child);
    void child.exited.then((how) => this.#ended(child.ended(how)));
    return await this.#started.timed(name, child.ready);
  }

  #ended(sentence: string): void {
    if (!this.#ending) this.#breaks(new Error(sentence));
  }
}

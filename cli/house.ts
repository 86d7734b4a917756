import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lock } from 'proper-lockfile';
import { madeReady } from './ready.ts';
import { Child, type ChildPlan } from './child.ts';
import { type Databases, databasesOf } from './databases.ts';
import { type Ferry, given, operatorsOf, type Topology } from './ferries.ts';
import { madeFolder } from './folder.ts';
import { keepUp, type Running } from './kept.ts';
import { demandNetwork, isFree } from './ports.ts';
import { logOf, Phases, type Server, type Started } from './started.ts';
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
  /** The package of an application that the sandbox runs instead of the counter. */
  readonly app?: string;
  /** Peers, and authorization servers, of the sandbox ask for a certificate. */
  readonly mtls?: true;
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
  /** What the sandbox runs, and where each of its instances says something. */
  readonly application: { readonly name: string; readonly instances: string } | null;
}

interface Servers {
  readonly temporal: Temporal;
  readonly databases: Databases | undefined;
  readonly bundle: NodeJS.ProcessEnv;
  /** Each Ferry has one. */
  readonly gateways: boolean;
}

const HOST = '127.0.0.1';
const ASK_MS = 3_000;
const STOP_MS = 1_500;
/** There is one worker at a time, which goes on with whatever earlier starts have begun. */
const BUILD_ID = 'up';

/** Every process of `ferry up`: servers, sandbox, worker and API of each Ferry. Whatever happens, `end` leaves none. */
export class House {
  /** Rejects when a process ends that nobody has asked to, and that cannot be started again as it was: the sandbox. */
  readonly broken: Promise<never>;
  readonly phases: Phases;
  readonly #plan: HousePlan;
  readonly #terminal: Terminal;
  readonly #started: Started;
  /** By name: of what was started again, the last. */
  readonly #children = new Map<string, Child>();
  readonly #servers = new Map<string, Server>();
  #unlock: () => Promise<void> = async () => undefined;
  #breaks: (error: Error) => void = () => undefined;
  readonly #ending = new AbortController();
  #others: () => Promise<readonly Partner[]> = async () => [];
  #partners: Promise<readonly Partner[]> | undefined;

  constructor(plan: HousePlan, terminal: Terminal) {
    this.#plan = { ...plan, data: resolve(plan.data) };
    this.#terminal = terminal;
    this.phases = new Phases(terminal);
    this.#started = {
      phases: this.phases,
      keep: async (what, server, again) => {
        await this.#serving(what, server);
        this.#keep(what, server, async () => await this.#serving(what, await again()));
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
    const ready = madeReady(data, this.phases);
    const [temporal, databases, bundle, sandbox] = await Promise.all([
      temporalOf(plan, this.#started),
      ours.federated ? databasesOf(plan, this.#started) : undefined,
      ready,
      inSandbox ? ready.then(async () => await this.#sandbox()) : undefined,
    ]);
    const servers = { temporal, databases, bundle, gateways: ours.gateways };
    const [first = here(file), ...others] = sandbox?.ferries ?? [];
    const { api } = await this.#ferry(first, true, servers);
    this.#others = async () => await Promise.all(others.map(async (ferry) => await this.#ferry(ferry, false, servers)));
    return {
      api,
      temporal: temporal.address,
      temporalUi: temporal.ui,
      sandbox: sandbox?.control ?? null,
      application: sandbox?.application ?? null,
    };
  }

  /** Starts the Ferry of every other operator, once: ours is of use before. */
  async partners(): Promise<readonly Partner[]> {
    this.#partners ??= this.#others();
    return await this.#partners;
  }

  /** Asks every process to end, and kills what has not within seconds. Servers last: the others still talk to them. */
  async end(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.phases.end();
    await Promise.all([...this.#children.values()].map(async (child) => await child.stop(ASK_MS)));
    await Promise.all([...this.#servers.values()].map(async (server) => await server.stop(STOP_MS)));
    await this.#unlock();
  }

  /** API, worker and gateway. The first Ferry is ours; whatever another one has is called after its operator. */
  async #ferry(ferry: Ferry, first: boolean, { temporal, databases, bundle, gateways }: Servers): Promise<Partner> {
    const { operator, configuration, inner, outer, gateway } = ferry;
    const [of, file] = first ? ['', 'secret'] : [` of ${operator}`, `secret.${operator}`];
    const database = await databases?.(operator);
    const towards = temporal.environment(first ? undefined : operator);
    const environment = {
      ...towards,
      ...bundle,
      FERRY_CONFIG: configuration,
      FERRY_HOST: inner?.address ?? (process.env['FERRY_HOST'] || HOST),
      FERRY_PORT: String(inner?.port ?? this.#plan.port),
      ...(outer !== null && { FERRY_OUTER_HOST: outer.address, FERRY_OUTER_PORT: String(outer.port) }),
      ...gatewayAt(gateway),
      ...(database !== undefined && { DATABASE_URL: database }),
      FERRY_BUILD_ID: process.env['FERRY_BUILD_ID'] || BUILD_ID,
      ...(temporal.ui !== null && { FERRY_TEMPORAL_UI: temporal.ui }),
      FERRY_SECRET: await this.#secret(file),
    };
    const [api] = await Promise.all([
      this.#kept(`API${of}`, 'api/main.ts', environment),
      this.#kept(`worker${of}`, 'worker/main.ts', environment),
      gateways ? this.#kept(`gateway${of}`, 'gateway/main.ts', environment) : undefined,
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
    await madeFolder(data);
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
    if ((process.env['FERRY_CONFIG'] ?? '') === '') await demandNetwork(net);
  }

  async #sandbox(): Promise<{ control: string; application: Addresses['application']; ferries: Ferry[] }> {
    const { data, net, port, topology, app, mtls } = this.#plan;
    const folder = join(data, `sandbox-${net}`);
    const files = ['--package-cache', folder, '--config-out', join(folder, 'configuration.json')];
    const ferry = `http://${HOST}:${port}`;
    const args = ['--net', String(net), '--topology', topology, '--ferry', ferry, ...files];
    if (app !== undefined) args.push('--app', resolve(app));
    if (mtls === true) args.push('--mtls');
    const said = await this.#child('sandbox', 'sandbox/main.ts', args, process.env);
    const application = { name: String(said['application']), instances: String(said['instances']) };
    return { control: String(said['control']), application, ferries: said['ferries'] as Ferry[] };
  }

  async #child(
    name: string,
    script: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
  ): Promise<Record<string, unknown>> {
    const child = this.#begin({ name, script, args, environment, log: this.#log(name) });
    void child.exited.then((how) => this.#ended(child.ended(how)));
    return await this.phases.timed(name, child.ready);
  }

  /** One that is started again when it ends by itself; its first start has to succeed. */
  async #kept(name: string, script: string, environment: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
    const plan = { name, script, args: [], environment, log: this.#log(name) };
    const child = this.#begin(plan);
    const said = await this.phases.timed(name, child.ready);
    this.#keep(name, child, async () => this.#begin(plan));
    return said;
  }

  /** Nothing is begun beside its end: nobody would end that. */
  #begin(plan: ChildPlan): Child {
    if (this.#ending.signal.aborted) throw new Error(`${plan.name} is not started: Ferry is being ended`);
    const child = new Child(plan);
    this.#children.set(plan.name, child);
    return child;
  }

  #keep(name: string, first: Running, again: () => Promise<Running>): void {
    const terminal = this.#terminal;
    const tell = (line: string): void =>
      terminal.tell(`${terminal.paint('yellow', 'ferry up')}: ${line}; see ${this.#log(name)}`);
    void keepUp(first, { name, again, tell, ending: this.#ending.signal });
  }

  /** One that has become ready while everything was being ended goes as well. */
  async #serving(name: string, server: Server): Promise<Server> {
    this.#servers.set(name, server);
    if (this.#ending.signal.aborted) await server.stop(0);
    return server;
  }

  #ended(sentence: string): void {
    if (!this.#ending.signal.aborted) this.#breaks(new Error(sentence));
  }

  #log(name: string): string {
    return logOf(this.#plan.data, name);
  }
}

/** Ours, whose configuration somebody has brought. */
const here = (file: string): Ferry => ({
  operator: '',
  configuration: resolve(file),
  inner: null,
  outer: null,
  gateway: null,
});

/** Where none is told, as the environment says. */
const gatewayAt = (gateway: Ferry['gateway']): NodeJS.ProcessEnv =>
  gateway === null
    ? {}
    : {
        FERRY_GATEWAY_HOST: gateway.inner.address,
        FERRY_GATEWAY_PORT: String(gateway.inner.port),
        FERRY_GATEWAY_OUTER_HOST: gateway.outer.address,
        FERRY_GATEWAY_OUTER_PORT: String(gateway.outer.port),
      };

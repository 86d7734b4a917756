import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lock } from 'proper-lockfile';
import { connectionSettings } from '../temporal/connection.ts';
import { type DevServer, type DevServerPlan, startDevServer } from '../servers/dev-server.ts';
import { temporalCli } from '../servers/obtain.ts';
import { namespaceOfSandbox, ownNamespace } from '../temporal/namespace.ts';
import { temporalReady } from '../temporal/readiness.ts';
import { Child, type ChildPlan } from './child.ts';
import { madeFolder } from './folder.ts';
import { keepUp, type Running } from './kept.ts';
import { freePort, isFree } from './ports.ts';
import { seconds, type Terminal } from './terminal.ts';

export interface HousePlan {
  readonly port: number;
  /** The sandbox's network, 127.N.0.0/16. */
  readonly net: number;
  /** Where Temporal's database, the logs and the sandbox's files are. */
  readonly data: string;
}

export interface Addresses {
  readonly api: string;
  readonly temporal: string;
  readonly temporalUi: string | null;
  readonly sandbox: string | null;
}

interface Temporal {
  readonly address: string;
  readonly ui: string | null;
  /** What worker and API need to reach it. */
  readonly environment: NodeJS.ProcessEnv;
}

const HOST = '127.0.0.1';
const ASK_MS = 3_000;
/** A server looks for new namespaces every ten seconds. */
const NEW_NAMESPACE_MS = 30_000;
/** There is one worker at a time, which goes on with whatever earlier starts have begun. */
const BUILD_ID = 'up';

/** Every process of `ferry up`: Temporal, sandbox, worker, API. Whatever happens, `end` leaves none. */
export class House {
  /** Rejects when a process ends that nobody has asked to, and that cannot be started again as it was: the sandbox. */
  readonly broken: Promise<never>;
  readonly #plan: HousePlan;
  readonly #terminal: Terminal;
  /** By name: of what was started again, the last. */
  readonly #children = new Map<string, Child>();
  #temporalServer: DevServer | undefined;
  #unlock: () => Promise<void> = async () => undefined;
  #breaks: (error: Error) => void = () => undefined;
  readonly #ending = new AbortController();

  constructor(plan: HousePlan, terminal: Terminal) {
    this.#plan = { ...plan, data: resolve(plan.data) };
    this.#terminal = terminal;
    this.broken = new Promise((_, reject) => {
      this.#breaks = reject;
    });
    this.broken.catch(() => undefined);
  }

  async start(): Promise<Addresses> {
    await this.#claim();
    const [temporal, sandbox] = await Promise.all([this.#temporal(), this.#sandbox()]);
    const environment = {
      ...temporal.environment,
      FERRY_CONFIG: sandbox?.configuration ?? resolve(process.env['FERRY_CONFIG'] ?? ''),
      FERRY_HOST: HOST,
      FERRY_PORT: String(this.#plan.port),
      FERRY_BUILD_ID: process.env['FERRY_BUILD_ID'] || BUILD_ID,
      ...(temporal.ui !== null && { FERRY_TEMPORAL_UI: temporal.ui }),
      FERRY_SECRET: await this.#secret(),
    };
    const [api] = await Promise.all([
      this.#kept('API', 'api/main.ts', environment),
      this.#kept('worker', 'worker/main.ts', environment),
    ]);
    return {
      api: String(api['url']).replace(/\/+$/, ''),
      temporal: temporal.address,
      temporalUi: temporal.ui,
      sandbox: sandbox?.control ?? null,
    };
  }

  /** Asks every process to end, and kills what has not within seconds. Temporal last: the worker still talks to it. */
  async end(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    await Promise.all([...this.#children.values()].map(async (child) => await child.stop(ASK_MS)));
    await this.#temporalServer?.stop(1_500);
    await this.#unlock();
  }

  /** Theirs who bring one; else one that is made once, and kept beside Temporal's database. */
  async #secret(): Promise<string> {
    const brought = process.env['FERRY_SECRET'] ?? '';
    if (brought !== '') return brought;
    const file = join(this.#plan.data, 'secret');
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
    const control = `127.${net}.0.1`;
    if (this.#inSandbox && !(await isFree(control, 8080)))
      throw new Error(`port 8080 of ${control} is in use: choose another network for the sandbox with --net`);
  }

  async #temporal(): Promise<Temporal> {
    const terminal = this.#terminal;
    const say = (line: string): void => (terminal.alive ? terminal.living(`  ${line}`) : terminal.tell(`  ${line}`));
    if ((process.env['TEMPORAL_ADDRESS'] ?? '') !== '') {
      const given = connectionSettings();
      const { connectionOptions } = given;
      const own = this.#inSandbox && !given.namespaceGiven;
      const namespace = own ? namespaceOfSandbox(this.#plan.net) : given.namespace;
      const { address } = connectionOptions;
      if (own) await ownNamespace({ connectionOptions, namespace }, { sandbox: true });
      await this.#timed(
        `Temporal at ${address}, namespace ${namespace}`,
        temporalReady({ connectionOptions, namespace }, own ? NEW_NAMESPACE_MS : 10_000),
      );
      const environment = { ...process.env, TEMPORAL_NAMESPACE: namespace };
      return { address, ui: process.env['FERRY_TEMPORAL_UI'] ?? null, environment };
    }
    const cli = await temporalCli(say);
    const { plan, server } = await this.#timed('Temporal dev server', this.#devServer(cli, this.#log('temporal')));
    this.#keep('Temporal', server, async () => await this.#serving(await startDevServer(plan)));
    await this.#serving(server);
    const ours = { connectionOptions: { address: server.address }, namespace: 'default' };
    await ownNamespace(ours, { sandbox: this.#inSandbox });
    return { address: server.address, ui: server.ui, environment: towards(server.address) };
  }

  get #inSandbox(): boolean {
    return (process.env['FERRY_CONFIG'] ?? '') === '';
  }

  /** Each network wishes for ports of its own: who starts at the same moment does not ask for the same. */
  async #devServer(cli: string, log: string): Promise<{ plan: DevServerPlan; server: DevServer }> {
    const { net, data } = this.#plan;
    for (let attempt = 1; ; attempt += 1) {
      const [port, uiPort] = [await freePort(HOST, 7223 + net), await freePort(HOST, 8223 + net)];
      try {
        const plan = { cli, port, uiPort, database: join(data, 'temporal.db'), log };
        return { plan, server: await startDevServer(plan) };
      } catch (error) {
        const free = (await isFree(HOST, port, 0)) && (await isFree(HOST, uiPort, 0));
        if (free || attempt === 3) throw error; // else somebody was faster
      }
    }
  }

  async #sandbox(): Promise<{ control: string; configuration: string } | undefined> {
    if (!this.#inSandbox) return undefined;
    const { data, net } = this.#plan;
    const folder = join(data, `sandbox-${net}`);
    const files = ['--package-cache', folder, '--config-out', join(folder, 'configuration.json')];
    const said = await this.#child('sandbox', 'sandbox/main.ts', ['--net', String(net), ...files], process.env);
    return { control: String(said['control']), configuration: String(said['configuration']) };
  }

  async #child(
    name: string,
    script: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
  ): Promise<Record<string, unknown>> {
    const child = this.#begin({ name, script, args, environment, log: this.#log(name) });
    void child.exited.then((how) => this.#ended(child.ended(how)));
    return await this.#timed(name, child.ready);
  }

  /** One that is started again when it ends by itself; its first start has to succeed. */
  async #kept(name: string, script: string, environment: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
    const plan = { name, script, args: [], environment, log: this.#log(name) };
    const child = this.#begin(plan);
    const said = await this.#timed(name, child.ready);
    this.#keep(name, child, async () => this.#begin(plan));
    return said;
  }

  #begin(plan: ChildPlan): Child {
    const child = new Child(plan);
    this.#children.set(plan.name, child);
    return child;
  }

  #keep(name: string, first: Running, again: () => Promise<Running>): void {
    const tell = (line: string): void =>
      this.#terminal.tell(`${this.#terminal.paint('yellow', 'ferry up')}: ${line}; see ${this.#log(name)}`);
    void keepUp(first, { name, again, tell, ending: this.#ending.signal });
  }

  /** One that has become ready while everything was being ended goes as well. */
  async #serving(server: DevServer): Promise<DevServer> {
    this.#temporalServer = server;
    if (this.#ending.signal.aborted) await server.stop(0);
    return server;
  }

  #ended(sentence: string): void {
    if (!this.#ending.signal.aborted) this.#breaks(new Error(sentence));
  }

  #log(name: string): string {
    return join(this.#plan.data, 'logs', `${name.toLowerCase()}.log`);
  }

  async #timed<T>(what: string, started: Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await started;
    const took = seconds(performance.now() - begun);
    this.#terminal.tell(
      `  ${this.#terminal.paint('green', '✓')} ${what.padEnd(38)} ${this.#terminal.paint('dim', took)}`,
    );
    return result;
  }
}

/** A person's own Temporal profile must not lead worker and API to another server. */
const towards = (address: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
  TEMPORAL_CONFIG_FILE: '/nonexistent',
  TEMPORAL_ADDRESS: address,
  TEMPORAL_NAMESPACE: 'default',
});

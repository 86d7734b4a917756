import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { Relocation } from '../../api/resources.ts';
import { type Configuration, Pace } from '../../configuration/peers.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { startDevServer, type DevServer, type DevServerPlan } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { connectionFor } from '../../temporal/lazy-connection.ts';
import { busy } from './busy.ts';
import { eventually } from './eventually.ts';
import { newNamespace } from './namespace.ts';
import { portsOf } from './network.ts';
import { endParts, type Part, startPart } from './part.ts';
import { telling, writtenOf } from './written.ts';

export interface Held {
  readonly id: string;
  readonly fired: number;
  readonly held: number;
}

export interface Logged {
  readonly n: number;
  readonly peer: string;
  readonly method: string;
  readonly path: string;
  readonly effect: boolean;
  readonly status: number | null;
  readonly fault: string | null;
  readonly phase: string;
  readonly by?: string;
}

interface SandboxOptions {
  readonly clamp: number;
  readonly capacity: number;
  readonly quirks: string;
  readonly users: number;
  readonly ownTemporal: boolean;
  readonly app: string;
  readonly mtls: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

/** Each look at a relocation costs a query of its workflow, some ms of CPU: often enough, and no oftener. */
const EVERY_MS = 200;

/** Patience for tests: nothing is cached for long, nobody waits for long. */
const PACE = { quietMs: 400, pollMs: 50, retryMs: 100, heartbeatMs: 2_000 };

/**
 * Where a machine is even busier than these tests make it, peers and workers are late, and not dead: what is given up
 * after a while has more of it.
 */
function withTimeFor(pace: Partial<Pace>): Partial<Pace> {
  const late = Math.max(1, busy() / 2);
  const { heartbeatMs, stepMs, handOverMs, operationMs, insistMs } = Pace.parse(pace);
  const limits = { heartbeatMs, stepMs, handOverMs, operationMs, insistMs };
  return {
    ...pace,
    ...Object.fromEntries(Object.entries(limits).map(([name, ms]) => [name, Math.round(ms * late)])),
  };
}

/** Everything of the real thing, each a process of its own: sandbox, API, worker; Temporal is that of the test run. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'ferry-stage-'));
  readonly #parts: Part[] = [];
  #plan: DevServerPlan | undefined;
  #temporal: DevServer | undefined;
  #environment: NodeJS.ProcessEnv = {};
  #asking: Client | undefined;
  #logEnd = 0;
  worker!: Part;
  apiPart!: Part;
  api = '';
  control = '';
  configuration = '';
  /** Where the dev server is, for whoever acts past the API, as the Temporal UI does. */
  temporal = '';
  namespace = 'default';

  /**
   * `clamp`: seconds; `capacity`: instances that a MEC host takes; `quirks`: as the sandbox takes them at its start;
   * `users`: so many are known to Ferry, where they are to be more than the sandbox founds; `ownTemporal`: its dev server
   * may be killed; `app`: a package to be run instead of the counter; `mtls`: peers and instances ask for a certificate; `environment`: of all of it, besides ours; `pace`:
   * members that are to be other than PACE.
   */
  static async set(
    net: number,
    {
      clamp = 0,
      capacity = 20,
      quirks = '',
      users = 0,
      ownTemporal = false,
      app = '',
      mtls = false,
      environment = {},
      pace = {},
    }: Partial<SandboxOptions> & { pace?: Partial<Pace> } = {},
  ): Promise<Stage> {
    const stage = new Stage();
    try {
      await stage.#start(
        net,
        { clamp, capacity, quirks, users, ownTemporal, app, mtls, environment },
        { ...PACE, ...pace },
      );
    } catch (error) {
      await stage.strike(); // a failed start leaves no process behind
      throw error;
    }
    return stage;
  }

  async #start(
    net: number,
    { clamp, capacity, quirks, users, ownTemporal, app, mtls, environment }: SandboxOptions,
    pace: Partial<Pace>,
  ): Promise<void> {
    const configuration = join(this.folder, 'configuration.json');
    this.#environment = environment;
    const shared = ownTemporal ? undefined : process.env['TEST_TEMPORAL_ADDRESS'];
    const [, sandbox] = await Promise.all([
      shared === undefined ? this.#startTemporal(net) : this.#joinTemporal(shared),
      this.start('sandbox/main.ts', [
        '--net',
        String(net),
        '--topology',
        'alone',
        '--clamp',
        String(clamp),
        '--capacity',
        String(capacity),
        ...(quirks === '' ? [] : ['--quirks', quirks]),
        ...(app === '' ? [] : ['--app', app]),
        ...(mtls ? ['--mtls'] : []),
        '--ttl',
        '1',
        '--pace',
        JSON.stringify(withTimeFor(pace)),
        '--package-cache',
        this.folder,
        '--config-out',
        configuration,
      ]),
    ]);
    this.control = String(sandbox.said['control']);
    this.configuration = configuration;
    this.configure((written) => {
      for (let n = 1; n <= users; n += 1) written.users[`ue-${n}`] ??= { address: `127.${net}.100.${n}` };
    });
    this.#environment = {
      FERRY_LOG_LEVEL: 'info',
      ...environment,
      FERRY_CONFIG: configuration,
      FERRY_PORT: '0',
      FERRY_SECRET: 'known to every worker of this stage',
      TEMPORAL_ADDRESS: this.temporal,
      TEMPORAL_NAMESPACE: this.namespace,
    };
    const [api] = await Promise.all([this.start('api/main.ts'), this.startWorker()]);
    this.apiPart = api;
    this.api = String(api.said['url']).replace(/\/+$/, '');
  }

  async #startTemporal(net: number): Promise<void> {
    const [port, uiPort] = await portsOf(net);
    const [database, log] = [join(this.folder, 'temporal.db'), join(this.folder, 'temporal.log')];
    this.#plan = { cli: await temporalCli(), port, uiPort, database, log, volatile: true };
    this.#temporal = await startDevServer(this.#plan);
    this.temporal = this.#temporal.address;
  }

  async #joinTemporal(address: string): Promise<void> {
    this.temporal = address;
    this.namespace = await newNamespace(address);
  }

  /** Before whoever is to know of it is started. */
  configure(change: (written: Configuration) => void): void {
    const written = JSON.parse(readFileSync(this.configuration, 'utf8')) as Configuration;
    change(written);
    writeFileSync(this.configuration, JSON.stringify(written));
  }

  async startWorker(): Promise<void> {
    this.worker = await this.start('worker/main.ts');
  }

  /** SIGKILL, and seen dead. */
  async killWorker(): Promise<void> {
    await this.worker.kill();
  }

  /** SIGKILL, and seen dead. */
  async killTemporal(): Promise<void> {
    if (this.#temporal === undefined) throw new Error('this stage has no Temporal server of its own');
    process.kill(this.#temporal.pid, 'SIGKILL');
    const how = await this.#temporal.exited;
    if (how !== 'SIGKILL') throw new Error(`the Temporal server did not die of SIGKILL: ${how}`);
  }

  /** On the same port, with what it had written. */
  async startTemporalAgain(): Promise<void> {
    if (this.#plan === undefined) throw new Error('this stage has no Temporal server of its own');
    this.#temporal = await startDevServer(this.#plan);
  }

  /** Past the API. */
  get #past(): Client {
    const { temporal: address, namespace } = this;
    return (this.#asking ??= new Client({ connection: connectionFor({ address }), namespace }));
  }

  async start(script: string, args: readonly string[] = []): Promise<Part> {
    const log = join(this.folder, `${script.replaceAll('/', '-')}-${this.#parts.length}.log`);
    const part = await startPart({ script, args, environment: this.#environment, log });
    this.#parts.push(part);
    return part;
  }

  async strike(): Promise<void> {
    await this.#asking?.connection.close();
    await endParts(this.#parts);
    await this.#temporal?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // What people do: through the API

  async ask(path: string, init?: RequestInit): Promise<Response> {
    return await fetch(`${this.api}${path}`, init);
  }

  async post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return await this.ask(path, {
      method: 'POST',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async begin(
    source: string,
    target: string,
    more: object = {},
    headers: Record<string, string> = {},
  ): Promise<Relocation> {
    const answer = await this.post('/v1/relocations', { application: 'counter', source, target, ...more }, headers);
    if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Relocation;
  }

  async show(id: string): Promise<Relocation> {
    return (await (await this.ask(`/v1/relocations/${id}`)).json()) as Relocation;
  }

  async reaches(id: string, states: readonly Relocation['state'][], limitMs = 60_000): Promise<Relocation> {
    let last: Relocation | undefined;
    const run = parseRelocationId(id);
    const written = run && writtenOf(this.#past.workflow, run, telling(states));
    await eventually(
      async () => {
        await written?.();
        last = await this.show(id);
        return states.includes(last.state);
      },
      limitMs,
      EVERY_MS,
    ).catch((cause: unknown) => {
      throw new Error(`it is not ${states.join(' or ')}: ${JSON.stringify(last, null, 1)}`, { cause });
    });
    return last as Relocation;
  }

  async ends(id: string, limitMs = 90_000): Promise<NonNullable<Relocation['result']>> {
    const { result } = await this.reaches(id, ['ended'], limitMs);
    if (result === null) throw new Error('it ended without a result');
    return result;
  }

  async relocate(source: string, target: string, more: object = {}): Promise<NonNullable<Relocation['result']>> {
    return await this.ends((await this.begin(source, target, more)).id);
  }

  // What the sandbox knows, and does on demand

  async sandbox<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    const answer = await fetch(`${this.control}/sandbox${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  async fault(fault: object): Promise<string> {
    return (await this.sandbox<{ id: string }>('/faults', 'POST', fault)).id;
  }

  async clearFaults(): Promise<void> {
    await this.sandbox('/faults', 'DELETE');
  }

  async faultState(id: string): Promise<Held> {
    const faults = await this.sandbox<Held[]>('/faults');
    const found = faults.find((fault) => fault.id === id);
    if (found === undefined) throw new Error(`no fault ${id}`);
    return found;
  }

  /** What peers executed for Ferry and what changed their state, as `peer METHOD path` with ids left out. */
  async effects(since: number): Promise<string[]> {
    const log = await this.sandbox<Logged[]>(`/log?since=${since}`);
    return log
      .filter(({ effect, path }) => effect && !OF_THE_APPLICATION.test(path))
      .map(({ peer, method, path }) => `${peer} ${method} ${anonymous(path)}`);
  }

  /** Who asks for the end of a long log anew reads what has come since. */
  async logEnd(): Promise<number> {
    this.#logEnd = (await this.sandbox<Logged[]>(`/log?since=${this.#logEnd}`)).at(-1)?.n ?? this.#logEnd;
    return this.#logEnd;
  }
}

/** What an instance does at its platform by itself. */
const OF_THE_APPLICATION = /confirm_ready$|app_mobility_services$/;

/** Ids and keys differ from run to run. */
export const anonymous = (path: string): string =>
  path
    .replace(/\?.*$/, '')
    .split('/')
    .map((segment) => (/^[0-9a-f]{32}$|^[0-9a-f-]{36}$|^f[a-z2-7]{25}$/.test(segment) ? '{id}' : segment))
    .join('/');

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../cli/ports.ts';
import type { Ferry } from '../../cli/ferries.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { type DevServer, type DevServerPlan, startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { createDatabase, type PostgresPlan, type PostgresServer, startPostgres } from '../../servers/postgres.ts';
import { ownNamespace } from '../../temporal/namespace.ts';
import { Border } from './border.ts';
import { newNamespace } from './namespace.ts';
import { portsOf } from './network.ts';
import { endParts, type Part, startPart } from './part.ts';
import { Tap } from './tap.ts';
import { Wire } from './wire.ts';

/** One operator's Ferry: its API, inner and outer, its worker, and its gateway. */
export interface Operator {
  readonly name: string;
  readonly partner: string;
  readonly namespace: string;
  readonly database: string;
  readonly environment: NodeJS.ProcessEnv;
  api: Part;
  worker: Part;
  gateway: Part;
  /** What crosses to its gateway. */
  readonly wire: Wire;
  /** What its programs write; undefined: they ask their database themselves. */
  readonly tap: Tap | undefined;
}

interface PairOptions {
  /** Temporal and PostgreSQL may be killed, or looked at on disk; else they are those of the test run. */
  readonly ownServers: boolean;
  /** What is written to the databases can be seen, and held. */
  readonly tapped: boolean;
  /** Peers and authorization servers ask for a certificate, to which tokens for peers are bound. */
  readonly mtls: boolean;
  /** Members of Ferry's pace that are to be other than the sandbox's. */
  readonly pace: Readonly<Record<string, number>>;
}

interface Servers {
  /** Of Temporal. */
  readonly address: string;
  /** Of PostgreSQL. */
  readonly url: string;
  /** A's and B's. */
  readonly namespaces: readonly [string, string];
}

/** Two operators, each with a Ferry, and a border between them that everything passes. Every part a process of its own. */
export class Pair {
  readonly folder = mkdtempSync(join(tmpdir(), 'ferry-pair-'));
  readonly border = new Border();
  readonly #parts: Part[] = [];
  readonly #wires = new Map<number, Wire>();
  readonly #net: number;
  readonly #options: PairOptions;
  readonly #taps: Tap[] = [];
  #logs = 0;
  #temporalPlan!: DevServerPlan;
  #temporal: DevServer | undefined;
  #postgresPlan!: PostgresPlan;
  #postgres: PostgresServer | undefined;
  control = '';
  a!: Operator;
  b!: Operator;

  /** 127.`net`.0.0/16. */
  get net(): number {
    return this.#net;
  }

  private constructor(net: number, options: PairOptions) {
    [this.#net, this.#options] = [net, options];
  }

  static async set(
    net: number,
    { ownServers = false, tapped = false, mtls = false, pace = {} }: Partial<PairOptions> = {},
  ): Promise<Pair> {
    const pair = new Pair(net, { ownServers, tapped, mtls, pace });
    try {
      await pair.#start();
    } catch (error) {
      await pair.strike();
      throw error;
    }
    return pair;
  }

  async #start(): Promise<void> {
    const net = this.#net;
    const files = ['--package-cache', this.folder, '--config-out', join(this.folder, 'configuration.json')];
    files.push('--pace', JSON.stringify(this.#options.pace), ...(this.#options.mtls ? ['--mtls'] : []));
    const inner = await freePort('127.0.0.1', 21_000 + net);
    const [servers, sandbox] = await Promise.all([
      this.#servers(),
      this.#part('sandbox/main.ts', {}, ['--net', String(net), '--ferry', `http://127.0.0.1:${inner}`, ...files]),
      this.border.stand('operator-a', `127.${net}.10.9`, `http://127.${net}.10.1:8701`),
      this.border.stand('operator-b', `127.${net}.50.9`, `http://127.${net}.50.1:8701`),
      ...[10, 50].map(async (third) => {
        const to = { host: `127.${net}.${third}.2`, port: 8703 };
        this.#wires.set(third, await Wire.between(`127.${net}.${third}.9`, 8703, to));
      }),
    ]);
    this.control = String(sandbox.said['control']);
    const ferries = sandbox.said['ferries'] as Ferry[];
    const [a, b] = await Promise.all(
      ferries.map(async (ferry, nth) => {
        this.#atTheBorder(ferry.configuration);
        return await this.#operator(ferry, { ...servers, nth, inner });
      }),
    );
    if (a === undefined || b === undefined) throw new Error('the sandbox is not of two operators');
    [this.a, this.b] = [a, b];
  }

  async #servers(): Promise<Servers> {
    const { TEST_TEMPORAL_ADDRESS: address, TEST_DATABASE_URL: url } = process.env;
    if (this.#options.ownServers || address === undefined || url === undefined) return await this.#startServers();
    return { address, url, namespaces: await Promise.all([newNamespace(address), newNamespace(address)]) };
  }

  async #startServers(): Promise<Servers> {
    const net = this.#net;
    const [port, uiPort] = await portsOf(net);
    const database = join(this.folder, 'temporal.db');
    const log = (name: string): string => join(this.folder, `${name}.log`);
    this.#temporalPlan = {
      cli: await temporalCli(),
      port,
      uiPort,
      database,
      log: log('temporal'),
      namespaces: ['operator-b'],
      volatile: true,
    };
    this.#postgresPlan = {
      data: join(this.folder, 'postgres'),
      port: await freePort('127.0.0.1', 21_500 + net),
      log: log('postgres'),
    };
    const [{ address }, { url }] = await Promise.all([
      startDevServer(this.#temporalPlan).then((server) => (this.#temporal = server)),
      startPostgres(this.#postgresPlan).then((server) => (this.#postgres = server)),
    ]);
    await ownNamespace({ connectionOptions: { address }, namespace: 'operator-b' }, { sandbox: true });
    return { address, url, namespaces: ['default', 'operator-b'] };
  }

  /** Each is reached at the border. */
  #atTheBorder(file: string): void {
    const configuration = JSON.parse(readFileSync(file, 'utf8')) as Configuration;
    const { federation } = configuration;
    if (federation === undefined) throw new Error(`${file} has no federation`);
    federation.url = atBorder(federation.url);
    if (federation.gateway !== undefined)
      federation.gateway.outer = federation.gateway.outer.replace(/\.2:8703$/, '.9:8703');
    for (const partner of Object.values(federation.partners)) {
      partner.url = atBorder(partner.url);
      partner.hosts = [new URL(partner.url).hostname];
    }
    writeFileSync(file, JSON.stringify(configuration));
  }

  async #operator(
    { operator, configuration, inner, outer, gateway: gatewayAt }: Ferry,
    at: Servers & { nth: number; inner: number },
  ): Promise<Operator> {
    const first = at.nth === 0;
    const namespace = at.namespaces[first ? 0 : 1];
    const database = await createDatabase(at.url, `${operator.replaceAll('-', '_')}_${this.#net}_${Date.now()}`);
    const tap = this.#options.tapped ? await this.#tap(first ? 10 : 50, database) : undefined;
    const environment = {
      FERRY_CONFIG: configuration,
      FERRY_HOST: inner?.address ?? '127.0.0.1',
      FERRY_PORT: String(inner?.port ?? at.inner),
      FERRY_OUTER_HOST: outer?.address,
      FERRY_OUTER_PORT: String(outer?.port),
      FERRY_GATEWAY_HOST: gatewayAt?.inner.address,
      FERRY_GATEWAY_PORT: String(gatewayAt?.inner.port),
      FERRY_GATEWAY_OUTER_HOST: gatewayAt?.outer.address,
      FERRY_GATEWAY_OUTER_PORT: String(gatewayAt?.outer.port),
      FERRY_SECRET: 'known to every worker of this pair',
      FERRY_LOG_LEVEL: 'debug',
      TEMPORAL_ADDRESS: at.address,
      TEMPORAL_NAMESPACE: namespace,
      DATABASE_URL: tap?.url ?? database,
    };
    const [api, worker, gateway] = await Promise.all([
      this.#part('api/main.ts', environment),
      this.#part('worker/main.ts', environment),
      this.#part('gateway/main.ts', environment),
    ]);
    const partner = first ? 'operator-b' : 'operator-a';
    const wire = this.#wires.get(first ? 10 : 50);
    if (wire === undefined) throw new Error('no wire leads to its gateway');
    const programs = { api, worker, gateway };
    return { name: operator, partner, namespace, database, environment, ...programs, wire, tap: tap?.tap };
  }

  async #tap(third: number, database: string): Promise<{ readonly tap: Tap; readonly url: string }> {
    const url = new URL(database);
    const [address, port] = [`127.${this.#net}.${third}.9`, 5_432];
    const tap = await Tap.between(address, port, { host: url.hostname, port: Number(url.port) });
    this.#taps.push(tap);
    url.host = `${address}:${port}`;
    return { tap, url: url.href };
  }

  async #part(script: string, environment: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Part> {
    const log = join(this.folder, `${script.replaceAll('/', '-')}-${(this.#logs += 1)}.log`); // those that start at once, too
    const part = await startPart({ script, args, environment, log });
    this.#parts.push(part);
    return part;
  }

  async startWorker(operator: Operator): Promise<void> {
    operator.worker = await this.#part('worker/main.ts', operator.environment);
  }

  async startGateway(operator: Operator): Promise<void> {
    operator.gateway = await this.#part('gateway/main.ts', operator.environment);
  }

  async startApi(operator: Operator): Promise<void> {
    operator.api = await this.#part('api/main.ts', operator.environment);
  }

  async killTemporal(): Promise<void> {
    await killed(this.#temporal);
  }

  async startTemporalAgain(): Promise<void> {
    this.#temporal = await startDevServer(this.#temporalPlan);
  }

  async killPostgres(): Promise<void> {
    await killed(this.#postgres);
  }

  async startPostgresAgain(): Promise<void> {
    this.#postgres = await startPostgres(this.#postgresPlan);
  }

  /** Of what an operator's Ferry knows, by SQL: tests look where no API leads. */
  async rows<T>({ database }: Operator, query: string, values: readonly unknown[] = []): Promise<T[]> {
    const client = new Client({ connectionString: database });
    client.on('error', () => undefined); // the server may be killed meanwhile: the query says so
    await client.connect();
    try {
      return (await client.query(query, [...values])).rows as T[];
    } finally {
      await client.end();
    }
  }

  async ask(
    operator: Operator,
    path: string,
    method = 'GET',
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const answer = await fetch(`${urlOf(operator)}${path}`, { method });
    return { status: answer.status, body: await answer.json() };
  }

  async sandbox(path: string, method = 'GET', body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.control}/sandbox${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : await answer.json();
  }

  async strike(): Promise<void> {
    await endParts(this.#parts);
    await Promise.all([this.#temporal?.stop(), this.#postgres?.stop(), this.border.close()]);
    await Promise.all([...this.#wires.values(), ...this.#taps].map(async (between) => await between.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const urlOf = ({ api }: Operator): string => String(api.said['url']).replace(/\/+$/, '');

const atBorder = (url: string): string => url.replace(/\.1:8701$/, '.9:8701');

async function killed(server: { readonly pid: number; readonly exited: Promise<string> } | undefined): Promise<void> {
  if (server === undefined) throw new Error('no such server was started');
  process.kill(server.pid, 'SIGKILL');
  const how = await server.exited;
  if (how !== 'SIGKILL') throw new Error(`it did not die of SIGKILL: ${how}`);
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../cli/ports.ts';
import { digest } from '../../configuration/digest.ts';
import { Pace } from '../../configuration/peers.ts';
import { atOnce } from '../../domain/at-once.ts';
import { relocationWorkflowId } from '../../domain/identity.ts';
import type { RelocationRequest } from '../../domain/relocation.ts';
import { type DevServer, startDevServer } from '../../servers/dev-server.ts';
import { temporalCli } from '../../servers/obtain.ts';
import { relocationOf } from '../../temporal/relocating.ts';
import { Hired, type Looked, type Told, type WorkerPlan } from './hired.ts';
import { sumOf } from './prometheus.ts';
import { OWN_CORE, pin, SERVER_CORE } from '../stage/process.ts';
import { FAST } from '../stage/server.ts';
import { type Used, usedBy } from './usage.ts';

/** As docs/scaling.md has it where thousands wait, but that nobody has to be waited for when all is done. */
const HOUR_MS = 3_600_000;
const pace = Pace.parse({ quietMs: 1, operationMs: HOUR_MS, stepMs: HOUR_MS, pollMs: 5_000, heartbeatMs: 30_000 });
const STARTS_AT_ONCE = 40;
const LOOK_MS = 100;

/** What one relocation takes from its start to its end, while others wait; what these take by themselves is taken off. */
export interface Passed {
  /** Of the worker, and of the server. */
  readonly workerMs: number;
  readonly serverMs: number;
  /** From the first step to the last, of the slowest. */
  readonly slowestMs: number;
  readonly sticky: number;
  readonly replays: number;
}

/** Of a worker, once its garbage is collected; the heaps are V8's, of all its threads. */
export interface Memory {
  readonly resident: number;
  readonly heaps: number;
}

/** In a second, for all that wait. */
export interface Rest {
  readonly workerMs: number;
  readonly serverMs: number;
  readonly heartbeats: number;
}

/** A Temporal server of its own, and relocations that wait at a gate of their peers. */
export class Growth {
  readonly folder: string;
  readonly server: DevServer;
  readonly client: Client;
  readonly #connection: Connection;
  #serial = 0;

  private constructor(folder: string, server: DevServer, connection: Connection) {
    [this.folder, this.server, this.#connection] = [folder, server, connection];
    this.client = new Client({ connection });
  }

  static async begin(): Promise<Growth> {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-growth-'));
    const [port, uiPort] = [await freePort('127.0.0.1', 21_600), await freePort('127.0.0.1', 21_700)];
    const database = join(folder, 'temporal.db');
    const server = await startDevServer({
      cli: await temporalCli(),
      port,
      uiPort,
      database,
      log: join(folder, 'log'),
      more: FAST,
    });
    pin(server.pid, SERVER_CORE);
    return new Growth(folder, server, await Connection.connect({ address: server.address }));
  }

  async end(): Promise<void> {
    await this.#connection.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async hire(bundle: string, capacity: WorkerPlan['capacity']): Promise<Worked> {
    const taskQueue = `growth-${(this.#serial += 1)}`;
    const plan = { address: this.server.address, taskQueue, bundle, pace, capacity };
    const hired = await Hired.hire(plan, join(this.folder, `${taskQueue}.log`));
    pin(hired.pid, OWN_CORE);
    return new Worked(this, taskQueue, hired);
  }

  async start(taskQueue: string, many: number): Promise<void> {
    const orders = Array.from({ length: many }, () => this.#order(taskQueue));
    await atOnce(
      STARTS_AT_ONCE,
      orders,
      async (order) => await this.client.workflow.start('relocateApplication', order),
    );
  }

  #order(taskQueue: string): ReturnType<typeof relocationOf> {
    const application = `app-${(this.#serial += 1)}`;
    const request: RelocationRequest = {
      application,
      users: '*',
      source: 'cloud',
      target: 'a1',
      cutOver: 'immediately',
    };
    const workflowId = relocationWorkflowId(request, digest);
    const memo = { request, direction: 'cloudToMec', key: '', body: digest(application) } as const;
    return relocationOf({ workflowId, memo, pace, requestId: workflowId }, { taskQueue });
  }
}

const beats = ({ metrics }: Told): number =>
  sumOf(
    metrics
      .split('\n')
      .filter((line) => line.includes('RecordActivityTaskHeartbeat'))
      .join('\n'),
    'temporal_request_total',
  );

/** One worker, and what it is given. */
export class Worked {
  readonly #growth: Growth;
  readonly #taskQueue: string;
  readonly #hired: Hired;
  #parked = 0;
  #bare: Memory | undefined;

  constructor(growth: Growth, taskQueue: string, hired: Hired) {
    [this.#growth, this.#taskQueue, this.#hired] = [growth, taskQueue, hired];
  }

  async dismiss(): Promise<void> {
    await this.#hired.dismiss();
  }

  /** So many wait at the gate, for good. */
  async park(many: number): Promise<void> {
    if (many <= this.#parked) return;
    this.#bare ??= await this.#collected();
    await this.#hired.shut();
    await this.#growth.start(this.#taskQueue, many - this.#parked);
    await this.#until(({ waiting }) => waiting === many);
    this.#parked = many;
  }

  /** Kilobytes of the worker for each that waits, over what it had when it had warmed up. */
  async kilobytesForEach(): Promise<Memory> {
    const now = await this.#collected();
    const each = (of: keyof Memory): number =>
      (now[of] - (this.#bare?.[of] ?? now[of])) / 1_024 / Math.max(1, this.#parked);
    return { resident: each('resident'), heaps: each('heaps') };
  }

  /** So many come, and go, while the others wait. */
  async pass(many: number, rest: Rest): Promise<Passed> {
    await this.#hired.open();
    const [before, begun] = [await this.#both(), performance.now()];
    await this.#growth.start(this.#taskQueue, many);
    await this.#until(({ ended }) => ended === many);
    await pause(LOOK_MS); // the last one's end is written
    const [after, seconds] = [await this.#both(), (performance.now() - begun) / 1_000];
    const counted = (name: string): number => sumOf(after.told.metrics, name) - sumOf(before.told.metrics, name);
    const [hits, misses] = [counted('temporal_sticky_cache_hit_total'), counted('temporal_sticky_cache_miss_total')];
    return {
      workerMs: (after.told.cpuMs - before.told.cpuMs - rest.workerMs * seconds) / many,
      serverMs: (after.server.cpuMs - before.server.cpuMs - rest.serverMs * seconds) / many,
      slowestMs: Math.max(...after.told.ended),
      sticky: hits / Math.max(1, hits + misses),
      replays: counted('temporal_workflow_task_replay_latency_seconds_count') / many,
    };
  }

  /** What it takes that they wait, `seconds` long. */
  async rest(seconds: number): Promise<Rest> {
    const first = await this.#both();
    await pause(seconds * 1_000);
    const last = await this.#both();
    const each = (from: number, to: number): number => (to - from) / seconds;
    return {
      workerMs: each(first.told.cpuMs, last.told.cpuMs),
      serverMs: each(first.server.cpuMs, last.server.cpuMs),
      heartbeats: each(beats(first.told), beats(last.told)),
    };
  }

  async #collected(): Promise<Memory> {
    const heaps = await this.#hired.collect();
    return { resident: usedBy(this.#hired.pid).rss, heaps };
  }

  async #both(): Promise<{ told: Told; server: Used }> {
    return { told: await this.#hired.used(), server: usedBy(this.#growth.server.pid) };
  }

  async #until(is: (looked: Looked) => boolean): Promise<void> {
    while (!is(await this.#hired.look())) await pause(LOOK_MS);
  }
}

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
import { type Used, usedBy } from './usage.ts';

/** As a Ferry with real peers has it, but that nobody has to be waited for when all is done. */
const pace = Pace.parse({ quietMs: 1, operationMs: 3_600_000, stepMs: 600_000 });
const STARTS_AT_ONCE = 40;
const LOOK_MS = 100;

export interface Batch {
  readonly many: number;
  /** Of the worker, and of the server, from the release to the last end, for each relocation. */
  readonly workerMs: number;
  readonly serverMs: number;
  /** From the release to the end of all but one in a hundred. */
  readonly p99Ms: number;
  readonly sticky: number;
  readonly replays: number;
}

export interface Parked {
  readonly many: number;
  /** Resident memory of the worker for each that waits. */
  readonly bytes: number;
  readonly heapBytes: number;
  /** While nothing happens, in a second, for each. */
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
    const server = await startDevServer({ cli: await temporalCli(), port, uiPort, database, log: join(folder, 'log') });
    return new Growth(folder, server, await Connection.connect({ address: server.address }));
  }

  async end(): Promise<void> {
    await this.#connection.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async hire(bundle: string, capacity: WorkerPlan['capacity']): Promise<Worked> {
    const taskQueue = `growth-${(this.#serial += 1)}`;
    return new Worked(
      this,
      taskQueue,
      await Hired.hire({ address: this.server.address, taskQueue, bundle, pace, capacity }),
    );
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

/** One worker, and what it is given. */
export class Worked {
  readonly #growth: Growth;
  readonly taskQueue: string;
  readonly hired: Hired;

  constructor(growth: Growth, taskQueue: string, hired: Hired) {
    [this.#growth, this.taskQueue, this.hired] = [growth, taskQueue, hired];
  }

  /** So many wait at the gate. */
  async ramp(many: number): Promise<void> {
    await this.hired.shut();
    await this.#growth.start(this.taskQueue, many);
    await this.#until(({ waiting }) => waiting === many);
  }

  /** They are let go, and have all ended. */
  async release(many: number): Promise<Batch> {
    const before = await this.#both();
    await this.hired.open();
    await this.#until(({ ended }) => ended === many);
    await pause(LOOK_MS); // the last one's end is written
    const after = await this.#both();
    const counted = (name: string): number => sumOf(after.told.metrics, name) - sumOf(before.told.metrics, name);
    const [hits, misses] = [counted('temporal_sticky_cache_hit_total'), counted('temporal_sticky_cache_miss_total')];
    return {
      many,
      workerMs: (after.told.cpuMs - before.told.cpuMs) / many,
      serverMs: (after.server.cpuMs - before.server.cpuMs) / many,
      p99Ms: after.told.ended.toSorted((a, b) => a - b)[Math.ceil(many * 0.99) - 1] ?? 0,
      sticky: hits / Math.max(1, hits + misses),
      replays: counted('temporal_workflow_task_replay_latency_seconds_count'),
    };
  }

  /** What it takes that they wait, `seconds` long; `before` any of them was there. */
  async rest(many: number, before: Told, seconds: number): Promise<Parked> {
    const first = await this.#both();
    await pause(seconds * 1_000);
    const last = await this.#both();
    const beats = (told: Told): number =>
      told.metrics
        .split('\n')
        .filter((line) => /^temporal_request_total\{/.test(line) && line.includes('RecordActivityTaskHeartbeat'))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    const each = (from: number, to: number): number => (to - from) / seconds / many;
    return {
      many,
      bytes: (first.told.rss - before.rss) / many,
      heapBytes: (first.told.heapUsed - before.heapUsed) / many,
      workerMs: each(first.told.cpuMs, last.told.cpuMs),
      serverMs: each(first.server.cpuMs, last.server.cpuMs),
      heartbeats: each(beats(first.told), beats(last.told)),
    };
  }

  async #both(): Promise<{ told: Told; server: Used }> {
    return { told: await this.hired.used(), server: usedBy(this.#growth.server.pid) };
  }

  async #until(is: (looked: Looked) => boolean): Promise<void> {
    while (!is(await this.hired.look())) await pause(LOOK_MS);
  }
}

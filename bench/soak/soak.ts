import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowClient, type WorkflowHandle } from '@temporalio/client';
import { FerryClient } from '../../cli/client.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import type { RelocationResult } from '../../domain/relocation.ts';
import { claimNetwork } from '../../test/support/network.ts';
import { fleet, worldOf } from '../../test/support/sight.ts';
import { Stage } from '../../test/support/stage.ts';
import { costIn } from '../counts.ts';
import { type Used, usedBy } from '../growth/usage.ts';
import { INSPECTABLE, Kept } from '../stage/kept.ts';

/** Each of these users moves to and fro, one move after the other. */
const LANES = 20;
/** They share this machine with whatever else is measured. */
const PATIENT = { stepMs: 120_000, operationMs: 120_000, heartbeatMs: 20_000, handOverMs: 20_000 };
const LIMIT_MS = 600_000;
const LOOK_MS = 50;
/** Relocations that are under way at the end have so long. */
const FINISH_MS = 60_000;

/** What one process has, and what of it stays when its garbage has been collected. */
export interface Holding {
  readonly before: Used;
  readonly after: Used;
  readonly keptBytes: number;
}

/** What there was after so many relocations. */
export interface Standing {
  readonly relocations: number;
  readonly seconds: number;
  /** Of them, all in all, those that ended otherwise than they should. */
  readonly failed: number;
  readonly worker: Holding;
  readonly api: Holding;
  /** Of the sandbox, application instances included. */
  readonly processes: number;
  readonly logLines: number;
  /** Events of the relocation that ended last. */
  readonly events: number;
  /** That stand in rules of any platform. */
  readonly addresses: number;
}

/** Relocations in sequence, twenty at a time, over everything of the real thing, with somebody who follows them. */
export class Soak {
  readonly stage: Stage;
  readonly #release: () => Promise<void>;
  readonly #connection: Connection;
  readonly #workflow: WorkflowClient;
  readonly #kept: readonly [worker: Kept, api: Kept];
  readonly #leave = new AbortController();
  readonly #begun = performance.now();
  #lanes: readonly Promise<void>[] = [];
  #broken: Error | undefined;
  #done = 0;
  #failed = 0;
  #last = '';

  private constructor(stage: Stage, release: () => Promise<void>, connection: Connection, kept: readonly [Kept, Kept]) {
    [this.stage, this.#release, this.#connection, this.#kept] = [stage, release, connection, kept];
    this.#workflow = new Client({ connection, namespace: stage.namespace }).workflow;
  }

  static async begin(): Promise<Soak> {
    const { net, release } = await claimNetwork();
    const stage = await Stage.set(net, { users: LANES, capacity: 4, pace: PATIENT, environment: INSPECTABLE });
    await fleet(stage, LANES, { rate: 0.2, giveUpMs: 60_000 });
    await stage.ends((await stage.begin('cloud', 'a1')).id, LIMIT_MS);
    const kept = await Promise.all([Kept.by(stage.worker), Kept.by(stage.apiPart)]);
    const soak = new Soak(stage, release, await Connection.connect({ address: stage.temporal }), kept);
    void soak.#follow();
    soak.#lanes = Array.from({ length: LANES }, async (_, n) => await soak.#lane(`ue-${n + 1}`));
    return soak;
  }

  async end(): Promise<void> {
    this.#leave.abort();
    for (const each of this.#kept) each.leave();
    const over = Promise.all(this.#lanes).then(() => true);
    // A connection that is closed under a call that is tried again ends the whole process
    if (await Promise.race([over, pause(FINISH_MS, false)])) await this.#connection.close();
    await this.stage.strike();
    await this.#release();
  }

  /** When so many more have ended. */
  async after(more: number): Promise<Standing> {
    const wanted = this.#done + more;
    while (this.#done < wanted) {
      if (this.#broken !== undefined) throw this.#broken;
      await pause(LOOK_MS);
    }
    return await this.#standing();
  }

  /** To and fro. The server tells of the end by itself: who asked for it all the time would be measured too. */
  async #lane(user: string): Promise<void> {
    try {
      for (let leg = 0; !this.#leave.signal.aborted; leg += 1) {
        const [source, target] = leg % 2 === 0 ? (['a1', 'a2'] as const) : (['a2', 'a1'] as const);
        const { id } = await this.stage.begin(source, target, { users: user });
        const { outcome } = (await this.#handleOf(id).result()) as RelocationResult;
        if (outcome !== 'relocated' && outcome !== 'relocatedSourceKept') this.#failed += 1;
        [this.#done, this.#last] = [this.#done + 1, id];
      }
    } catch (error) {
      if (!this.#leave.signal.aborted) this.#broken ??= error as Error;
    }
  }

  #handleOf(id: string): WorkflowHandle {
    const run = parseRelocationId(id);
    return this.#workflow.getHandle(run?.workflowId ?? '', run?.runId);
  }

  async #standing(): Promise<Standing> {
    const { worker, apiPart } = this.stage;
    const world = await worldOf(this.stage);
    const { events } = await this.#handleOf(this.#last).fetchHistory();
    const [relocations, seconds] = [this.#done, (performance.now() - this.#begun) / 1_000];
    const [keptByWorker, keptByApi] = this.#kept;
    return {
      relocations,
      seconds,
      failed: this.#failed,
      worker: await holding(worker.pid, keptByWorker),
      api: await holding(apiPart.pid, keptByApi),
      processes: (await this.stage.sandbox<readonly object[]>('/processes')).length,
      logLines: linesOf(worker.log) + linesOf(apiPart.log),
      events: costIn(events ?? []).events,
      addresses: addressesIn(world.network),
    };
  }

  /** As a console that stands open. */
  async #follow(): Promise<void> {
    const client = new FerryClient(this.stage.api);
    while (!this.#leave.signal.aborted)
      try {
        for await (const told of client.everything(undefined, this.#leave.signal)) void told;
      } catch {
        await pause(1_000);
      }
  }
}

async function holding(pid: number, kept: Kept): Promise<Holding> {
  const before = usedBy(pid);
  const keptBytes = await kept.bytes();
  return { before, after: usedBy(pid), keptBytes };
}

const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

const addressesIn = (told: unknown): number => JSON.stringify(told).match(/127(\.\d+){3}/g)?.length ?? 0;

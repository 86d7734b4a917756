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

/** Each of these users moves to and fro, one move after the other. */
const LANES = 20;
/** They share this machine with whatever else is measured. */
const PATIENT = { stepMs: 120_000, operationMs: 120_000, heartbeatMs: 20_000, handOverMs: 20_000 };
const LIMIT_MS = 600_000;
const LOOK_MS = 50;

/** What there was after so many relocations. */
export interface Standing {
  readonly relocations: number;
  readonly seconds: number;
  /** Of them, all in all, those that ended otherwise than they should. */
  readonly failed: number;
  readonly worker: Used;
  readonly api: Used;
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
  readonly #leave = new AbortController();
  readonly #begun = performance.now();
  #broken: Error | undefined;
  #done = 0;
  #failed = 0;
  #last = '';

  private constructor(stage: Stage, release: () => Promise<void>, connection: Connection) {
    [this.stage, this.#release, this.#connection] = [stage, release, connection];
    this.#workflow = new Client({ connection, namespace: stage.namespace }).workflow;
  }

  static async begin(): Promise<Soak> {
    const { net, release } = await claimNetwork();
    const stage = await Stage.set(net, { users: LANES, capacity: 4, pace: PATIENT });
    await fleet(stage, LANES, { rate: 0.2, giveUpMs: 60_000 });
    await stage.ends((await stage.begin('cloud', 'a1')).id, LIMIT_MS);
    const soak = new Soak(stage, release, await Connection.connect({ address: stage.temporal }));
    void soak.#follow();
    for (let n = 1; n <= LANES; n += 1) void soak.#lane(`ue-${n}`);
    return soak;
  }

  async end(): Promise<void> {
    this.#leave.abort();
    await this.#connection.close();
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
    return {
      relocations: this.#done,
      seconds: (performance.now() - this.#begun) / 1_000,
      failed: this.#failed,
      worker: usedBy(worker.pid),
      api: usedBy(apiPart.pid),
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

const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

const addressesIn = (told: unknown): number => JSON.stringify(told).match(/127(\.\d+){3}/g)?.length ?? 0;

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { FerryClient } from '../../cli/client.ts';
import { parseRelocationId } from '../../domain/identity.ts';
import { claimNetwork } from '../../test/support/network.ts';
import { fleet, worldOf } from '../../test/support/sight.ts';
import { Stage } from '../../test/support/stage.ts';
import { usedBy } from '../growth/usage.ts';

/** Each of these users moves to and fro, one move after the other. */
const LANES = 20;
/** They share this machine with whatever else is measured. */
const PATIENT = { stepMs: 120_000, operationMs: 120_000, heartbeatMs: 20_000, handOverMs: 20_000 };
const LIMIT_MS = 600_000;

/** What there was after so many relocations. */
export interface Standing {
  readonly relocations: number;
  readonly seconds: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly worker: Measured;
  readonly api: Measured;
  /** Of the sandbox, application instances included. */
  readonly processes: number;
  readonly logLines: number;
  /** Events of the relocation that ended last. */
  readonly events: number;
  /** That stand in rules of any platform. */
  readonly addresses: number;
  readonly load: number;
}

interface Measured {
  readonly cpuMs: number;
  readonly rss: number;
  readonly handles: number;
}

/** Relocations in sequence, twenty at a time, over everything of the real thing, with somebody who follows them. */
export class Soak {
  readonly stage: Stage;
  readonly #release: () => Promise<void>;
  readonly #leave = new AbortController();
  readonly #begun = performance.now();
  readonly #outcomes: Record<string, number> = {};
  #done = 0;
  #last = '';

  private constructor(stage: Stage, release: () => Promise<void>) {
    [this.stage, this.#release] = [stage, release];
  }

  static async begin(): Promise<Soak> {
    const { net, release } = await claimNetwork();
    const stage = await Stage.set(net, { users: LANES, capacity: 4, pace: PATIENT });
    await fleet(stage, LANES, { rate: 0.2, giveUpMs: 60_000 });
    await stage.ends((await stage.begin('cloud', 'a1')).id, LIMIT_MS);
    const soak = new Soak(stage, release);
    void soak.#follow();
    return soak;
  }

  async end(): Promise<void> {
    this.#leave.abort();
    await this.stage.strike();
    await this.#release();
  }

  /** Tells what there is after each `every` of `many`. */
  async run(many: number, every: number, tell: (standing: Standing) => void): Promise<void> {
    let begun = 0;
    const lane = async (user: string): Promise<void> => {
      for (let [source, target] = ['a1', 'a2']; begun < many; [source, target] = [target as string, source as string]) {
        begun += 1;
        const { id } = await this.stage.begin(source as string, target as string, { users: user });
        const { outcome } = await this.stage.ends(id, LIMIT_MS);
        this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
        [this.#done, this.#last] = [this.#done + 1, id];
        if (this.#done % every === 0) tell(await this.#standing(this.#done));
        if (outcome !== 'relocated' && outcome !== 'relocatedSourceKept') throw new Error(`${id} is ${outcome}`);
      }
    };
    await Promise.all(Array.from({ length: LANES }, async (_, n) => await lane(`ue-${n + 1}`)));
  }

  async #standing(relocations: number): Promise<Standing> {
    const { worker, apiPart } = this.stage;
    const world = await worldOf(this.stage);
    return {
      relocations,
      seconds: (performance.now() - this.#begun) / 1_000,
      outcomes: { ...this.#outcomes },
      worker: usedBy(worker.pid),
      api: usedBy(apiPart.pid),
      processes: (await this.stage.sandbox<readonly object[]>('/processes')).length,
      logLines: linesOf(worker.log) + linesOf(apiPart.log),
      events: await this.#eventsOf(this.#last),
      addresses: addressesIn(world.network),
      load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
    };
  }

  async #eventsOf(id: string): Promise<number> {
    const run = parseRelocationId(id);
    const connection = await Connection.connect({ address: this.stage.temporal });
    const { workflow } = new Client({ connection, namespace: this.stage.namespace });
    const { events } = await workflow.getHandle(run?.workflowId ?? '', run?.runId).fetchHistory();
    await connection.close();
    return events?.length ?? 0;
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

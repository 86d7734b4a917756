import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Application } from '../../activities/ports.ts';
import { relocationActivities } from '../../activities/relocation/index.ts';
import { takingTurns } from '../../activities/relocation/turns.ts';
import type { Pace } from '../../configuration/peers.ts';
import { PortWorld } from '../../test/support/world.ts';

type Activity = (order: object) => Promise<unknown>;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 25);

/** An application of its own for each relocation, at peers that cost nothing. */
class World extends PortWorld {
  override async application(name: string): Promise<Application> {
    return { ...(await super.application('counter')), name };
  }
}

interface Lived {
  readonly bornAt: number;
  /** It waits at the gate, for good. */
  readonly parked: boolean;
  readonly activities: Readonly<Record<string, Activity>>;
}

/**
 * Peers of any number of relocations, in this process: each has a world, which is forgotten when its source has been retired.
 * Of those that come while the gate is shut no operation comes to its end, so that they wait in `instantiateTarget`; those
 * that come while it is open pass them by.
 */
export class Worlds {
  readonly #pace: Pace;
  readonly #lived = new Map<string, Lived>();
  #shut = false;
  waiting = 0;
  /** Milliseconds from the first step to the last of each that has passed since the gate was opened. */
  ended: number[] = [];

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  get size(): number {
    return this.#lived.size;
  }

  shut(): void {
    this.#shut = true;
  }

  open(): void {
    this.#shut = false;
    this.ended = [];
  }

  /** Of every relocation; its run tells which. */
  activities(): Record<string, Activity> {
    const names = Object.keys(this.#made().activities);
    return Object.fromEntries(names.map((name) => [name, async (order: object) => await this.#carryOut(name, order)]));
  }

  async #carryOut(name: string, order: object): Promise<unknown> {
    const run = Context.current().info.workflowExecution?.runId ?? '';
    const lived = this.#lived.get(run) ?? this.#made();
    this.#lived.set(run, lived);
    const parks = lived.parked && name === 'instantiateTarget';
    if (parks) this.waiting += 1;
    try {
      return await lived.activities[name]?.(order);
    } finally {
      if (parks) this.waiting -= 1;
      if (name === 'retireSource') this.#forget(run, lived);
    }
  }

  #made(): Lived {
    const world = new World(3);
    world.polls = this.#shut ? Number.POSITIVE_INFINITY : 0;
    const means = { catalogue: world, pace: this.#pace, digest, turns: takingTurns() };
    return {
      bornAt: performance.now(),
      parked: this.#shut,
      activities: relocationActivities(means) as unknown as Lived['activities'],
    };
  }

  #forget(run: string, { bornAt }: Lived): void {
    this.#lived.delete(run);
    this.ended.push(performance.now() - bornAt);
  }
}

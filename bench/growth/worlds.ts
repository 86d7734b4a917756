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
  readonly world: World;
  readonly activities: Readonly<Record<string, Activity>>;
}

/**
 * Peers of any number of relocations, in this process: each has a world, which is forgotten when its source has been retired.
 * While the gate is shut no operation of theirs comes to its end, so that every relocation waits in `instantiateTarget`.
 */
export class Worlds {
  readonly #pace: Pace;
  readonly #lived = new Map<string, Lived>();
  #shut = false;
  #openedAt = 0;
  waiting = 0;
  /** Milliseconds from the gate's opening to the end of each that waited. */
  ended: number[] = [];

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  get size(): number {
    return this.#lived.size;
  }

  shut(): void {
    this.#shut = true;
    this.ended = [];
  }

  open(): void {
    this.#shut = false;
    this.#openedAt = performance.now();
    for (const { world } of this.#lived.values()) world.polls = 0;
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
    const parks = name === 'instantiateTarget' && this.#shut;
    if (parks) {
      lived.world.polls = Number.POSITIVE_INFINITY;
      this.waiting += 1;
    }
    try {
      return await lived.activities[name]?.(order);
    } finally {
      if (parks) this.waiting -= 1;
      if (name === 'retireSource') this.#forget(run);
    }
  }

  #made(): Lived {
    const world = new World(3);
    const means = { catalogue: world, pace: this.#pace, digest, turns: takingTurns() };
    return { world, activities: relocationActivities(means) as unknown as Lived['activities'] };
  }

  #forget(run: string): void {
    this.#lived.delete(run);
    this.ended.push(performance.now() - this.#openedAt);
  }
}

import type { WorkerDeploymentVersion } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkerInterceptors, type WorkflowBundleOption } from '@temporalio/worker';
import { waitsQueue } from '../temporal/queues.ts';
import { sinks } from './ends.ts';

export interface FerryWorkersPlan {
  readonly connection: NativeConnection;
  readonly namespace?: string;
  readonly taskQueue: string;
  readonly workflowBundle: WorkflowBundleOption;
  readonly activities: object;
  /** How many activities run at once, those that answer soon and those that wait; how many runs are kept in memory. */
  readonly capacity: {
    readonly slots: { readonly steps: number; readonly waits: number };
    readonly maxCachedWorkflows: number;
  };
  /** A run finishes on the version that began it. None: whoever polls the queue takes it. */
  readonly version?: WorkerDeploymentVersion;
  readonly interceptors?: WorkerInterceptors;
}

/**
 * What lasts longer the SDK takes for an endless loop, by the clock on the wall; and where V8 ends it, Node may end the
 * process ("async hook stack has become corrupted"). On a machine that stands still, or that replays a long history, its
 * five seconds are soon over. Temporal itself gives the task to another worker after ten. (Not in the SDK's types.)
 */
const activation = { isolateExecutionTimeout: '1 minute' };

/**
 * The two Temporal workers of a Ferry worker: one for workflows and short steps, one for the long waits of steps and of
 * undos that insist, on a queue of its own: however many wait, a hand-over finds a slot.
 */
export class FerryWorkers {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  static async create(plan: FerryWorkersPlan): Promise<FerryWorkers> {
    const { connection, namespace, taskQueue, workflowBundle, activities, version, interceptors } = plan;
    const { slots, maxCachedWorkflows } = plan.capacity;
    const common = {
      connection,
      activities,
      ...(namespace !== undefined && { namespace }),
      ...(version !== undefined && {
        workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } as const,
      }),
      ...(interceptors !== undefined && { interceptors }),
      shutdownGraceTime: '1 second',
      shutdownForceTime: '4 seconds',
    } as const;
    return new FerryWorkers([
      await Worker.create({
        ...common,
        ...activation,
        taskQueue,
        workflowBundle,
        sinks,
        maxConcurrentActivityTaskExecutions: slots.steps,
        maxCachedWorkflows,
        stickyQueueScheduleToStartTimeout: '2 seconds',
      }),
      await Worker.create({
        ...common,
        taskQueue: waitsQueue(taskQueue),
        maxConcurrentActivityTaskExecutions: slots.waits,
      }),
    ]);
  }

  /** Until both have ended. When one fails the other one is shut down, and the failure thrown. */
  async run(): Promise<void> {
    const runs = this.#workers.map(async (worker) => await worker.run().finally(() => this.shutdown()));
    const failed = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** Both at once: what they take from each other's queues another worker finishes. */
  shutdown(): void {
    for (const worker of this.#workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  /** Beside `scenario`; when that fails, its failure counts. */
  async runUntil<T>(scenario: Promise<T>): Promise<T> {
    const running = this.run();
    try {
      const result = await Promise.race([scenario, running.then(async () => await scenario)]);
      this.shutdown();
      await running;
      return result;
    } finally {
      this.shutdown();
      await running.catch(() => undefined);
    }
  }
}

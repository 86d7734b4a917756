import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { FerryWorkers } from '../../worker/workers.ts';
import { inOneSandbox } from './one-sandbox.ts';

type Activity = (...input: readonly unknown[]) => Promise<unknown>;

/**
 * One worker for all scenarios of a file, one after the other: its start costs as much CPU as some relocations, and its
 * end a second where an activity still runs. A run keeps the activities of the scenario in which it first needed one.
 */
export class OneWorker {
  readonly #ofRuns = new Map<string, object>();
  #now: object | undefined;
  #workers: FerryWorkers | undefined;
  #running: Promise<void> = Promise.resolve();

  static async start(
    { nativeConnection: connection, namespace = 'default' }: TestWorkflowEnvironment,
    taskQueue: string,
    workflowBundle: WorkflowBundleOption,
  ): Promise<OneWorker> {
    const one = new OneWorker();
    const plan = {
      connection,
      namespace,
      taskQueue,
      workflowBundle,
      activities: { default: async (...input: readonly unknown[]) => await one.#carryOut(input) },
      capacity: { slots: { steps: 100, waits: 2_000 }, maxCachedWorkflows: 500 },
    };
    one.#workers = await inOneSandbox(async () => await FerryWorkers.create(plan));
    one.#running = one.#workers.run();
    one.#running.catch(() => undefined); // whoever is beside it hears of it
    return one;
  }

  async stop(): Promise<void> {
    this.#workers?.shutdown();
    await this.#running;
  }

  /** What is begun meanwhile is carried out with these activities. */
  async beside<T>(activities: object, scenario: () => Promise<T>): Promise<T> {
    if (this.#now !== undefined) throw new Error('another scenario goes on: one after the other');
    this.#now = activities;
    try {
      const ended = this.#running.then(() => Promise.reject(new Error('the worker has ended')));
      return await Promise.race([scenario(), ended]);
    } finally {
      this.#now = undefined;
    }
  }

  async #carryOut(input: readonly unknown[]): Promise<unknown> {
    const { activityType, workflowExecution } = Context.current().info;
    const run = workflowExecution?.runId ?? '';
    const activities = this.#ofRuns.get(run) ?? this.#now ?? {};
    this.#ofRuns.set(run, activities);
    const activity = (activities as Record<string, Activity>)[activityType];
    if (activity === undefined) throw new Error(`this scenario has no activity ${activityType}`);
    return await activity(...input);
  }
}

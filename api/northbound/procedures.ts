import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ServiceError, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Plan } from '../../domain/relocation.ts';
import { resultBy } from '../../temporal/end-of-run.ts';
import type { PlacementsOrder, RelocationOrder } from '../../workflows/messages.ts';
import type { locateApplications } from '../../workflows/locate-applications.ts';
import type { findPlacements } from '../../workflows/relocation/find-placements.ts';
import type { planRelocation } from '../../workflows/relocation/plan-relocation.ts';
import type { lookAtPeers } from '../../workflows/look-at-peers.ts';
import type { surveyPeers } from '../../workflows/survey-peers.ts';
import { type HttpRefusal, unavailable } from '../problem.ts';
import { pendingIn } from '../seen.ts';
import { pollersOf } from './pollers.ts';
import { CALL_MS } from './reader.ts';

const ANSWER_MS = 20_000;
/** So soon a worker answers where there is one; then it is looked whether there is. */
const SOON_MS = 1_500;

/** By when an answer is due whose making begins now: also one that needs two procedures. */
export const answerDue = (): number => Date.now() + ANSWER_MS;

interface Run<T> {
  result(): Promise<T>;
  describe(): Promise<WorkflowExecutionDescription>;
  terminate(reason: string): Promise<unknown>;
}

class NobodyPolls extends Error {
  readonly refusal: HttpRefusal;

  constructor(taskQueue: string) {
    super();
    this.refusal = unavailable(
      `no worker asks for work of the task queue ${taskQueue}`,
      'Start a Ferry worker; then ask again.',
    );
  }
}

/** Short procedures whose result is the answer. None outlives it for long. */
export class Procedures {
  readonly #temporal: Client;
  readonly #taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.#temporal = temporal;
    this.#taskQueue = taskQueue;
  }

  async plan(order: RelocationOrder, due = answerDue()): Promise<Plan> {
    const { application, source, target } = order.request;
    return await this.#answer('the plan', due, async () =>
      this.#temporal.workflow.start<typeof planRelocation>('planRelocation', {
        ...this.#options('plan'),
        args: [order],
        staticSummary: `plan ${application}: ${source} → ${target}`,
      }),
    );
  }

  async place(order: PlacementsOrder): ReturnType<typeof findPlacements> {
    return await this.#answer('the answer which sites fit', answerDue(), async () =>
      this.#temporal.workflow.start<typeof findPlacements>('findPlacements', {
        ...this.#options('placements'),
        args: [order],
        staticSummary: `which sites fit ${order.request.application}`,
      }),
    );
  }

  async survey(): ReturnType<typeof surveyPeers> {
    return await this.#answer('the survey', answerDue(), async () =>
      this.#temporal.workflow.start<typeof surveyPeers>('surveyPeers', {
        ...this.#options('survey'),
        args: [],
        staticSummary: 'survey of all peers',
      }),
    );
  }

  async look(): ReturnType<typeof lookAtPeers> {
    return await this.#answer('the look at the peers', answerDue(), async () =>
      this.#temporal.workflow.start<typeof lookAtPeers>('lookAtPeers', {
        ...this.#options('look'),
        args: [],
        staticSummary: 'how peers were seen',
      }),
    );
  }

  async locate(names: readonly string[], due = answerDue()): ReturnType<typeof locateApplications> {
    return await this.#answer('the answer where they are', due, async () =>
      this.#temporal.workflow.start<typeof locateApplications>('locateApplications', {
        ...this.#options('where'),
        args: [{ names }],
        staticSummary: `where is ${names.length === 1 ? names[0] : 'every application'}`,
      }),
    );
  }

  #options(name: string) {
    return {
      workflowId: `${name}:${randomUUID()}`,
      taskQueue: this.#taskQueue,
      workflowExecutionTimeout: ANSWER_MS + 5_000,
    };
  }

  async #answer<T>(what: string, due: number, start: () => Promise<Run<T>>): Promise<T> {
    const run = await this.#temporal.withDeadline(Math.min(Date.now() + CALL_MS, due), start);
    const answer = resultBy(this.#temporal, run, due);
    try {
      return await Promise.race([answer, this.#nobody(answer)]);
    } catch (error) {
      if (!(error instanceof ServiceError || error instanceof NobodyPolls)) throw error;
      const late = error instanceof NobodyPolls ? error.refusal : await this.#late(what, run);
      await run.terminate('nobody waits for it any longer').catch(() => undefined);
      throw late;
    }
  }

  /** Rejects as soon as it is known that no worker will answer; else never sooner than the answer. */
  async #nobody(answer: Promise<unknown>): Promise<never> {
    await Promise.race([sleep(SOON_MS), answer.catch(() => undefined)]);
    if (await this.#isPolled()) await answer;
    throw new NobodyPolls(this.#taskQueue);
  }

  /** Has a worker asked for work lately? Where that cannot be known it is supposed. */
  async #isPolled(): Promise<boolean> {
    try {
      return (await pollersOf(this.#temporal, this.#taskQueue, 'workflows')) > 0;
    } catch {
      return true;
    }
  }

  /** What it waits for: what its step said last, and why it had to try again. */
  async #late(what: string, run: Run<unknown>): Promise<HttpRefusal> {
    const pending = await this.#temporal
      .withDeadline(Date.now() + CALL_MS, async () => pendingIn(await run.describe()))
      .catch(() => undefined);
    const waiting = [pending?.sentence, pending?.lastFailure].filter((text) => text != null);
    return unavailable(
      [`${what} was not made within ${ANSWER_MS / 1_000} s`, ...waiting].join(': '),
      waiting.length === 0
        ? 'Look at the log of the worker, and in Temporal whether it takes its tasks; then ask again.'
        : 'Look at the peer that is named; then ask again.',
    );
  }
}

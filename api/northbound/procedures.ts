import { randomUUID } from 'node:crypto';
import { type Client, ServiceError } from '@temporalio/client';
import type { Plan } from '../../domain/relocation.ts';
import type { RelocationOrder } from '../../workflows/messages.ts';
import type { planRelocation } from '../../workflows/relocation/plan-relocation.ts';
import type { surveyPeers } from '../../workflows/survey-peers.ts';
import { unavailable } from '../problem.ts';
import { CALL_MS } from './reader.ts';

const ANSWER_MS = 20_000;

/** Short procedures whose result is the answer. None outlives it for long. */
export class Procedures {
  readonly #temporal: Client;
  readonly #taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.#temporal = temporal;
    this.#taskQueue = taskQueue;
  }

  async plan(order: RelocationOrder): Promise<Plan> {
    const { application, source, target } = order.request;
    return await this.#answer('the plan', async () =>
      this.#temporal.workflow.start<typeof planRelocation>('planRelocation', {
        ...this.#options('plan'),
        args: [order],
        staticSummary: `plan ${application}: ${source} → ${target}`,
      }),
    );
  }

  async survey(): ReturnType<typeof surveyPeers> {
    return await this.#answer('the survey', async () =>
      this.#temporal.workflow.start<typeof surveyPeers>('surveyPeers', {
        ...this.#options('survey'),
        args: [],
        staticSummary: 'survey of all peers',
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

  async #answer<T>(what: string, start: () => Promise<{ result(): Promise<T> }>): Promise<T> {
    const handle = await this.#temporal.withDeadline(Date.now() + CALL_MS, start);
    try {
      return await this.#temporal.withDeadline(Date.now() + ANSWER_MS, async () => await handle.result());
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw unavailable(
        `${what} was not made within ${ANSWER_MS / 1_000} s`,
        'Look whether a Ferry worker runs, and with `ferry peers` which peer keeps it waiting; then ask again.',
      );
    }
  }
}

import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Logger } from 'pino';
import type { Federation } from '../configuration/federation.ts';
import type { Configuration } from '../configuration/peers.ts';
import type { BindingRequest } from '../domain/binding-request.ts';
import { consumptionSteps } from '../domain/binding.ts';
import { admissionOf, consumptionId, consumptionOf, releaseOf } from '../temporal/consuming.ts';
import { resultBy } from '../temporal/end-of-run.ts';
import type { Ours } from '../temporal/telling.ts';
import type { admitConsumer } from '../workflows/federation/admit-consumer.ts';
import type { consumeServiceFederated } from '../workflows/federation/consume-service-federated.ts';
import type { releaseService } from '../workflows/federation/release-service.ts';
import {
  type ConsumptionPace,
  consumptionStanding,
  type ConsumptionMemo,
  type ConsumptionStanding,
} from '../workflows/messages.ts';
import type { WaitingFor } from './resources.ts';
import { pendingIn } from './seen.ts';
import { attempted } from './waiting-for.ts';

const CALL_MS = 3_000;

/** A run of a consumption, as Temporal has it. */
export interface Run {
  readonly request: BindingRequest;
  readonly running: boolean;
  readonly standing: ConsumptionStanding | null;
  /** What is attempted; null: nothing is. */
  readonly waitingFor: WaitingFor | null;
}

/** Consumptions are workflows: whatever of them needs a peer. */
export class Consumptions {
  readonly #temporal: Client;
  readonly #ours: Ours;
  readonly #pace: ConsumptionPace;
  readonly #log: Logger;

  constructor(
    temporal: Client,
    ours: Ours,
    { pace, federation }: Pick<Configuration, 'pace'> & { readonly federation: Pick<Federation, 'pace'> },
    log: Logger,
  ) {
    const { stepMs, attemptMs, insistMs, heartbeatMs, retryMs } = pace;
    this.#pace = { stepMs, attemptMs, insistMs, heartbeatMs, retryMs, askMs: federation.pace.askMs };
    [this.#temporal, this.#ours, this.#log] = [temporal, ours, log];
  }

  /** The id of its run, whoever has started it. Throws what Temporal says. */
  async consume(digest: string, request: BindingRequest, question: string): Promise<string> {
    const order = { request, digest: question, pace: this.#pace };
    const handle = await this.#within(
      async () =>
        await this.#temporal.workflow.start<typeof consumeServiceFederated>(
          'consumeServiceFederated',
          consumptionOf(digest, order, this.#ours),
        ),
    );
    return handle.firstExecutionRunId;
  }

  /** Until it has ended, so long at most. */
  async settled(digest: string, runId: string, ms: number): Promise<void> {
    const handle = this.#temporal.workflow.getHandle(consumptionId(digest), runId);
    await resultBy(this.#temporal, handle, Date.now() + ms).catch(() => undefined);
  }

  /** Undefined: Temporal knows no such run, or no more. */
  async look(digest: string, runId: string): Promise<Run | undefined> {
    const handle = this.#temporal.workflow.getHandle(consumptionId(digest), runId);
    try {
      const seen = await this.#within(async () => await handle.describe());
      const { memo, status } = seen;
      const pending = pendingIn(seen);
      const { request } = memo as unknown as ConsumptionMemo;
      const standing = await this.#within(async () => await handle.query(consumptionStanding)).catch(() => null);
      const waitingFor = pending === undefined ? null : attempted(seen, pending, titleOf(standing, pending.activity));
      return { request, running: status.name === 'RUNNING', standing, waitingFor };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** A run that still makes it gives it up, and undoes what it did. False: none does. */
  async cancel(digest: string, runId: string): Promise<boolean> {
    const handle = this.#temporal.workflow.getHandle(consumptionId(digest), runId);
    try {
      const { status } = await this.#within(async () => await handle.describe());
      if (status.name !== 'RUNNING') return false;
      await this.#within(async () => await handle.cancel());
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async release(binding: string, partner: string, why: string): Promise<void> {
    const order = { binding, why, pace: this.#pace };
    await this.#within(
      async () =>
        await this.#temporal.workflow.start<typeof releaseService>(
          'releaseService',
          releaseOf(order, partner, this.#ours),
        ),
    );
  }

  /** Until it has ended, so long at most. Throws what Temporal says to being asked to start it. */
  async admit(binding: string, partner: string, ms: number): Promise<void> {
    const order = { binding, why: 'not admitted', pace: this.#pace };
    const handle = await this.#within(
      async () =>
        await this.#temporal.workflow.start<typeof admitConsumer>(
          'admitConsumer',
          admissionOf(order, partner, this.#ours),
        ),
    );
    await resultBy(this.#temporal, handle, Date.now() + ms).catch((error: unknown) =>
      this.#log.warn({ err: error }, 'an admission is not waited for'),
    );
  }

  async #within<T>(call: () => Promise<T>): Promise<T> {
    return await this.#temporal.withDeadline(Date.now() + CALL_MS, call);
  }
}

/** While it is undone, the step is the one that failed. */
const titleOf = (standing: ConsumptionStanding | null, activity: string): string =>
  standing?.doing === 'working' ? consumptionSteps[standing.step].title : activity;

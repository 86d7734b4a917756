import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { titleOf } from '../domain/question.ts';
import type { Discovery, Query } from '../domain/wish.ts';
import { resultBy } from '../temporal/end-of-run.ts';
import { answerOf, discoveryOf } from '../temporal/finding.ts';
import type { Ours } from '../temporal/telling.ts';
import type { answerPartner } from '../workflows/federation/answer-partner.ts';
import type { discoverPlatforms } from '../workflows/federation/discover-platform.ts';
import type { DiscoveryOrder } from '../workflows/messages.ts';
import type { Refresh } from './mff/questions.ts';

const CALL_MS = 3_000;
/** The longest that a run is waited for; then it is looked at anew. */
const RUN_MS = 60_000;

/** A run that answers a question, and its result once it has one. */
export interface Running {
  readonly runId: string;
  readonly result: Promise<Discovery>;
}

/** Questions that need a peer are workflows: a thousand who ask the same at once ask once, here and at Temporal. */
export class Questions {
  readonly #temporal: Client;
  readonly #ours: Ours;
  readonly #pace: DiscoveryOrder['pace'];
  readonly #discoveries = new Map<string, Promise<Running>>();
  readonly #answers = new Map<string, Promise<unknown>>();

  constructor(temporal: Client, ours: Ours, pace: DiscoveryOrder['pace']) {
    [this.#temporal, this.#ours, this.#pace] = [temporal, ours, { askMs: pace.askMs }];
  }

  /** Throws what Temporal says. */
  async discover(query: Query, digest: string): Promise<Running> {
    const running = this.#discoveries.get(digest) ?? this.#discover(query, digest);
    this.#discoveries.set(digest, running);
    return await running;
  }

  async #discover(query: Query, digest: string): Promise<Running> {
    const over = (): void => void this.#discoveries.delete(digest);
    try {
      const order = { query, digest, pace: this.#pace };
      const workflow = query.find === 'systems' ? 'discoverSystems' : 'discoverPlatforms';
      const handle = await this.#within(
        CALL_MS,
        async () =>
          await this.#temporal.workflow.start<typeof discoverPlatforms>(
            workflow,
            discoveryOf(order, titleOf(query), this.#ours),
          ),
      );
      const result = resultBy(this.#temporal, handle, Date.now() + RUN_MS);
      result.then(over, over);
      return { runId: handle.firstExecutionRunId, result };
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Has our orchestrators asked what a partner looks for. */
  refreshing(log: Logger): Refresh {
    return async (query, digest, patienceMs) => {
      const answer = this.#answers.get(digest) ?? this.#answer(query, digest);
      this.#answers.set(digest, answer);
      const late = sleep(Math.max(0, patienceMs), 'late' as const, { ref: false });
      try {
        return (await Promise.race([answer, late])) !== 'late';
      } catch (error) {
        log.warn({ err: error }, 'our orchestrators could not be asked: what is known was answered');
        return false;
      }
    };
  }

  async #answer(query: Query, digest: string): Promise<void> {
    try {
      const order = { query, digest, pace: this.#pace };
      const handle = await this.#within(
        CALL_MS,
        async () =>
          await this.#temporal.workflow.start<typeof answerPartner>(
            'answerPartner',
            answerOf(order, titleOf(query), this.#ours),
          ),
      );
      await resultBy(this.#temporal, handle, Date.now() + RUN_MS);
    } finally {
      this.#answers.delete(digest);
    }
  }

  async #within<T>(ms: number, call: () => Promise<T>): Promise<T> {
    return await this.#temporal.withDeadline(Date.now() + ms, call);
  }
}

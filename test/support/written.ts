import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { restAfter } from './eventually.ts';

type Service = Pick<WorkflowClient, 'workflowService' | 'withDeadline'> & {
  readonly options: { readonly namespace: string };
};

interface Run {
  readonly workflowId: string;
  readonly runId?: string;
}

/** `done`: anything. `word`: it has come to wait for somebody, goes on, or has ended, as it tells the index. `end`: no more. */
export type Awaited = 'done' | 'word' | 'end';

const SAYS = {
  done: 'workflowTaskCompletedEventAttributes',
  word: 'upsertWorkflowSearchAttributesEventAttributes',
  end: 'workflowExecutionCompletedEventAttributes',
} as const;
const TOLD: readonly string[] = ['held', 'paused', 'parked', 'ended'];

/** What awaits a procedure in one of these states. */
export function telling(states: readonly string[]): Awaited {
  if (states.every((state) => state === 'ended')) return 'end';
  return states.every((state) => TOLD.includes(state)) ? 'word' : 'done';
}

/** No test is late by more, where nothing is written, or nobody tells. */
const LOOK_MS: Readonly<Record<Awaited, number>> = { done: 2_000, word: 10_000, end: 10_000 };
/** A server answers so long before it would be too late. Who asked again in that second would be answered at once, each time. */
const AHEAD_MS = 1_000;
/** A task, its begin, its end and what it asked for are read at once. */
const REST_MS = 50;
const CLOSE_EVENT = 2;

/**
 * Resolves when this run has done something since it was called last: until then it says the same of itself, whatever else
 * is written of it. A question costs an API, a worker and the server a hundredth of a second of CPU, and to be told costs
 * a tenth of that. Of a run that is over, or of which nobody tells, it resolves.
 */
export function writtenOf(client: Service, run: Run, awaited: Awaited = 'done'): () => Promise<void> {
  let from: Uint8Array | undefined;
  let over = false;
  const begun = performance.now();
  return async () => {
    for (const until = Date.now() + LOOK_MS[awaited]; !over && Date.now() < until; ) {
      const asked = async () =>
        await client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: run,
          waitNewEvent: true,
          ...(awaited === 'end' && { historyEventFilterType: CLOSE_EVENT }),
          ...(from !== undefined && { nextPageToken: from }),
        });
      const told = await client.withDeadline(until + AHEAD_MS, asked).catch(() => undefined);
      if (told === undefined) return;
      from = told.nextPageToken;
      over = from.length === 0;
      if (told.history?.events?.some((event) => event[SAYS[awaited]] != null)) return;
      if (!over) await sleep(restAfter(performance.now() - begun, REST_MS));
    }
  };
}

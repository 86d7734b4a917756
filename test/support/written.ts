import type { WorkflowClient } from '@temporalio/client';

type Service = Pick<WorkflowClient, 'workflowService' | 'withDeadline'> & {
  readonly options: { readonly namespace: string };
};

interface Run {
  readonly workflowId: string;
  readonly runId?: string;
}

/** No test is late by more, where nothing is written, or nobody tells. */
const LOOK_MS = 2_000;
/** A server answers so long before it would be too late. Who asked again in that second would be answered at once, each time. */
const AHEAD_MS = 1_000;
const CLOSE_EVENT = 2;

/**
 * Resolves when this run has done something since it was called last: until then it says the same of itself, whatever else
 * is written of it. A question costs an API, a worker and the server a hundredth of a second of CPU, and to be told costs
 * next to nothing. `end`: nothing else is waited for. Of a run that is over, or of which nobody tells, it resolves.
 */
export function writtenOf(client: Service, run: Run, { end = false } = {}): () => Promise<void> {
  let from: Uint8Array | undefined;
  let over = false;
  return async () => {
    for (const until = Date.now() + LOOK_MS; !over && Date.now() < until; ) {
      const asked = async () =>
        await client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: run,
          waitNewEvent: true,
          ...(end && { historyEventFilterType: CLOSE_EVENT }),
          ...(from !== undefined && { nextPageToken: from }),
        });
      const told = await client.withDeadline(until + AHEAD_MS, asked).catch(() => undefined);
      if (told === undefined) return;
      from = told.nextPageToken;
      over = from.length === 0;
      if (told.history?.events?.some((event) => event.workflowTaskCompletedEventAttributes != null)) return;
    }
  };
}

import type { InjectedSinks } from '@temporalio/worker';
import { type RunEnded, runsEnded } from '../traces/told.ts';
import type { TraceSinks } from '../workflows/kit/traces.ts';

/** Where workflows tell that they have ended: once, however often their history is replayed. */
export const sinks: InjectedSinks<TraceSinks> = {
  traces: {
    ended: {
      fn: ({ workflowType: type, workflowId, runId, startTime }, told) =>
        runsEnded.publish({ ...told, type, workflowId, runId, startedMs: startTime.getTime() } satisfies RunEnded),
    },
  },
};

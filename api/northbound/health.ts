import type { Client } from '@temporalio/client';
import { unavailable } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { pollersOf } from './pollers.ts';
import type { NorthboundTable } from './table.ts';

const PROBE_MS = 2_000;

/** What the process says of itself. */
export interface Condition {
  /** Aborted: it is shutting down. */
  readonly stopping: AbortSignal;
  /** Has Temporal been found to know the namespace and our search attributes? */
  readonly prepared: () => boolean;
}

export function healthHandlers(
  temporal: Client,
  taskQueue: string,
  { stopping, prepared }: Condition,
  catalogueAnswers: () => Promise<void> = async () => undefined,
): Handlers<NorthboundTable, 'showLiveness' | 'showReadiness'> {
  const goesOn = (): void => {
    if (stopping.aborted) throw unavailable('it is shutting down', 'Ask another one.');
  };
  return {
    showLiveness: ({ res }) => {
      res.json({ status: 'live' });
    },
    showReadiness: async ({ res }) => {
      goesOn();
      const { namespace } = temporal.options;
      await temporal
        .withDeadline(
          Date.now() + PROBE_MS,
          async () => await temporal.workflowService.describeNamespace({ namespace }),
        )
        .finally(goesOn); // it may have been told to stop meanwhile
      if (!prepared())
        throw unavailable('Temporal answers, but is not known yet to have our search attributes', 'Ask again.');
      await catalogueAnswers();
      goesOn();
      // Without a worker it serves all the same: what is started waits, and nobody gains by asking another API
      const polling = await pollersOf(temporal, taskQueue, 'workflows').catch(() => undefined);
      const workers = polling === undefined ? 'unknown' : polling > 0 ? 'polling' : 'none';
      res.json({ status: 'ready', workers });
    },
  };
}

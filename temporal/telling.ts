import type { Client, WorkflowOptions } from '@temporalio/client';
import type { tellSubscribers } from '../workflows/federation/tell-subscribers.ts';
import { searchAttributes } from './search-attributes.ts';

const CALL_MS = 5_000;

export interface Ours {
  readonly taskQueue: string;
  /** The sandbox's, where there is one. */
  readonly world?: string | undefined;
}

/** Whoever has something to tell pokes the run that tells it, or starts it: there is one of it. */
export async function pokeTelling(temporal: Client, { taskQueue, world }: Ours): Promise<void> {
  const start: WorkflowOptions & { workflowId: string } = {
    workflowId: 'subscribers',
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue,
    typedSearchAttributes: world === undefined ? [] : [{ key: searchAttributes.world, value: world }],
    staticSummary: 'tell subscribers of MEC 040 what has changed',
  };
  await temporal.withDeadline(
    Date.now() + CALL_MS,
    async () =>
      await temporal.workflow.signalWithStart<typeof tellSubscribers>('tellSubscribers', {
        ...start,
        args: [],
        signal: 'poke',
        signalArgs: [],
      }),
  );
}

import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Step } from '../twins/steps.ts';
import type { twin } from '../twins/workflows.ts';
import { OWN_CORE, start } from './process.ts';
import type { Temporal } from './server.ts';

/** A worker of what Ferry is measured against. */
export interface Twins {
  readonly pid: number;
  readonly begin: (
    client: Client,
    steps: readonly Step[],
  ) => Promise<WorkflowHandleWithFirstExecutionRunId<typeof twin>>;
  readonly stop: () => Promise<void>;
}

const taskQueue = 'twins';

export async function startTwins({ address }: Pick<Temporal, 'address'>, namespace: string): Promise<Twins> {
  const args = ['--address', address, '--namespace', namespace, '--taskQueue', taskQueue];
  const { pid, stop } = await start('bench/twins/main.ts', args, { core: OWN_CORE });
  return {
    pid,
    begin: async (client, steps) =>
      await client.workflow.start<typeof twin>('twin', {
        workflowId: `twin:${randomUUID()}`,
        taskQueue,
        args: [steps],
      }),
    stop,
  };
}

import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '../../temporal/internals.ts';
import { CALL_MS } from './reader.ts';

const POLL_MS = 70_000;
/** temporal.api.enums.v1.TaskQueueType */
const types = { workflows: 1, activities: 2 } as const;

/** Workers that have asked for work of a queue lately: a poll lasts a minute. */
export async function pollersOf(temporal: Client, queue: string, work: keyof typeof types): Promise<number> {
  const { namespace } = temporal.options;
  const { pollers } = await temporal.withDeadline(
    Date.now() + CALL_MS,
    async () =>
      await temporal.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: queue },
        taskQueueType: types[work],
      }),
  );
  const since = Date.now() - POLL_MS;
  const lately = (pollers ?? []).filter(
    ({ lastAccessTime }) => (optionalTsToDate(lastAccessTime)?.getTime() ?? 0) >= since,
  );
  return new Set(lately.map(({ identity }) => identity)).size;
}

import type { WorkflowOptions } from '@temporalio/client';
import type { DiscoveryMemo, DiscoveryOrder } from '../workflows/messages.ts';
import type { Ours } from './telling.ts';
import { searchAttributes } from './search-attributes.ts';

/** Nobody waits for it longer, whether or not there is a worker. */
const LIMIT = '2 minutes';

export const discoveryId = (digest: string): string => `discovery:${digest}`;

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [DiscoveryOrder] };

/** A question to the federation: there is one run of it, whoever else asks the same meanwhile joins it. */
export const discoveryOf = (order: DiscoveryOrder, title: string, ours: Ours): Start => ({
  ...started(order, ours),
  workflowId: discoveryId(order.digest),
  memo: { query: order.query } satisfies DiscoveryMemo,
  staticSummary: `find ${title}`,
});

/** A partner's question to our orchestrators, likewise. */
export const answerOf = (order: DiscoveryOrder, title: string, ours: Ours): Start => ({
  ...started(order, ours),
  workflowId: `answer:${order.digest}`,
  staticSummary: `answer partners who look for ${title}`,
});

const started = (order: DiscoveryOrder, { taskQueue, world }: Ours): Omit<Start, 'workflowId'> => ({
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  workflowExecutionTimeout: LIMIT,
  taskQueue,
  args: [order],
  typedSearchAttributes: world === undefined ? [] : [{ key: searchAttributes.world, value: world }],
});

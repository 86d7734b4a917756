import type { WorkflowOptions } from '@temporalio/client';
import type { BindingOrder, ConsumptionMemo, ConsumptionOrder } from '../workflows/messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

export const consumptionId = (digest: string): string => `binding:${digest}`;

type Start<Order> = WorkflowOptions & { readonly workflowId: string; readonly args: [Order] };

/** One consumption of what is called so at a platform at a time: who asks again meanwhile joins it. `digest`: of all that. */
export const consumptionOf = (digest: string, order: ConsumptionOrder, ours: Ours): Start<ConsumptionOrder> => ({
  ...started(ours),
  workflowId: consumptionId(digest),
  args: [order],
  memo: { request: order.request } satisfies ConsumptionMemo,
  staticSummary: `${order.request.what.name} for ${order.request.platform} of ${order.request.system}`,
});

/** At the producer's: of a row. */
export const admissionOf = (order: BindingOrder, partner: string, ours: Ours): Start<BindingOrder> => ({
  ...started(ours, partner),
  workflowId: `admission:${order.binding}`,
  args: [order],
  staticSummary: `admit ${partner}`,
});

export const releaseOf = (order: BindingOrder, partner: string, ours: Ours): Start<BindingOrder> => ({
  ...started(ours, partner),
  workflowId: `release:${order.binding}`,
  args: [order],
  staticSummary: `release what ${partner} offers`,
});

const started = ({ taskQueue, world }: Ours, partner?: string) => ({
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  taskQueue,
  typedSearchAttributes: [
    ...(partner === undefined ? [] : [{ key: searchAttributes.partner, value: partner }]),
    ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
  ],
});

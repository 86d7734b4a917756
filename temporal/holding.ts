import type { WorkflowOptions } from '@temporalio/client';
import type { HoldMemo } from '../workflows/messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

export const holdWorkflowId = (site: string): string => `hold:${site}`;

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [] };

/** One hold of a site at a time: who asks again joins it. */
export const holdOf = ({ site, why }: HoldMemo, { taskQueue, world }: Ours): Start => ({
  workflowId: holdWorkflowId(site),
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  taskQueue,
  args: [],
  memo: { site, why } satisfies HoldMemo,
  typedSearchAttributes: [
    { key: searchAttributes.target, value: site },
    ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
  ],
  staticSummary: `hold ${site}: nothing is moved there`,
  staticDetails: `Nothing is moved to **${site}** as long as this runs.${why === '' ? '' : `\n\n- Why: ${why}`}\n- It ends with the update \`endHold\`.`,
});

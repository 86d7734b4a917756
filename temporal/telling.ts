import type { WorkflowOptions } from '@temporalio/client';
import { searchAttributes } from './search-attributes.ts';

/** How the telling of subscribers is started, by whoever has something to tell: there is one run of it. */
export const tellingOf = ({
  taskQueue,
  world,
}: {
  readonly taskQueue: string;
  readonly world?: string | undefined;
}): WorkflowOptions & { readonly workflowId: string } => ({
  workflowId: 'subscribers',
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  taskQueue,
  typedSearchAttributes: world === undefined ? [] : [{ key: searchAttributes.world, value: world }],
  staticSummary: 'tell subscribers of MEC 040 what has changed',
});

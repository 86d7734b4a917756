import type { WorkflowOptions } from '@temporalio/client';
import type { EvacuationMemo, EvacuationOrder } from '../workflows/messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

export const evacuationWorkflowId = (site: string): string => `evacuation:${site}`;
/** Another word: what comes back to a site is no reason to move nothing there. */
export const returnWorkflowId = (site: string): string => `return:${site}`;

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [EvacuationOrder] };

/** One evacuation of a site at a time: who asks for the same meanwhile joins it. */
export function evacuationOf({ request, returns, pace }: EvacuationOrder, { taskQueue, world }: Ours): Start {
  const { site, among, window, perUser, accept, deadline } = request;
  const back = returns === undefined ? {} : { returns };
  const wish: EvacuationMemo['wish'] = { window, paused: false, cancelled: false };
  return {
    workflowId: returns === undefined ? evacuationWorkflowId(site) : returnWorkflowId(site),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue,
    args: [{ request, ...back, pace }],
    memo: { request, ...back, wish } satisfies EvacuationMemo,
    typedSearchAttributes: [
      { key: searchAttributes.source, value: site },
      ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
    ],
    staticSummary: returns === undefined ? `empty ${site}` : `bring back to ${site} what was moved away`,
    staticDetails: [
      returns === undefined
        ? `Moves everything that **${site}** serves to ${among.join(', ')} (ETSI GR MEC 035, 5.3.1), ${perUser ? 'user by user, ' : ''}at first ${window} at once.`
        : `Moves back to **${site}** what evacuation ${returns} has moved away (ETSI GR MEC 035, 5.3.1), at first ${window} at once.`,
      '',
      ...(accept === undefined ? [] : [`- The weakest guarantee that will do: ${accept}`]),
      ...(deadline === undefined ? [] : [`- Nothing is begun after ${deadline}`]),
      '- Its relocations: `FerryEvacuation` is `<site>.<first run id>` of this run',
    ].join('\n'),
  };
}

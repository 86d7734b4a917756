import type { WorkflowOptions } from '@temporalio/client';
import type { EvacuationMemo, EvacuationOrder } from '../workflows/messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { Ours } from './telling.ts';

export const evacuationWorkflowId = (site: string): string => `evacuation:${site}`;

type Start = WorkflowOptions & { readonly workflowId: string; readonly args: [EvacuationOrder] };

/** One evacuation of a site at a time: who asks for the same meanwhile joins it. */
export function evacuationOf({ request, pace }: EvacuationOrder, { taskQueue, world }: Ours): Start {
  const { site, among, window, perUser, deadline } = request;
  const wish: EvacuationMemo['wish'] = { window, paused: false, cancelled: false };
  return {
    workflowId: evacuationWorkflowId(site),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    taskQueue,
    args: [{ request, pace }],
    memo: { request, wish } satisfies EvacuationMemo,
    typedSearchAttributes: [
      { key: searchAttributes.source, value: site },
      ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
    ],
    staticSummary: `empty ${site}`,
    staticDetails: [
      `Moves everything that **${site}** serves to ${among.join(', ')} (ETSI GR MEC 035, 5.3.1), ${perUser ? 'user by user, ' : ''}at first ${window} at once.`,
      '',
      ...(deadline === undefined ? [] : [`- Nothing is begun after ${deadline}`]),
      '- Its relocations: `FerryEvacuation` is `<site>.<first run id>` of this run',
    ].join('\n'),
  };
}

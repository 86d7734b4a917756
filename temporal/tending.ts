import type { Client, WorkflowOptions } from '@temporalio/client';
import type { joinFederation } from '../workflows/federation/join-federation.ts';
import { searchAttributes } from './search-attributes.ts';

export const federationId = (partner: string): string => `federation:${partner}`;

type Start = WorkflowOptions &
  Pick<Required<WorkflowOptions>, 'workflowId'> & { args: Parameters<typeof joinFederation> };

/** How the federation with a partner is started, by whoever is first: there is one run of it, whoever else starts it joins it. */
export const tendingOf = (
  partner: string,
  { taskQueue, world }: { taskQueue: string; world?: string | undefined },
): Start => ({
  workflowId: federationId(partner),
  workflowIdConflictPolicy: 'USE_EXISTING',
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  taskQueue,
  args: [{ partner }],
  typedSearchAttributes: [
    { key: searchAttributes.partner, value: partner },
    ...(world === undefined ? [] : [{ key: searchAttributes.world, value: world }]),
  ],
  staticSummary: `federation with ${partner}`,
});

const CALL_MS = 5_000;

/** Wakes the tending of a partner; starts it where there is none. Throws what Temporal says, and after `withinMs`. */
export async function pokeTending(
  temporal: Client,
  partner: string,
  ours: Parameters<typeof tendingOf>[1],
  withinMs = CALL_MS,
): Promise<void> {
  await temporal.withDeadline(
    Date.now() + withinMs,
    async () =>
      await temporal.workflow.signalWithStart<typeof joinFederation>('joinFederation', {
        ...tendingOf(partner, ours),
        signal: 'poke',
        signalArgs: [],
      }),
  );
}

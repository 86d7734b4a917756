import { setTimeout as sleep } from 'node:timers/promises';
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

/** Of one call, and between two attempts: Temporal may be slow, or not there yet. */
export const STARTING_MS = 10_000;
const AGAIN_MS = 1_000;
const LATEST_MS = 30_000;

/**
 * Starts the tending of each partner, which is there once however many programs start it. It is insisted on: without it nobody
 * would look at a partner. Ends when all run, or when `stopping`.
 */
export async function startTending(
  client: Client,
  partners: readonly string[],
  { taskQueue, world }: { taskQueue: string; world: string | undefined },
  log: { readonly warn: (said: unknown, told: string) => void },
  stopping: AbortSignal,
): Promise<void> {
  const started = async (partner: string): Promise<void> => {
    for (let pauseMs = AGAIN_MS; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, LATEST_MS))
      try {
        await client.withDeadline(
          Date.now() + STARTING_MS,
          async () =>
            await client.workflow.start<typeof joinFederation>(
              'joinFederation',
              tendingOf(partner, { taskQueue, world }),
            ),
        );
        return;
      } catch (error) {
        if (stopping.aborted) return;
        log.warn(error, `the federation with ${partner} is not tended yet`);
        await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      }
  };
  await Promise.all(partners.map(started));
}

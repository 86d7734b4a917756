import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { pokeTending, tendingOf } from '../temporal/tending.ts';
import type { joinFederation } from '../workflows/federation/join-federation.ts';

/** Of one call, and between two attempts: Temporal may be slow, or not there yet. */
const CALL_MS = 10_000;
const AGAIN_MS = 1_000;
const LATEST_MS = 30_000;

/**
 * Starts the tending of each partner, which is there once however many workers start it. It is insisted on: without it nobody
 * would look at a partner. Ends when all run, or when `stopping`.
 */
export async function startTending(
  client: Client,
  partners: readonly string[],
  { taskQueue, world }: { taskQueue: string; world: string | undefined },
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const started = async (partner: string): Promise<void> => {
    for (let pauseMs = AGAIN_MS; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, LATEST_MS))
      try {
        await client.withDeadline(
          Date.now() + CALL_MS,
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

/** Has a partner looked at now; starts its tending where there is none. Throws what Temporal says. */
export const waking =
  (client: Client, ours: { taskQueue: string; world: string | undefined }) =>
  async (partner: string): Promise<void> =>
    await pokeTending(client, partner, ours, CALL_MS);

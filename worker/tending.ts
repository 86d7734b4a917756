import type { Client } from '@temporalio/client';
import { pokeTending, STARTING_MS } from '../temporal/tending.ts';

/** Has a partner looked at now; starts its tending where there is none. Throws what Temporal says. */
export const waking =
  (client: Client, ours: { taskQueue: string; world: string | undefined }) =>
  async (partner: string): Promise<void> =>
    await pokeTending(client, partner, ours, STARTING_MS);

import type { Client } from '@temporalio/client';
import { tendingOf } from '../temporal/tending.ts';
import { poke } from '../workflows/messages.ts';
import type { joinFederation } from '../workflows/federation/join-federation.ts';

const CALL_MS = 3_000;

/** Has a partner looked at now; whoever is first to do so starts its tending. Throws what Temporal says. */
export const pokeThrough =
  (temporal: Client, { taskQueue, world }: { taskQueue: string; world: string | undefined }) =>
  async (partner: string): Promise<void> => {
    await temporal.withDeadline(
      Date.now() + CALL_MS,
      async () =>
        await temporal.workflow.signalWithStart<typeof joinFederation>('joinFederation', {
          ...tendingOf(partner, { taskQueue, world }),
          signal: poke,
          signalArgs: [],
        }),
    );
  };

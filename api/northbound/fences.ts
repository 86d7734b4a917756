import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { scrap } from '../../workflows/messages.ts';
import { unavailable } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import { FENCES, FenceReader } from './fence-reader.ts';
import { following, tokenIn } from './pages.ts';
import { CALL_MS } from './reader.ts';
import type { NorthboundTable } from './table.ts';

/** Who waits for a source that was taken to be dead. */
export function fenceHandlers(temporal: Client): Handlers<NorthboundTable, 'listFences' | 'showFence' | 'scrapSource'> {
  const reader = new FenceReader(temporal);
  return {
    listFences: async ({ query: { limit, next }, req, res }) => {
      const { fences, token } = await reader.page(limit, tokenIn(next, FENCES));
      res.json({ fences, next: following(req, res, token, { path: '/v1/fences', query: FENCES }) });
    },
    showFence: async ({ params, res }) => {
      res.json(await reader.read(params.id));
    },
    scrapSource: async ({ params: { id }, res }) => {
      const { state } = await reader.read(id);
      if (state === 'ended') throw new Refusal('NotPossibleNow', 'nobody waits for it any more');
      try {
        const run = temporal.workflow.getHandle(`fence:${id}`);
        await temporal.withDeadline(Date.now() + CALL_MS, async () => await run.executeUpdate(scrap));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw new Refusal('NotPossibleNow', 'nobody waits for it any more');
        throw unavailable('no worker has answered', 'Start a Ferry worker, and ask again: nothing is done twice.');
      }
      res.json(await reader.read(id));
    },
  };
}

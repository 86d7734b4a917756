import type { PlatformHad } from '../../domain/inventory.ts';
import type { Wish } from '../../domain/wish.ts';
import { PlatformAnswer, platformQueries } from '../../protocols/mfm/queries.ts';
import type { Exchange } from '../http.ts';

/** It has nothing of the kind, or does not speak this part. */
const NOTHING = [404, 405, 501];

/** What an orchestrator of ours has for a wish, beyond what it has told by itself (6.4.3, 6.5.3 step 9). */
export async function platformsFor(
  orchestrator: Exchange,
  wish: Wish,
  signal: AbortSignal,
): Promise<readonly PlatformHad[]> {
  const answer = await orchestrator.ask(
    { method: 'POST', path: platformQueries, json: wish, schema: PlatformAnswer, alsoExpect: NOTHING },
    signal,
  );
  return NOTHING.includes(answer.status) ? [] : answer.body.platforms;
}

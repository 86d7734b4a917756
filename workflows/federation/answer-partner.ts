import type { DiscoveryOrder } from '../messages.ts';
import { findingAt } from './steps.ts';

/**
 * What a partner asks for and the catalogue does not know, or not lately enough, is asked of our orchestrators (GR MEC 035,
 * 6.4.3 steps 3 and 4, 6.5.3 step 9). Many partners who ask the same at once ask once. The answer is read from the catalogue,
 * under the policy and the aliases of each.
 */
export async function answerPartner({ query, digest, pace }: DiscoveryOrder): Promise<void> {
  await findingAt(pace).askOrchestrators({ query, digest });
}

import type { FindingMeans, QueryAsked } from './finding.ts';
import { step } from './step.ts';

export const askingOrchestrators = ({ findings, orchestrators, pace }: FindingMeans) => ({
  /**
   * 6.4.3 steps 3 and 4, 6.5.3 step 9: what a partner asks for is asked of our orchestrators, and learned. What they do not have
   * either is not asked for again for a while. Nothing to undo: it looks.
   */
  askOrchestrators: async ({ query, digest }: QueryAsked): Promise<void> =>
    await step(async (signal) => {
      const since = await findings.now();
      await orchestrators.refresh(query, signal);
      await findings.answered(digest, { complete: true, seconds: pace.missSeconds, since });
    }),
});

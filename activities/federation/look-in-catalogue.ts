import type { FindingMeans, QueryAsked } from './finding.ts';
import { step } from './step.ts';

export interface Looked {
  readonly found: number;
  /** The very question was answered lately: nobody has to be asked. */
  readonly fresh: { readonly complete: boolean } | null;
  /** Partners that could be joined now that nothing was found. */
  readonly joinable: readonly string[];
}

export const looking = ({ findings, orchestrators }: FindingMeans) => ({
  /**
   * 1 (6.5.3 step 6): our own systems, other orchestrators of this federator included, asked where they were not heard of for
   * too long; then what partners have told. Nothing to undo: it looks.
   */
  lookInCatalogue: async ({ query, digest }: QueryAsked): Promise<Looked> =>
    await step(async (signal) => {
      const fresh = await findings.asked(digest);
      if (fresh === null) await orchestrators.refresh(query, signal);
      const found = await findings.count(query, digest);
      const joinable = found > 0 || fresh !== null ? [] : await findings.joinable();
      return { found, fresh, joinable };
    }),
});

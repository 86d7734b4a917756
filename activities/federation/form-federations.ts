import { until } from '../waiting.ts';
import type { FindingMeans } from './finding.ts';
import { step } from './step.ts';

/** A partner that is not joined by then is not asked this time. */
const FORM_MS = 20_000;

export const forming = ({ findings, wake }: FindingMeans) => ({
  /**
   * 2 (6.5.2 step 4, 6.5.3 step 7): partners that are joined on a miss. Our will becomes open where nobody has said anything
   * else; their tending joins them, as any other. Not undone: what was formed is used by the next question too, and the operator
   * leaves it.
   */
  formFederations: async ({ partners }: { partners: readonly string[] }): Promise<void> =>
    await step(async (_signal, wait) => {
      const asleep = new Set(partners);
      for (const partner of partners) await findings.wantOnMiss(partner);
      await until(wait, FORM_MS, async () => {
        // Nobody tends whom nobody wanted: there is no round that would look anyway
        for (const partner of asleep)
          await wake(partner).then(
            () => asleep.delete(partner),
            () => undefined,
          );
        return (await findings.notUsable(partners)).length === 0 ? 'all' : undefined;
      });
    }),
});

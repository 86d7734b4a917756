import { announcing } from './announce-decision.ts';
import { choosing } from './choose-offer.ts';
import type { ConsumingMeans } from './consumption.ts';
import { exposing } from './expose-service.ts';
import { opening } from './open-binding.ts';
import { telling } from './tell-orchestrator.ts';

/** The steps of a consumption across operators, and their undos, as activities. */
export const consumingActivities = (means: ConsumingMeans) => ({
  ...choosing(means),
  ...telling(means),
  ...announcing(means),
  ...opening(means),
  ...exposing(means),
});
export type ConsumingActivities = ReturnType<typeof consumingActivities>;

import { accepting } from './accept-zones.ts';
import { authenticating } from './authenticate-partner.ts';
import { exchanging } from './exchange-systems.ts';
import { leaving } from './leave-partner.ts';
import { requesting } from './request-federation.ts';
import type { FederationMeans } from './step.ts';
import { tending } from './tend-partner.ts';

/** The steps of a federation with one partner, as activities. */
export const federationActivities = (means: FederationMeans) => ({
  ...tending(means),
  ...authenticating(means),
  ...requesting(means),
  ...accepting(means),
  ...exchanging(means),
  ...leaving(means),
});
export type FederationActivities = ReturnType<typeof federationActivities>;

import { accepting } from './accept-zones.ts';
import { askingOrchestrators } from './ask-orchestrators.ts';
import { asking } from './ask-partners.ts';
import { authenticating } from './authenticate-partner.ts';
import { exchanging } from './exchange-systems.ts';
import type { FindingMeans } from './finding.ts';
import { forming } from './form-federations.ts';
import { leaving } from './leave-partner.ts';
import { looking } from './look-in-catalogue.ts';
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

/** The steps of finding what there is in a federation, as activities. */
export const findingActivities = (means: FindingMeans) => ({
  ...looking(means),
  ...forming(means),
  ...asking(means),
  ...askingOrchestrators(means),
});
export type FindingActivities = ReturnType<typeof findingActivities>;

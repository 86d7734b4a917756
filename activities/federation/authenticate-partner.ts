import { type FederationMeans, joiningStep, type PartnerNamed } from './step.ts';

export const authenticating = (means: FederationMeans) => ({
  /**
   * 1 (GR MEC 035, 5.1.2 level 1, security): a token of their authorization server. Nothing to undo: it expires by itself, and
   * the row that `problem` needs is ended with the agreement.
   */
  authenticatePartner: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner }, signal) => await partner.authenticate(signal)),
});

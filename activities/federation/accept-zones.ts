import { contextOf, endedThere, type FederationMeans, joiningStep, type PartnerNamed } from './step.ts';

export const accepting = (means: FederationMeans) => ({
  /**
   * 3: E/WBI POST /{ctx}/zones for all that are offered and not accepted yet. "Accepted before" is success. Undone by leaving
   * (`leavePartner`), which gives them back.
   */
  acceptZones: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner, agreement }, signal) => {
      const { facts } = means;
      const zones = await facts.zonesToAccept(agreement);
      if (zones.length === 0) return;
      const said = await partner.acceptZones(contextOf(agreement), zones, agreement.callbackKey, signal);
      if (said === 'gone') throw await endedThere(facts, agreement);
      await facts.zonesAccepted(agreement, zones);
    }),
});

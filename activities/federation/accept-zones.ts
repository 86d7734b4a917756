import { contextOf, endedThere, type FederationMeans, joiningStep, type PartnerNamed } from './step.ts';

/** So many are accepted at once: a partner takes a thousand at most, in a body of 64 kB. */
const PIECE = 250;

export const accepting = (means: FederationMeans) => ({
  /**
   * 3: E/WBI POST /{ctx}/zones for all that are offered and not accepted yet, piece by piece. "Accepted before" is success.
   * Undone by leaving (`leavePartner`), which gives them back.
   */
  acceptZones: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner, agreement }, signal) => {
      const { facts } = means;
      const zones = await facts.zonesToAccept(agreement);
      for (let at = 0; at < zones.length; at += PIECE) {
        const piece = zones.slice(at, at + PIECE);
        const said = await partner.acceptZones(contextOf(agreement), piece, agreement.callbackKey, signal);
        if (said === 'gone') throw await endedThere(facts, agreement);
        await facts.zonesAccepted(agreement, piece);
      }
    }),
});

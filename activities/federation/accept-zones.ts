import { failure } from '../failure.ts';
import type { Agreement, Partner, Relation } from './ports.ts';
import { contextOf, endedThere, type FederationMeans, joiningStep, type PartnerNamed } from './step.ts';

/** So many are accepted at once: a partner takes a thousand at most, in a body of 64 kB. */
const PIECE = 250;

export const accepting = (means: FederationMeans) => ({
  /**
   * 3: E/WBI POST /{ctx}/zones for all that are offered and not accepted yet, piece by piece; what is offered no more is given back.
   * "Accepted before" is success. What is not taken back is given back in the next round. Undone by leaving (`leavePartner`), which gives them back.
   */
  acceptZones: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner, agreement }, signal) => {
      const { facts } = means;
      const context = contextOf(agreement);
      const left = await facts.zonesToGiveBack(agreement);
      if (left.length > 0) {
        const { zones, problem } = await partner.leaveZones(context, left, signal);
        await facts.zonesGivenBack(agreement, zones);
        if (problem !== null) await facts.problem(agreement, `a zone is given back once more: ${problem}`);
      }
      const zones = await facts.zonesToAccept(agreement);
      for (let at = 0; at < zones.length; at += PIECE) {
        const piece = zones.slice(at, at + PIECE);
        const said = await partner.acceptZones(context, piece, agreement.callbackKey, signal);
        if (said === 'gone') throw await notTaken(means, { partner, agreement, context }, signal);
        await facts.zonesAccepted(agreement, piece);
      }
    }),
});

/** A zone that it has just withdrawn is as little there as an agreement that has ended: it is asked which of both. */
async function notTaken(
  { facts }: FederationMeans,
  { partner, agreement, context }: { partner: Partner; agreement: Agreement; context: string },
  signal: AbortSignal,
): Promise<Error> {
  if ((await partner.relation(context, signal)) === 'gone') return await endedThere(facts, agreement);
  return failure(
    'PeerRejected',
    `${partner.name} does not offer a zone any more that it has offered; it is asked anew`,
  );
}

/** Where they are others than when they were asked for last. True: some have to be accepted, or given back. */
export async function learnZones(
  { facts }: FederationMeans,
  { agreement, partner, relation }: { agreement: Agreement; partner: Partner; relation: Relation },
  signal: AbortSignal,
): Promise<boolean> {
  const { zonesTag } = relation;
  if (zonesTag === null || zonesTag !== agreement.zonesTag) {
    const zones = relation.zones ?? (await partner.zones(contextOf(agreement), signal));
    if (zones === 'gone') throw await endedThere(facts, agreement);
    if (zones !== 'untold') await facts.zonesLearned(agreement, zones, zonesTag);
  }
  const [taken, left] = await Promise.all([facts.zonesToAccept(agreement), facts.zonesToGiveBack(agreement)]);
  return taken.length + left.length > 0;
}

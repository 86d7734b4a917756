import { ApplicationFailure } from '@temporalio/common';
import type { Agreement, Facts, Partner } from './ports.ts';
import { giveUp } from './tend-used.ts';
import { type FederationMeans, isPartners, type PartnerNamed, step, tellNews } from './step.ts';

export const leaving = (means: FederationMeans) => ({
  /**
   * The undo of joining: what is bound is given up and zones are given back, then E/WBI DELETE /{ctx}/partner, insisted; then the
   * agreement ends here, with what was learned under it. "Not there" is success. Where our operator has changed his mind meanwhile nothing is done.
   */
  leavePartner: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await step(async (signal) => {
      const { facts } = means;
      const partner = means.partner(name);
      const { at, uses } = await facts.look(name);
      const { agreement, ours } = uses;
      if (partner === undefined || agreement === null || ours !== 'ended') return;
      try {
        const context = agreement.context ?? (await unheardOf(facts, partner, agreement, signal));
        if (context !== null) {
          const { consuming } = means;
          if (consuming !== undefined) await giveUp({ bindings: consuming.bindings, name, partner, context }, signal);
          // Of what it does not take back nothing is left once the agreement has ended
          await partner.leaveZones(context, await facts.acceptedZones(agreement), signal);
          await partner.leave(context, signal);
        }
      } catch (error) {
        if (isPartners(error, signal)) await facts.silent(agreement, at, error.message).catch(() => undefined);
        throw error;
      }
      await facts.end(agreement, 'our operator left');
      await tellNews(means);
    }),
});

/** It was asked for, and the answer is not known: asked again it gives the context that it may have given. Null: none of its own. */
async function unheardOf(
  facts: Facts,
  partner: Partner,
  agreement: Agreement,
  signal: AbortSignal,
): Promise<string | null> {
  if (agreement.askedAt === null) return null;
  try {
    const { createdAt: since, callbackKey } = agreement;
    const { context } = await partner.join({ since, callbackKey }, signal);
    return (await facts.namesake(agreement, context)) === null ? context : null;
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === 'NotFederated') return null;
    throw error;
  }
}

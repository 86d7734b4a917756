import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure.ts';
import { type FederationMeans, joiningStep, type PartnerNamed } from './step.ts';

export const requesting = (means: FederationMeans) => ({
  /**
   * 2 (6.5.2 step 5): E/WBI POST /partner; identities and networks are told. The row with the callback key is there before it
   * is asked, and where its answer is lost asking again gives the same context. Undone by leaving (`leavePartner`).
   */
  requestFederation: async ({ partner: name }: PartnerNamed): Promise<void> =>
    await joiningStep(means, name, async ({ partner, agreement }, signal) => {
      if (agreement.context !== null) return;
      const { facts } = means;
      await facts.asking(agreement);
      const { createdAt: since, callbackKey } = agreement;
      try {
        const other = await facts.contextGiven(agreement, await partner.join({ since, callbackKey }, signal));
        if (other !== null)
          throw failure(
            'NotFederated',
            `${name} is the partner that is called ${other} here already: it gave the same context, and what one of both names would end is the other's; leave one of them out of the configuration`,
          );
      } catch (error) {
        if (error instanceof ApplicationFailure && error.type === 'NotFederated')
          await facts.refused(agreement, error.message);
        throw error;
      }
    }),
});

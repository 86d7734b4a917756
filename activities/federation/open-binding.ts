import { failure } from '../failure.ts';
import { demand } from './choose-offer.ts';
import type { BindingNamed, BindingOver, ConsumingMeans } from './consumption.ts';
import { step } from './step.ts';

export const opening = (means: ConsumingMeans) => {
  const { bindings, listens } = means;
  return {
    /** 14, at the producer's: its port takes a connection; from here on our gateway lets the partner through. */
    openBinding: async ({ binding: id }: BindingNamed): Promise<void> =>
      await step(async (signal) => {
        const { offer, what } = await demand(means, id);
        if (offer?.endpoint == null)
          throw failure('DecisionRefused', `${what.name} is not offered any more, or tells no address`);
        if (!(await listens(offer.endpoint, signal)))
          throw failure('PeerUnavailable', `the producer of ${what.name} takes no connection`);
        if (!(await bindings.opened(id, offer.endpoint))) throw failure('DecisionRefused', 'it was closed meanwhile');
      }),

    /** Asked for by histories of earlier versions: the retraction closes by itself. */
    closeBinding: async ({ binding: id, why }: BindingOver): Promise<void> =>
      await step(async () => await bindings.close(id, why)),
  };
};

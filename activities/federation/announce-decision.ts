import { failure } from '../failure.ts';
import { demand } from './choose-offer.ts';
import type { Announced, BindingNamed, BindingOver, ConsumingMeans } from './consumption.ts';
import { step } from './step.ts';

/** Between two questions whether the partner has admitted it. */
const AGAIN_MS = 250;

export const announcing = (means: Pick<ConsumingMeans, 'bindings' | 'partner'>) => {
  const { bindings, partner: known } = means;
  return {
    /**
     * 13, and 14 by the partner: our decision, told by a name that is used once, until it is open there; then it is open here.
     * DecisionRefused: it was not admitted, or is closed.
     */
    announceDecision: async ({ binding: id }: BindingNamed): Promise<void> =>
      await step(async (signal) => {
        let heard = false;
        for (;;) {
          const { name, context, offer, forApplication, partner: named } = await demand(means, id);
          const partner = known(named);
          if (partner === undefined) throw failure('UnknownPartner', `the configuration names no partner ${named}`);
          if (context === null || offer === null) throw failure('NothingFound', `${named} does not offer it any more`);
          const said = await partner.announce(context, { name, offer: offer.alias, forApplication }, signal);
          if (!heard && isHeld(said)) await bindings.announced(id); // the partner has the line, too; of what is closed it says so later
          heard = true;
          if (isOpen(said, named)) break;
          await paused(signal);
        }
        if (!(await bindings.opened(id, null))) throw failure('DecisionRefused', 'it was closed meanwhile');
      }),

    /**
     * The undo of it: closed here, so that our gateway passes nothing on; then it is withdrawn there, insisted. Of a name that the partner
     * has not heard of it keeps that it is over, so that an announcement that comes late finds it. It answers how far it had come, so
     * that the ledgers are alike also where no answer came before. Where the agreement has ended the tending asks under another one.
     */
    withdrawDecision: async ({ binding: id, why }: BindingOver): Promise<void> =>
      await step(async (signal) => {
        await bindings.close(id, why);
        const binding = await bindings.one(id);
        if (binding === null || binding.context === null) return;
        const was = await known(binding.partner)?.withdraw(binding.context, binding.name, signal);
        if (was !== undefined && was !== 'absent') await bindings.withdrawn(id, was);
      }),
  };
};

const isHeld = (said: Announced): boolean => said !== 'absent' && said.state !== 'closed';

function isOpen(said: Announced, partner: string): boolean {
  if (said === 'absent') throw failure('DecisionRefused', `${partner} offers no such thing to us`);
  if (said.state === 'closed')
    throw failure('DecisionRefused', `${partner} does not admit it${said.why === null ? '' : `: ${said.why}`}`);
  return said.state === 'open';
}

/** Rejects with the reason where it is stopped meanwhile. */
async function paused(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((go) => setTimeout(go, AGAIN_MS));
  signal.throwIfAborted();
}

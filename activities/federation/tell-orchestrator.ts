import { demand } from './choose-offer.ts';
import type { BindingNamed, BindingOver, ConsumingMeans } from './consumption.ts';
import { step } from './step.ts';

export interface Told {
  /** False: it does not speak that, and hears nothing. */
  readonly told: boolean;
}

export const telling = (means: ConsumingMeans) => {
  const { bindings, decisions } = means;
  return {
    /** 12 at the consumer's, 14 at the producer's: the orchestrator, which tells its platform of the other one. */
    tellOrchestrator: async ({ binding: id }: BindingNamed): Promise<Told> =>
      await step(async (signal) => {
        const { name, side, system, platform, what, operator, offer } = await demand(means, id);
        await bindings.told(id, true);
        const remotePlatform = side === 'consumer' ? (offer?.platformAlias ?? null) : null;
        const decision = { binding: name, role: side, platform, what, operator, remotePlatform };
        const said = await decisions.decide(system, decision, signal);
        if (said === 'notSpoken') await bindings.told(id, false);
        return { told: said === 'told' };
      }),

    /** The undo of it. What the orchestrator does not know is over. */
    retractDecision: async ({ binding: id, why }: BindingOver): Promise<void> =>
      await step(async (signal) => {
        await bindings.close(id, why);
        const binding = await bindings.one(id);
        if (binding === null || !binding.told) return;
        await decisions.retract(binding.system, binding.name, signal);
        await bindings.told(id, false);
      }),
  };
};

import { byChoice, choose } from '../../domain/choice.ts';
import type { Wish } from '../../domain/wish.ts';
import { failure } from '../failure.ts';
import type { Binding, ConsumingMeans } from './consumption.ts';
import { step } from './step.ts';

export interface Choice {
  readonly wish: Wish;
  readonly system: string;
  readonly platform: string;
  /** As the API names it, and as names of bindings are made of it. */
  readonly run: string;
  readonly chain: string;
  readonly nth: number;
  /** Offers. */
  readonly tried: readonly string[];
}

export interface Chosen {
  readonly binding: string;
  readonly offer: string;
  readonly partner: string;
  readonly operator: string;
}

/** Gateways carry nothing else. */
const CARRIED = 'REST_HTTP';

export const choosing = ({ bindings, nameOf }: ConsumingMeans) => ({
  /**
   * 11: the best of what is known and was not tried; its row is there from here on. The same row is found by whatever attempt.
   * NothingFound, NotCarried, AlreadyBound.
   */
  chooseOffer: async ({ wish, system, platform, run, chain, nth, tried }: Choice): Promise<Chosen> =>
    await step(async () => {
      const known = (await bindings.candidates(wish)).toSorted(byChoice);
      const chosen = choose(
        known.filter(({ transport }) => transport === CARRIED),
        tried,
      );
      if (chosen === undefined)
        throw none(wish, known.filter(({ offer }) => !tried.includes(offer)).length, tried.length);
      const name = nameOf(chain, nth);
      const { offer } = chosen;
      const forApplication = wish.forApplication ?? null;
      const binding = await bindings.reserve({ name, run, offer, system, platform, forApplication });
      if (binding.state === 'closed')
        throw failure('DecisionRefused', `${name} was used: ${binding.why ?? 'it is closed'}`);
      return { binding: binding.id, offer, partner: binding.partner, operator: binding.operator };
    }),

  /** What a choice has left where its answer was lost: nothing was told to anybody yet. */
  dropChoice: async ({ run }: { readonly run: string }): Promise<void> =>
    await step(async () => await bindings.closeRun(run, 'its run is over')),
});

function none({ what }: Wish, otherwise: number, tried: number): Error {
  const sought = `${what.kind} ${what.name}`;
  if (otherwise > 0) return failure('NotCarried', `${sought}: it is offered, but not by REST over HTTP`);
  return failure(
    'NothingFound',
    tried === 0 ? `${sought}: no joined partner offers it` : `${sought}: nobody else offers it (${tried} tried)`,
  );
}

/** Of a row that has to be there, and open or on its way. */
export async function demand({ bindings }: Pick<ConsumingMeans, 'bindings'>, id: string): Promise<Binding> {
  const binding = await bindings.one(id);
  if (binding === null) throw failure('UnknownBinding', 'the binding is not there any more');
  if (binding.state === 'closed')
    throw failure('DecisionRefused', `${binding.name} is closed: ${binding.why ?? 'nobody says why'}`);
  if (binding.ours !== 'open')
    throw failure('FederationSuspended', `our operator has ${binding.ours} the federation with ${binding.partner}`);
  return binding;
}

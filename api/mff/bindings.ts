import { admit, bury } from '../../catalogue/bindings.ts';
import { type Aged, type Binding, bindingNamed, producersOf } from '../../catalogue/bound.ts';
import { offerBehind } from '../../catalogue/bindable.ts';
import { mayUse } from '../../domain/policy.ts';
import type { BindingEnded, BindingShown } from '../../protocols/mff/bindings.ts';
import { partnerOf, servedOf } from '../partners/asking.ts';
import type { DoorMeans } from '../partners/door.ts';
import { absent } from '../partners/refusals.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import type { BindingsTable } from './bindings-table.ts';

/** Ten thousand, as many as a partner may have, are asked for within the twenty a second that it has by default. */
const PAGE = 2_000;
/** So long a partner is let wait for an admission; then it asks again. */
const WAIT_MS = 2_000;
const CARRIED = 'REST_HTTP';

export interface BindingsMeans extends DoorMeans {
  /** Starts the admission of a row, or joins it; waits for its end, so long at most. */
  readonly admit: (binding: string, partner: string, waitMs: number) => Promise<void>;
  /** Wakes the tending of a partner: it puts right what a closed binding has left. Never waits. */
  readonly poke: (partner: string) => void;
}

/** What partners use of ours: they announce it, and end it. What is hidden from them, or gone, is not there. */
export function bindingHandlers(means: BindingsMeans): Handlers<BindingsTable> {
  const { catalogue, federation } = means;
  const { shares, partners } = federation;

  const offered = async (agreement: string, partner: string, alias: string) => {
    const offer = await offerBehind(catalogue, agreement, alias);
    if (offer === undefined || !mayUse(shares, { of: offer.system, with: partner, kind: offer.kind, name: offer.name }))
      throw absent();
    return offer;
  };

  return {
    listBindings: async ({ query: { after }, res }) => {
      const page = await producersOf(catalogue, servedOf(res).id, { after, limit: PAGE });
      const last = page.at(-1)?.name;
      if (page.length === PAGE && last !== undefined) res.set('link', `<bindings?after=${last}>; rel="next"`);
      res.json(page.map(shown));
    },

    announceBinding: async ({ params: { name }, body: { offer: alias, forApplication, solution }, res }) => {
      const { id: agreement } = servedOf(res);
      const partner = partnerOf(res);
      const before = await bindingNamed(catalogue, { side: 'producer', agreement, name });
      if (before?.state === 'closed') throw closed();
      const offer = await offered(agreement, partner, alias);
      if (offer.transport !== CARRIED) throw notAsThat('gateways carry REST over HTTP, and it is offered otherwise');
      const { system, platform, kind, name: offer_name } = offer;
      const admitted = await admit(
        catalogue,
        {
          name,
          agreement,
          offer: offer.id,
          system,
          platform,
          kind,
          offer_name,
          solution,
          for_application: forApplication ?? null,
          operator: partners[partner]?.operator ?? '',
        },
        partners[partner]?.bindings ?? 0,
      );
      if (admitted === 'ended') throw absent();
      if (admitted === 'others') throw notAsThat('the name stands for something else');
      if (admitted === 'full') throw notAsThat('you hold as many bindings as you may');
      const { binding } = admitted;
      if (binding.state === 'admitting') await means.admit(binding.id, partner, WAIT_MS);
      const now = (await bindingNamed(catalogue, { side: 'producer', agreement, name })) ?? binding;
      if (now.state === 'closed') throw closed();
      res.json(shown(now));
    },

    showBinding: async ({ params: { name }, res }) => {
      const binding = await bindingNamed(catalogue, { side: 'producer', agreement: servedOf(res).id, name });
      if (binding === undefined) throw absent();
      res.json(shown(binding));
    },

    endBinding: async ({ params: { name }, res }) => {
      const buried = await bury(catalogue, { agreement: servedOf(res).id, name, why: 'the partner has ended it' });
      if (buried === undefined) throw absent();
      if (buried === 'full') throw neverAnnounced();
      if (buried.closed !== undefined) means.poke(partnerOf(res));
      const ended: BindingEnded = { name, state: 'closed', was: buried.was };
      res.json(ended);
    },
  };
}

/** Why it is closed is our affair. */
const shown = ({ name, state, age = 0 }: Binding & Partial<Aged>): BindingShown => ({ name, state, ageSeconds: age });

const closed = (): HttpRefusal => new HttpRefusal(410, 'the binding is closed', 'Announce another one.');

const neverAnnounced = (): HttpRefusal =>
  new HttpRefusal(429, 'too many names were ended that were never announced', 'End what you have announced.', {
    'retry-after': '600',
  });

const notAsThat = (why: string): HttpRefusal => new HttpRefusal(409, why, 'Announce something else.');

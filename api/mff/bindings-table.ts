import { z } from 'zod';
import { Announcement, BindingEnded, BindingName, BindingShown, BindingsShown } from '../../protocols/mff/bindings.ts';
import type { Table } from '../serve.ts';

const context = z.string().meta({ description: 'Of the agreement, as E/WBI `/partner` has told it.' });
const InContext = z.object({ federationContextId: context });
const Named = InContext.extend({ name: BindingName.meta({ description: 'Chosen by who announces, and used once.' }) });
const Page = z.strictObject({
  after: BindingName.optional().meta({ description: 'From the link of the page before.' }),
});

const ofPartner = { scope: 'mff', failures: [] } as const;
const refusals = {
  401: 'There is no token of ours, or it is not valid.',
  403: 'The client is no partner, its token lacks the scope, or, with the type urn:ferry:federation:suspended, our operator has suspended it.',
  404: 'There is no such thing under an agreement of yours.',
  429: 'There are too many requests; see Retry-After.',
  503: 'It cannot be answered now; see Retry-After.',
};
const one = { path: '/mff/v1/{federationContextId}/bindings/{name}', params: Named, refusals } as const;

/** What a partner uses of ours (GR MEC 035, 6.5.3 steps 13 and 14). */
export const bindingsTable = {
  listBindings: {
    ...ofPartner,
    method: 'get',
    path: '/mff/v1/{federationContextId}/bindings',
    summary: 'What you use of ours: bindings that are not closed',
    params: InContext,
    query: Page,
    answers: { 200: { description: 'A page of them; `Link` leads to the next.', schema: BindingsShown } },
    refusals,
    asksTemporal: false,
  },
  announceBinding: {
    ...ofPartner,
    ...one,
    method: 'put',
    summary: 'Announce that you use an offer, until it is open',
    description: 'The same again is the same; other words under its name are 409, and a name that is closed is 410.',
    body: Announcement,
    answers: { 200: { description: 'How it stands.', schema: BindingShown } },
    refusals: {
      ...refusals,
      409: 'The name was used for something else, or you hold as many bindings as you may.',
      410: 'It is closed, and will be for ever.',
    },
    asksTemporal: false, // how it is done here is nobody’s outside
  },
  showBinding: {
    ...ofPartner,
    ...one,
    method: 'get',
    summary: 'How a binding stands',
    answers: { 200: { description: 'As it is now.', schema: BindingShown } },
    asksTemporal: false,
  },
  endBinding: {
    ...ofPartner,
    ...one,
    method: 'delete',
    whileSuspended: true,
    summary: 'End a binding; of a name that was never announced it is kept that it is over',
    answers: { 200: { description: 'It is closed.', schema: BindingEnded } },
    asksTemporal: false,
  },
} as const satisfies Table;

export type BindingsTable = typeof bindingsTable;

import { z } from 'zod';
import { BindingRequest } from '../../../domain/binding-request.ts';
import { type ServiceBinding as Shown, ServiceBinding, ServiceBindingList } from '../../service-bindings.ts';
import type { Table } from '../../serve.ts';
import { Limit, NextId, PageHeaders } from './shared.ts';

/** Of a consumer's a digest of what is bound where, and a run; of a producer's its row. */
export const BINDING_ID = /^(?:([a-z2-7]{25})\.)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const Id = z.strictObject({ id: z.string().meta({ description: 'Of a binding, from a list or a Location.' }) });

const WaitSeconds = z
  .custom<string>((text) => typeof text === 'string' && /^(\d|[12]\d|30)$/.test(text), 'a whole number from 0 to 30')
  .transform(Number)
  .default(0)
  .meta({ type: 'integer', minimum: 0, maximum: 30, description: 'So long the answer is waited for.' });

const Query = z.strictObject({
  limit: Limit,
  next: NextId,
  all: z.enum(['true', 'false']).default('false').meta({ description: 'Those too that were closed in the last day.' }),
});

const example: Shown = {
  id: 'abcdefghijklmnopqrstuvwxy.0198a1b2-0000-7000-8000-000000000000',
  name: 'fabcdefghijklmnopqrstuvwxy',
  side: 'consumer',
  state: 'open',
  step: null,
  waitingFor: null,
  actions: ['release'],
  system: 'cellular',
  platform: 'a2',
  what: { kind: 'service', name: 'speech' },
  forApplication: null,
  partner: 'operator-b',
  operator: 'operator-b',
  requests: 1_204,
  bytes: 204_800,
  openedAt: '2026-01-01T00:00:03.000Z',
  usedAt: '2026-01-01T00:01:03.000Z',
  closedAt: null,
  why: null,
  asked: [],
  tried: 1,
  failure: null,
  leftovers: [],
  durationsMs: {},
};

const shown = { description: 'As it stands.', schema: ServiceBinding, example };
const nobody = { 404: 'This Ferry federates with nobody.' };
const ofBinding = { scope: 'ferry', params: Id, asksTemporal: true } as const;

/** What is consumed across operators (GR MEC 035, 6.5.3). */
export const bindingsTable = {
  consume: {
    method: 'post',
    scope: 'ferry',
    path: '/v1/service-bindings',
    summary: "Use another operator's service or application at one of our platforms",
    description:
      'What is bound there already is answered at once where it is as wished, and is `AlreadyBound` where it is not. The same request again joins the run that binds it.',
    query: z.strictObject({ waitSeconds: WaitSeconds }),
    body: BindingRequest,
    example: { system: 'cellular', platform: 'a2', what: { kind: 'service', name: 'speech' } },
    answers: {
      200: { ...shown, description: 'It is bound, or could not be: `failure` says why.' },
      202: { ...shown, description: 'It is being bound.', headers: z.object({ Location: z.string() }) },
    },
    failures: ['UnknownName', 'NothingFound', 'AlreadyBound', 'CatalogueUnavailable'],
    refusals: nobody,
    asksTemporal: true,
  },
  listBindings: {
    method: 'get',
    scope: 'ferry',
    path: '/v1/service-bindings',
    summary: 'List what we use of partners, and what they use of ours',
    query: Query,
    answers: {
      200: {
        description: 'A page of them.',
        schema: ServiceBindingList,
        example: { bindings: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: ['CatalogueUnavailable'],
    refusals: nobody,
    asksTemporal: false,
  },
  showBinding: {
    ...ofBinding,
    method: 'get',
    path: '/v1/service-bindings/{id}',
    summary: 'Show a binding, and while it is being bound its step',
    answers: { 200: shown },
    failures: ['UnknownBinding', 'CatalogueUnavailable'],
  },
  releaseBinding: {
    ...ofBinding,
    method: 'delete',
    path: '/v1/service-bindings/{id}',
    summary: 'Release a binding; one that is being bound is given up, and undone',
    answers: { 202: { ...shown, description: 'It is being released.', headers: z.object({ Location: z.string() }) } },
    failures: ['UnknownBinding', 'CatalogueUnavailable'],
  },
} as const satisfies Table;

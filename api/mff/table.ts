import { z } from 'zod';
import { PlatformQuery, PlatformsAnswered, SystemQuery, SystemsAnswered } from '../../protocols/mff/queries.ts';
import { Relation, SharedSystems } from '../../protocols/mff/relation.ts';
import type { Table } from '../serve.ts';
import { bindingsTable } from './bindings-table.ts';

const InContext = z.object({
  federationContextId: z.string().meta({ description: 'Of the agreement, as E/WBI `/partner` has told it.' }),
});

const Page = z.strictObject({
  after: z.uuid().optional().meta({ description: 'From the link of the page before.' }),
});

const ofPartner = { method: 'get', scope: 'mff', failures: [], asksTemporal: false } as const;
const refusals = {
  401: 'There is no token of ours, or it is not valid.',
  403: 'The client is no partner, its token lacks the scope, or, with the type urn:ferry:federation:suspended, our operator has suspended it.',
  404: 'There is no such thing under an agreement of yours.',
  429: 'There are too many requests; see Retry-After.',
  503: 'It cannot be answered now; see Retry-After.',
};

const question = {
  ...ofPartner,
  method: 'post',
  params: InContext,
  refusals: { ...refusals, 409: 'urn:ferry:federation:loop: this federator is among those that were visited.' },
} as const;

/** What E/WBI does not carry between two federators (GR MEC 035, Mff-fed). */
export const mffTable = {
  showRelation: {
    ...ofPartner,
    path: '/mff/v1/{federationContextId}',
    whileSuspended: true,
    summary: 'What this operator wants of the agreement, and whether its systems have changed',
    params: InContext,
    answers: { 200: { description: 'As it is now.', schema: Relation } },
    refusals,
  },
  listSystems: {
    ...ofPartner,
    path: '/mff/v1/{federationContextId}/systems',
    summary: 'The MEC systems that are shown to you',
    params: InContext,
    query: Page,
    headers: z.object({ 'if-none-match': z.string().optional() }),
    answers: {
      200: {
        description: 'A page of them; `Link` leads to the next.',
        schema: SharedSystems,
        headers: z.object({ ETag: z.string() }),
      },
      304: { description: 'They are as under the ETag that was sent.', headers: z.object({ ETag: z.string() }) },
    },
    refusals,
  },
  ...bindingsTable,
  findSystems: {
    ...question,
    path: '/mff/v1/{federationContextId}/system-queries',
    summary: 'Which systems that you may see have an application or a service, or serve devices (6.3.1)',
    body: SystemQuery,
    answers: { 200: { description: 'Those that are known. A manager answers of its own.', schema: SystemsAnswered } },
  },
  findPlatforms: {
    ...question,
    path: '/mff/v1/{federationContextId}/platform-queries',
    summary: 'Which platforms offer what you wish, as far as it is shown to you (6.4.3)',
    body: PlatformQuery,
    answers: {
      200: {
        description: '200 offers at most, the quickest first, near a place the nearest first.',
        schema: PlatformsAnswered,
      },
    },
  },
} as const satisfies Table;

export type MffTable = typeof mffTable;

export const descriptionTable = {
  showExtension: {
    method: 'get',
    path: '/openapi.json',
    scope: 'anybody',
    summary: 'This description',
    answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
    failures: [],
    asksTemporal: false,
  },
} as const satisfies Table;

import { z } from 'zod';
import { OfferList, ZoneList } from '../../offered.ts';
import { SystemList } from '../../resources.ts';
import type { Table } from '../../serve.ts';
import { offersExample, systemsExample, zonesExample } from '../examples.ts';
import { Limit, NextId, PageHeaders } from './shared.ts';

const SystemsQuery = z.strictObject({
  limit: Limit,
  next: NextId,
});

const OffersQuery = SystemsQuery.extend({
  kind: z.enum(['service', 'application']).optional(),
  name: z.string().min(1).max(255).optional(),
});

const queried = {
  method: 'get',
  scope: 'ferry',
  failures: ['CatalogueUnavailable'],
  refusals: { 404: 'This Ferry federates with nobody.' },
  asksTemporal: false,
} as const;

/** Members of the federation. */
export const membersTable = {
  listSystems: {
    method: 'get',
    scope: 'ferry',
    path: '/v1/systems',
    summary: 'List the MEC systems of the federation, and the partners that could be joined',
    query: SystemsQuery,
    answers: {
      200: { description: 'A page of them.', schema: SystemList, example: systemsExample, headers: PageHeaders },
    },
    failures: ['CatalogueUnavailable'],
    refusals: { 404: 'This Ferry federates with nobody.' },
    asksTemporal: false,
  },
  listOffers: {
    ...queried,
    path: '/v1/offers',
    summary:
      'List services and applications that members of the federation offer: ours, and those that partners told of',
    description: 'A query of what is known: nobody is asked.',
    query: OffersQuery,
    answers: {
      200: { description: 'A page of them.', schema: OfferList, example: offersExample, headers: PageHeaders },
    },
  },
  listZones: {
    ...queried,
    path: '/v1/zones',
    summary: 'List the zones in which hosts are: ours, and those that partners offer',
    query: SystemsQuery,
    answers: { 200: { description: 'A page of them.', schema: ZoneList, example: zonesExample, headers: PageHeaders } },
  },
} as const satisfies Table;

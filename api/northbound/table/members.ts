import { z } from 'zod';
import { SystemList } from '../../resources.ts';
import type { Table } from '../../serve.ts';
import { systemsExample } from '../examples.ts';
import { Limit } from './shared.ts';

const SystemsQuery = z.strictObject({
  limit: Limit,
  next: z.uuid().optional().meta({ description: 'Opaque; from `next` of the page before.' }),
});

/** Members of the federation. */
export const membersTable = {
  listSystems: {
    method: 'get',
    scope: 'ferry',
    path: '/v1/systems',
    summary: 'List the MEC systems of the federation, and the partners that could be joined',
    query: SystemsQuery,
    answers: { 200: { description: 'A page of them.', schema: SystemList, example: systemsExample } },
    failures: ['CatalogueUnavailable'],
    refusals: { 404: 'This Ferry federates with nobody.' },
    asksTemporal: false,
  },
} as const satisfies Table;

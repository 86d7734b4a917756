import { z } from 'zod';
import { Name } from '../../../domain/name.ts';
import { Hold, HoldList, HoldRequest } from '../../hold.ts';
import type { Table } from '../../serve.ts';
import { asked, Page, PageHeaders, strangersPage } from './shared.ts';

const example: Hold = {
  site: 'a1',
  why: 'new memory',
  since: '2026-12-01T02:00:00.000Z',
  links: { self: '/v1/holds/a1' },
};

/** Sites in maintenance: nothing is moved there. */
export const holdsTable = {
  holdSite: {
    ...asked,
    method: 'post',
    path: '/v1/holds',
    summary: 'Hold a site: nothing is moved there until the hold is ended',
    description:
      'What is there stays, and may be moved away. Relocations that have passed their first step go on, unless they have to wait.',
    body: HoldRequest,
    example: { site: 'a1', why: 'new memory' },
    answers: { 200: { description: 'It is held, now or since the same was asked before.', schema: Hold, example } },
    failures: ['UnknownName'],
  },
  listHolds: {
    ...asked,
    method: 'get',
    path: '/v1/holds',
    summary: 'List the sites that are held',
    query: Page,
    answers: {
      200: {
        description: 'A page of them.',
        schema: HoldList,
        example: { holds: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  endHold: {
    ...asked,
    method: 'delete',
    path: '/v1/holds/{site}',
    summary: 'End a hold',
    params: z.strictObject({ site: Name.meta({ description: 'The site.', example: 'a1' }) }),
    answers: { 200: { description: 'The hold, which is over.', schema: Hold, example } },
    failures: ['UnknownHold'],
  },
} as const satisfies Table;

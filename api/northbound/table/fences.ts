import { z } from 'zod';
import { FencingResult, FencingState } from '../../../domain/fencing.ts';
import { RELOCATION_ID } from '../../../domain/identity.ts';
import { Instant, NextPage, WaitingFor } from '../../resources.ts';
import type { Table } from '../../serve.ts';
import { relocationExample } from '../examples.ts';
import { asked, Page, PageHeaders, strangersPage } from './shared.ts';

export const fencingActions = ['scrap'] as const;

/** A source that was taken to be dead and not stopped: who waits for it, until it is fenced. */
const Fencing = z
  .object({
    id: z.string().meta({ description: 'Of the relocation whose source it was.' }),
    application: z.string(),
    source: z.string(),
    target: z.string(),
    state: FencingState.nullable().meta({ description: 'null: no worker has answered.' }),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    waitingFor: WaitingFor.nullable(),
    actions: z.array(z.enum(fencingActions)).meta({ description: 'What an operator may do now.' }),
    result: FencingResult.nullable(),
    links: z.object({ self: z.string(), relocation: z.string() }),
  })
  .meta({ id: 'Fencing' });
export type Fencing = z.infer<typeof Fencing>;

const FencingList = z
  .object({ fences: z.array(Fencing), next: NextPage })
  .meta({ id: 'FencingList', description: 'Those that wait, then those that ended, the latest first.' });
export type FencingList = z.infer<typeof FencingList>;

const One = z.strictObject({
  id: z.string().meta({ pattern: RELOCATION_ID.source, example: relocationExample.id }),
});

const { id } = relocationExample;
const example: Fencing = {
  id,
  application: 'counter',
  source: 'a1',
  target: 'a2',
  state: 'waiting',
  startedAt: '2026-01-01T12:00:02.000Z',
  endedAt: null,
  waitingFor: {
    what: 'the source, to be fenced when it comes back; or an operator who knows that it is gone for good: scrap it',
    since: '2026-01-01T12:00:02.000Z',
    until: null,
    attempt: 1,
    nextAt: null,
    lastFailure: null,
    call: `temporal workflow describe --workflow-id fence:${id} --run-id 01a20e13-15b3-77c0-9b4a-5e1e3e2ee0a5`,
  },
  actions: ['scrap'],
  result: null,
  links: { self: `/v1/fences/${id}`, relocation: `/v1/relocations/${id}` },
};

export const fencesTable = {
  listFences: {
    ...asked,
    method: 'get',
    path: '/v1/fences',
    summary: 'List the sources that were taken to be dead and may come back',
    query: Page,
    answers: {
      200: {
        description: 'A page of them.',
        schema: FencingList,
        example: { fences: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  showFence: {
    ...asked,
    method: 'get',
    path: '/v1/fences/{id}',
    summary: 'Show what became of a source that was taken to be dead',
    params: One,
    answers: { 200: { description: 'As it is now.', schema: Fencing, example } },
    failures: ['UnknownFence'],
  },
  scrapSource: {
    ...asked,
    method: 'post',
    path: '/v1/fences/{id}/scrap',
    summary: 'Say that a source is gone for good, so that nobody waits for it',
    description: 'Were it to come back after all, nobody would fence it.',
    params: One,
    answers: { 200: { description: 'As it is now.', schema: Fencing, example } },
    failures: ['UnknownFence', 'NotPossibleNow'],
  },
} as const satisfies Table;

import { z } from 'zod';
import { EvacuationRequest, EvacuationReturn, WindowSize } from '../../../domain/evacuation.ts';
import type { FailureType } from '../../../domain/failures.ts';
import { Evacuation, EvacuationList, type evacuationActions } from '../../evacuation.ts';
import type { Operation, Table } from '../../serve.ts';
import { asked, Page, PageHeaders, strangersPage } from './shared.ts';

const requestExample = { site: 'a1', window: 50 };

const example: Evacuation = {
  id: 'a1.01999999-1111-7111-8111-111111111111',
  request: { site: 'a1', among: ['a2', 'a3'], window: 50, perUser: false },
  returns: null,
  state: 'working',
  window: 50,
  startedAt: '2026-12-01T02:00:00.000Z',
  endedAt: null,
  counts: { total: 5_000, moved: 3_400, failed: 34, underWay: 50, resting: 0, left: 1_516 },
  failures: [],
  waitingFor: {
    what: '3400 of 5000 moved, 50 under way, 34 failed, 1516 not begun',
    since: '2026-12-01T02:00:00.000Z',
    until: null,
    attempt: 1,
    nextAt: null,
    lastFailure: null,
    call: 'temporal workflow describe --workflow-id evacuation:a1 --run-id 01999999-1111-7111-8111-111111111111',
  },
  actions: ['pause', 'cancel'],
  outcome: null,
  links: {
    self: '/v1/evacuations/a1.01999999-1111-7111-8111-111111111111',
    relocations: '/v1/relocations?evacuation=a1.01999999-1111-7111-8111-111111111111',
    temporal: null,
  },
};

const evacuation = { description: 'The evacuation as it is now.', schema: Evacuation, example };

const One = z.strictObject({
  id: z.string().meta({ description: 'Of the evacuation; or the name of a site: its latest.', example: example.id }),
});

const one = (failures: readonly FailureType[]) =>
  ({ ...asked, params: One, answers: { 200: evacuation }, failures: ['UnknownEvacuation', ...failures] }) as const;

const command = (action: (typeof evacuationActions)[number], summary: string) =>
  ({
    ...one(['NotPossibleNow']),
    method: 'post',
    path: `/v1/evacuations/{id}/${action}`,
    summary,
  }) as const satisfies Operation;

/** Sites that are emptied, and what may be said to whoever empties them. */
export const evacuationsTable = {
  startEvacuation: {
    ...asked,
    method: 'post',
    path: '/v1/evacuations',
    summary: 'Empty a site: move everything that it serves to others',
    description:
      'By ordinary relocations, so many at once; each goes to the target with the fewest under way, and to another one where it was refused. One evacuation of a site at a time: the same request again is the same evacuation.',
    body: EvacuationRequest,
    example: requestExample,
    answers: {
      202: {
        ...evacuation,
        description: 'It was started, now or when the same was asked before.',
        headers: z.object({ Location: z.string() }),
      },
    },
    failures: ['UnknownName', 'AlreadyEvacuating'],
    refusals: { 400: 'There is no other site to go to, or a target is the site itself.', 422: 'Both are clouds.' },
  },
  listEvacuations: {
    ...asked,
    method: 'get',
    path: '/v1/evacuations',
    summary: 'List evacuations, the latest first',
    query: Page,
    answers: {
      200: {
        description: 'A page of them.',
        schema: EvacuationList,
        example: { evacuations: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  showEvacuation: {
    ...one([]),
    method: 'get',
    path: '/v1/evacuations/{id}',
    summary: 'Show an evacuation: how much is moved, what failed, what may be done',
  },
  resizeEvacuation: {
    ...one(['NotPossibleNow']),
    method: 'patch',
    path: '/v1/evacuations/{id}',
    summary: 'Let it move more, or fewer, at once',
    body: z.strictObject({ window: WindowSize }),
    example: { window: 20 },
  },
  pauseEvacuation: command('pause', 'Begin nothing more for now; what is under way goes on'),
  resumeEvacuation: command('resume', 'Let a paused one go on'),
  returnEvacuation: {
    ...asked,
    method: 'post',
    path: '/v1/evacuations/{id}/return',
    summary: 'Bring back to the site what an evacuation has moved away',
    description:
      'By ordinary relocations, so many at once, from wherever each went; with what was accepted when it went. Who is served there already is counted as moved, who cannot come is listed. One return to a site at a time: the same request again is the same return.',
    params: One,
    body: EvacuationReturn,
    example: { window: 20 },
    answers: {
      202: {
        ...evacuation,
        description: 'The return, an evacuation in reverse: started now, or when the same was asked before.',
        headers: z.object({ Location: z.string() }),
      },
    },
    failures: ['UnknownEvacuation', 'NotPossibleNow', 'AlreadyEvacuating'],
  },
  cancelEvacuation: command('cancel', 'Begin nothing more; it ends when what is under way has ended'),
} as const satisfies Table;

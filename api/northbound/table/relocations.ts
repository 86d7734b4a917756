import { z } from 'zod';
import type { Action } from '../../../domain/actions.ts';
import { EVACUATION_ID } from '../../../domain/evacuation.ts';
import type { FailureType } from '../../../domain/failures.ts';
import { RELOCATION_ID } from '../../../domain/identity.ts';
import { PlacementList, PlacementRequest } from '../../../domain/placement.ts';
import { Acceptance, CutOver, Plan, RelocationRequest, RelocationResult } from '../../../domain/relocation.ts';
import { IDEMPOTENCY_KEY } from '../../../domain/identity.ts';
import { Relocation, RelocationList } from '../../resources.ts';
import type { Operation, Table } from '../../serve.ts';
import { asked, Limit, Next, PageHeaders, planFailures, ReadUpTo, strangersPage } from './shared.ts';
import { relocationExample, requestExample } from '../examples.ts';

const Key = z.string().regex(IDEMPOTENCY_KEY, '1 to 200 visible ASCII characters, sent once').optional();

const StartHeaders = z.object({
  'idempotency-key': Key.meta({
    description:
      'Of the application, its source and its users: of others it is another key. The same key with the same body is the same relocation, for as long as Temporal keeps the run; with another body it is refused.',
  }),
});

const CommandHeaders = z.object({
  'idempotency-key': Key.meta({
    description:
      'The same key is the same command, whose answer it is given again. Without one, the same command of a state is.',
  }),
});

const { shape } = RelocationRequest;

const ListQuery = z.strictObject({
  application: shape.application.optional().meta({ description: 'Of this application.', example: 'counter' }),
  source: shape.source.optional().meta({ description: 'From this site.', example: 'cloud' }),
  target: shape.target.optional().meta({ description: 'To this site.', example: 'a1' }),
  state: z.enum(['running', 'waiting', 'held', 'paused', 'parked', 'ended']).optional().meta({
    description:
      '`running`: whatever has not ended. `waiting`: for a person; held for approval, paused or parked. `held`: also until an instant.',
  }),
  outcome: RelocationResult.shape.outcome.optional(),
  evacuation: EVACUATION_ID.optional().meta({ description: 'What this evacuation has begun.' }),
  limit: Limit,
  next: Next,
});

/** Any text is taken: one that cannot be an id names nothing. */
const One = z.strictObject({
  id: z.string().meta({
    description: 'Of the relocation.',
    pattern: RELOCATION_ID.source,
    example: relocationExample.id,
  }),
});

const relocation = { description: 'The relocation as it is now.', schema: Relocation, example: relocationExample };

const command = (action: Action, summary: string, failures: readonly FailureType[]) =>
  ({
    ...asked,
    method: 'post',
    path: `/v1/relocations/{id}/${action}`,
    summary,
    params: One,
    headers: CommandHeaders,
    answers: { 200: relocation },
    failures: ['UnknownRelocation', 'NotPossibleNow', ...failures],
  }) as const satisfies Operation;

const Recovery = z
  .strictObject({ accept: Acceptance })
  .meta({ id: 'Recovery', description: 'What whoever takes a source to be dead has to accept.' });

const Return = z
  .strictObject({ cutOver: CutOver.default('immediately') })
  .meta({ id: 'Return', description: 'When the users are to be handed over; at once without it.' });

const Started = z.object({
  Location: z.string().meta({ description: 'The path of the relocation.' }),
  'Idempotency-Replayed': z
    .literal('true')
    .optional()
    .meta({ description: 'Nothing was started: this is what the same key has started before.' }),
});

/** Moves, and what may be said to them. */
export const relocationTable = {
  planRelocation: {
    ...asked,
    method: 'post',
    path: '/v1/plans',
    summary: 'Plan a relocation: look, tell what would be done, and change nothing',
    body: RelocationRequest,
    example: requestExample,
    answers: { 200: { description: 'What would be done, and what stands in the way.', schema: Plan } },
    failures: ['UnknownName', ...planFailures],
    refusals: {
      400: 'The target is the source, `cutOver.at` is later than `deadline`, or `sourceLost` is to wait for a `cutOver`.',
      422: 'Both sites are clouds.',
    },
  },
  findPlacements: {
    ...asked,
    method: 'post',
    path: '/v1/placements',
    summary: 'Ask which sites fit the users of an application, the best one first',
    description:
      'Step 1 of a move to each of them, without an effect (GR MEC 035, [5.3.2-1], [5.3.2-2], [5.4.2-1]): possible before not possible, then what can be promised, then how near it is.',
    body: PlacementRequest,
    example: { application: 'counter', users: '*', near: { network: 'cellular' } },
    answers: { 200: { description: 'Each site that was looked at.', schema: PlacementList } },
    failures: ['UnknownName', 'NotServing', ...planFailures],
  },
  startRelocation: {
    ...asked,
    method: 'post',
    path: '/v1/relocations',
    summary: 'Start a relocation',
    description:
      'One relocation of the same users at a time. Ask again with the same Idempotency-Key when the answer was lost: nothing is started twice.',
    headers: StartHeaders,
    body: RelocationRequest,
    example: requestExample,
    answers: {
      202: {
        ...relocation,
        description: 'It was started, now or when the same was asked before.',
        headers: Started,
      },
    },
    failures: ['UnknownName', 'AlreadyRelocating', 'KeyReused', 'Overloaded'],
    refusals: {
      400: 'The target is the source, `cutOver.at` is later than `deadline`, or `sourceLost` is to wait for a `cutOver`.',
      422: 'Both sites are clouds.',
    },
  },
  returnRelocation: {
    ...asked,
    method: 'post',
    path: '/v1/relocations/{id}/return',
    summary: 'Move back what a relocation has moved',
    description:
      'An ordinary relocation of the same users, from its target to its source. However often it is asked for, it is the same one.',
    params: One,
    body: Return,
    example: { cutOver: 'immediately' as const },
    answers: {
      202: {
        ...relocation,
        description: 'It was started, now or when the same was asked before.',
        headers: Started,
      },
    },
    failures: ['UnknownRelocation', 'NotPossibleNow', 'UnknownName', 'AlreadyRelocating', 'KeyReused', 'Overloaded'],
    refusals: { 422: 'Both sites are clouds.' },
  },
  listRelocations: {
    ...asked,
    method: 'get',
    path: '/v1/relocations',
    summary: 'List relocations',
    query: ListQuery,
    answers: {
      200: {
        description: 'A page of them.',
        schema: RelocationList,
        example: { relocations: [], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  showRelocation: {
    ...asked,
    method: 'get',
    path: '/v1/relocations/{id}',
    summary: 'Show a relocation: where it stands, what it waits for, what may be done',
    params: One,
    answers: { 200: relocation },
    failures: ['UnknownRelocation'],
  },
  watchRelocation: {
    ...asked,
    method: 'get',
    path: '/v1/relocations/{id}/events',
    summary: 'Watch a relocation',
    description:
      'Server-sent events: `relocation` with the whole resource whenever it changes, the first at once; `step` with `step` and `ms` when one is done, each once and in their order; the one in which it failed is not told. Ends after the final `relocation`; whoever comes back with the id of that is answered 204. At most 100 streams at a time.',
    params: One,
    headers: ReadUpTo,
    answers: {
      200: { description: 'A stream of events.', media: 'text/event-stream', schema: z.string() },
      204: { description: 'It has ended, and that was read.' },
    },
    failures: ['UnknownRelocation'],
  },
  watchEverything: {
    ...asked,
    method: 'get',
    path: '/v1/events',
    summary: 'Watch all relocations, what waits for a person, hosts, followers and partners',
    description:
      'Server-sent events: `relocation`, `evacuation`, `hold`, `fence`, `follower` and `federation` with the whole resource of each, at once and whenever it changes; of those that ended, the latest. `waiting` with what waits for a person and is no relocation, as /v1/waiting tells it, and `waitsNoMore` with its `kind` and `id`. `gone` with `what` Temporal does not keep any longer, or follows no more, `relocation`, `evacuation`, `fence` or `follower`, and its `id`; `reopened` with the `site` whose hold has ended. `sources` when all was told that is known, and when Temporal or the database stops or begins to answer; what was told stands meanwhile. Whoever comes back with the id of what was read last is told what has changed since; where that is not known any more, `anew` comes first: what was told before counts for nothing. However many listen, all is read once. At most 100 streams at a time.',
    headers: ReadUpTo,
    answers: { 200: { description: 'A stream of events.', media: 'text/event-stream', schema: z.string() } },
    failures: [],
  },
  pauseRelocation: command('pause', 'Pause it before its next step', []),
  resumeRelocation: command('resume', 'Let a paused one go on', []),
  cancelRelocation: command('cancel', 'Cancel it and roll back, before the hand-over', ['CancelTooLate']),
  approveRelocation: command('approve', 'Let a held cut-over begin', []),
  retryRelocation: command('retry', 'Let a parked one try its step again', []),
  abandonRelocation: command('abandon', 'Give a parked one up: it stays as it is', []),
  recoverRelocation: {
    ...command('recover', 'Take the source to be dead: the target takes its place', []),
    description:
      'Of one that is held, paused, or parked because its source is lost or in doubt. The source has to be silent, to Ferry and to devices, and its orchestrator is asked to end it. The target becomes the authority with the copy that it has. What the source acknowledged after that is lost: that has to be accepted. Where nobody can stop the source a weaker fence has to be accepted, too.',
    body: Recovery,
    example: { accept: { lostWrites: true as const } },
  },
} as const satisfies Table;

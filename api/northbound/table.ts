import { z } from 'zod';
import type { Action } from '../../domain/actions.ts';
import type { FailureType } from '../../domain/failures.ts';
import { RELOCATION_ID } from '../../domain/identity.ts';
import { Plan, RelocationRequest, RelocationResult } from '../../domain/relocation.ts';
import { Health, PeerList, Relocation, RelocationList, SystemList } from '../resources.ts';
import type { Operation, Table } from '../serve.ts';
import { federationTable } from './federations-table.ts';
import { relocationExample, requestExample, systemsExample } from './examples.ts';

const Name = RelocationRequest.shape.source;

const StartQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Look, tell what would be done, and change nothing.' }),
});

const Key = z
  .string()
  .regex(/^[!-~]{1,200}$/, '1 to 200 visible ASCII characters, sent once')
  .optional();

const StartHeaders = z.object({
  'idempotency-key': Key.meta({
    description: 'The same key with the same body is the same relocation, for as long as Temporal keeps the run.',
    example: '7c0f3c5e-counter-to-a1',
  }),
});

const CommandHeaders = z.object({
  'idempotency-key': Key.meta({
    description:
      'The same key is the same command, whose answer it is given again. Without one, the same command of a state is.',
    example: '7c0f3c5e-approve',
  }),
});

const Limit = z
  .custom<string>((text) => typeof text === 'string' && /^([1-9]\d?|100)$/.test(text), 'a whole number from 1 to 100')
  .transform(Number)
  .default(20)
  .meta({ type: 'integer', minimum: 1, maximum: 100 });

const SystemsQuery = z.strictObject({
  limit: Limit,
  next: z.uuid().optional().meta({ description: 'Opaque; from `next` of the page before.' }),
});

const ListQuery = z.strictObject({
  application: Name.optional(),
  source: Name.optional(),
  target: Name.optional(),
  state: z
    .enum(['running', 'parked', 'ended'])
    .optional()
    .meta({ description: '`running`: the parked ones included.' }),
  outcome: RelocationResult.shape.outcome.optional(),
  limit: Limit,
  next: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,2000}\.[a-z2-7]{25}$/, 'is not from `next` of a page')
    .optional()
    .meta({ description: 'Opaque; from `next` of the page before.' }),
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

const shown = { scope: 'ferry', asksTemporal: true } as const;
const ofTheProcess = { method: 'get', scope: 'anybody', failures: [] } as const;

const command = (action: Action, summary: string, failures: readonly FailureType[]) =>
  ({
    ...shown,
    method: 'post',
    path: `/v1/relocations/{id}/${action}`,
    summary,
    params: One,
    headers: CommandHeaders,
    answers: { 200: relocation },
    failures: ['UnknownRelocation', 'NotPossibleNow', ...failures],
  }) as const satisfies Operation;

/** What only a plan can fail with: its failures, but for the obstacles that it tells. */
const planFailures: readonly FailureType[] = ['PeerUnavailable', 'PeerMalformed', 'PeerRejected', 'NotYet'];

/** What operators, orchestrators and operations support systems of our own network may ask. */
export const northboundTable = {
  startRelocation: {
    ...shown,
    method: 'post',
    path: '/v1/relocations',
    summary: 'Start a relocation, or with `dryRun` plan it',
    description:
      'One relocation of the same users at a time. Ask again with the same Idempotency-Key when the answer was lost: nothing is started twice.',
    query: StartQuery,
    headers: StartHeaders,
    body: RelocationRequest,
    example: requestExample,
    answers: {
      200: { description: 'With `dryRun`: what would be done, and what stands in the way.', schema: Plan },
      202: {
        ...relocation,
        description: 'It was started, now or when the same was asked before.',
        headers: z.object({ Location: z.string().meta({ description: 'The path of the relocation.' }) }),
      },
    },
    failures: ['UnknownName', 'AlreadyRelocating', 'KeyReused', ...planFailures],
    refusals: {
      400: 'The target is the source, or `cutOver.at` is later than `deadline`.',
      422: 'Both sites are clouds.',
    },
  },
  listRelocations: {
    ...shown,
    method: 'get',
    path: '/v1/relocations',
    summary: 'List relocations',
    query: ListQuery,
    answers: {
      200: { description: 'A page of them.', schema: RelocationList, example: { relocations: [], next: null } },
    },
    failures: [],
    refusals: { 404: '`next` is of no page of this very list.' },
  },
  showRelocation: {
    ...shown,
    method: 'get',
    path: '/v1/relocations/{id}',
    summary: 'Show a relocation: where it stands, what it waits for, what may be done',
    params: One,
    answers: { 200: relocation },
    failures: ['UnknownRelocation'],
  },
  watchRelocation: {
    ...shown,
    method: 'get',
    path: '/v1/relocations/{id}/events',
    summary: 'Watch a relocation',
    description:
      'Server-sent events: `relocation` with the whole resource whenever it changes, the first at once; ends after the final one. At most 100 streams at a time.',
    params: One,
    answers: { 200: { description: 'A stream of events.', media: 'text/event-stream', schema: z.string() } },
    failures: ['UnknownRelocation'],
  },
  pauseRelocation: command('pause', 'Pause it before its next step', []),
  resumeRelocation: command('resume', 'Let a paused one go on', []),
  cancelRelocation: command('cancel', 'Cancel it and roll back, before the hand-over', ['CancelTooLate']),
  approveRelocation: command('approve', 'Let a held cut-over begin', []),
  retryRelocation: command('retry', 'Let a parked one try its step again', []),
  abandonRelocation: command('abandon', 'Give a parked one up: it stays as it is', []),
  listPeers: {
    ...shown,
    method: 'get',
    path: '/v1/peers',
    summary: 'Ask every configured peer what it can do',
    answers: { 200: { description: 'Every peer.', schema: PeerList } },
    failures: [],
  },
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
  ...federationTable,
  showLiveness: {
    ...ofTheProcess,
    path: '/health/live',
    summary: 'Does this process answer?',
    answers: { 200: { description: 'It does.', schema: Health } },
    asksTemporal: false,
  },
  showReadiness: {
    ...ofTheProcess,
    path: '/health/ready',
    summary: 'Can it serve: does Temporal answer it, its database where it has one, and is it not shutting down?',
    answers: { 200: { description: 'It can.', schema: Health } },
    failures: ['CatalogueUnavailable'],
    asksTemporal: true,
  },
  showDescription: {
    ...ofTheProcess,
    path: '/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
    asksTemporal: false,
  },
} as const satisfies Table;

export type NorthboundTable = typeof northboundTable;

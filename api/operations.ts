import { z } from 'zod';
import type { FailureType } from '../domain/failures.ts';
import { Plan, RelocationRequest, RelocationResult } from '../domain/relocation.ts';
import { type Action, Health, PeerList, Relocation, RelocationList } from './resources.ts';

/** One operation of the API: what routes it, checks its input, and is told in the OpenAPI document. */
export interface Operation {
  readonly method: 'get' | 'post';
  /** As in OpenAPI. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beyond those that any operation can answer. */
  readonly failures: readonly FailureType[];
  /** Does it need Temporal, and so can be unavailable? */
  readonly asksTemporal: boolean;
}

interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly media?: string;
  readonly headers?: z.ZodObject;
}

const Name = RelocationRequest.shape.source;

export const StartQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Look, tell what would be done, and change nothing.' }),
});

export const StartHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters, sent once')
    .optional()
    .meta({
      description: 'The same key with the same body is the same relocation, for as long as Temporal keeps the run.',
      example: '7c0f3c5e-counter-to-a1',
    }),
});

export const ListQuery = z.strictObject({
  application: Name.optional(),
  source: Name.optional(),
  target: Name.optional(),
  state: z
    .enum(['running', 'parked', 'ended'])
    .optional()
    .meta({ description: '`running`: the parked ones included.' }),
  outcome: RelocationResult.shape.outcome.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  next: z.string().max(2_000).optional().meta({ description: 'Opaque; from `next` of the page before.' }),
});

const relocation = { description: 'The relocation as it is now.', schema: Relocation };

const command = (action: Action, summary: string, failures: readonly FailureType[]): Operation => ({
  method: 'post',
  path: `/v1/relocations/{id}/${action}`,
  summary,
  answers: { 200: relocation },
  failures: ['UnknownRelocation', 'NotPossibleNow', ...failures],
  asksTemporal: true,
});

/** What only a plan can fail with: its failures, but for the obstacles that it tells. */
const planFailures: readonly FailureType[] = ['PeerUnavailable', 'PeerMalformed', 'PeerRejected', 'NotYet'];

export const operations = {
  startRelocation: {
    method: 'post',
    path: '/v1/relocations',
    summary: 'Start a relocation, or with `dryRun` plan it',
    description:
      'One relocation of the same users at a time. Ask again with the same Idempotency-Key when the answer was lost: nothing is started twice.',
    query: StartQuery,
    headers: StartHeaders,
    body: RelocationRequest,
    answers: {
      200: { description: 'With `dryRun`: what would be done, and what stands in the way.', schema: Plan },
      202: {
        description: 'It was started, now or when the same was asked before.',
        schema: Relocation,
        headers: z.object({ Location: z.string().meta({ description: 'The path of the relocation.' }) }),
      },
    },
    failures: ['UnknownName', 'AlreadyRelocating', 'KeyReused', ...planFailures],
    asksTemporal: true,
  },
  listRelocations: {
    method: 'get',
    path: '/v1/relocations',
    summary: 'List relocations',
    query: ListQuery,
    answers: { 200: { description: 'A page of them.', schema: RelocationList } },
    failures: [],
    asksTemporal: true,
  },
  showRelocation: {
    method: 'get',
    path: '/v1/relocations/{id}',
    summary: 'Show a relocation: where it stands, what it waits for, what may be done',
    answers: { 200: relocation },
    failures: ['UnknownRelocation'],
    asksTemporal: true,
  },
  watchRelocation: {
    method: 'get',
    path: '/v1/relocations/{id}/events',
    summary: 'Watch a relocation',
    description:
      'Server-sent events: `relocation` with the whole resource whenever it changes, the first at once; ends after the final one. At most 100 streams at a time.',
    answers: { 200: { description: 'A stream of events.', media: 'text/event-stream', schema: z.string() } },
    failures: ['UnknownRelocation'],
    asksTemporal: true,
  },
  pauseRelocation: command('pause', 'Pause it before its next step', []),
  resumeRelocation: command('resume', 'Let a paused one go on', []),
  cancelRelocation: command('cancel', 'Cancel it and roll back, before the hand-over', ['CancelTooLate']),
  approveRelocation: command('approve', 'Let a held cut-over begin', []),
  retryRelocation: command('retry', 'Let a parked one try its step again', []),
  abandonRelocation: command('abandon', 'Give a parked one up: it stays as it is', []),
  listPeers: {
    method: 'get',
    path: '/v1/peers',
    summary: 'Ask every configured peer what it can do',
    answers: { 200: { description: 'Every peer.', schema: PeerList } },
    failures: [],
    asksTemporal: true,
  },
  showLiveness: {
    method: 'get',
    path: '/health/live',
    summary: 'Does this process answer?',
    answers: { 200: { description: 'It does.', schema: Health } },
    failures: [],
    asksTemporal: false,
  },
  showReadiness: {
    method: 'get',
    path: '/health/ready',
    summary: 'Can it serve: does Temporal answer it, and is it not shutting down?',
    answers: { 200: { description: 'It can.', schema: Health } },
    failures: [],
    asksTemporal: true,
  },
  showDescription: {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) } },
    failures: [],
    asksTemporal: false,
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** As Express writes it. */
export const route = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

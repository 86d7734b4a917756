import { z } from 'zod';
import { AnchorRequest } from '../../../domain/anchor-request.ts';
import type { FailureType } from '../../../domain/failures.ts';
import { RELOCATION_ID } from '../../../domain/identity.ts';
import { Anchor, type AnchorAction, AnchorList } from '../../anchor.ts';
import type { Operation, Table } from '../../serve.ts';
import { asked, Page, PageHeaders, strangersPage } from './shared.ts';

const requestExample = { application: 'counter', users: '*', source: 'a1', network: 'wifi' };
const id = 'abcdefghijklmnopqrstuvwxy.01999999-1111-7111-8111-111111111111';
const example: Anchor = {
  id,
  request: requestExample,
  state: 'holds',
  way: 'holder',
  relayed: false,
  source: 'a1',
  holder: { site: 'w1', instance: '6f6d8a2c' },
  observed: true,
  exposed: 3,
  lacking: 0,
  takenBy: null,
  trouble: null,
  silentSince: null,
  startedAt: '2026-01-01T12:00:00.000Z',
  endedAt: null,
  waitingFor: null,
  actions: ['release'],
  result: null,
  links: { self: `/v1/anchors/${id}`, temporal: null },
};

const One = z.strictObject({ id: z.string().meta({ pattern: RELOCATION_ID.source, example: id }) });
const now = { description: 'As it is now.', schema: Anchor, example };

const command = (action: AnchorAction, summary: string, failures: readonly FailureType[] = []) =>
  ({
    ...asked,
    method: 'post',
    path: `/v1/anchors/{id}/${action}`,
    summary,
    params: One,
    answers: { 200: now },
    failures: ['UnknownAnchor', 'NotPossibleNow', ...failures],
  }) as const satisfies Operation;

/** Devices of another access network, led to an application that stays where it is. */
export const anchorsTable = {
  startAnchor: {
    ...asked,
    method: 'post',
    path: '/v1/anchors',
    summary: 'Lead devices of an access network to an application that stays where it is',
    description:
      'By the network itself, by rules of an instance there, or by those of one that is made for it (GR MEC 035, [5.4.2-6]). It holds until it is released. The same request again is the same anchor.',
    body: AnchorRequest,
    example: requestExample,
    answers: {
      202: {
        ...now,
        description: 'It was started, now or when the same was asked before.',
        headers: z.object({ Location: z.string() }),
      },
    },
    failures: ['UnknownName', 'AlreadyAnchored', 'Overloaded'],
  },
  listAnchors: {
    ...asked,
    method: 'get',
    path: '/v1/anchors',
    summary: 'List anchors, those that run first',
    query: Page,
    answers: {
      200: {
        description: 'At most so many.',
        schema: AnchorList,
        example: { anchors: [example], next: null },
        headers: PageHeaders,
      },
    },
    failures: [],
    refusals: strangersPage,
  },
  showAnchor: {
    ...asked,
    method: 'get',
    path: '/v1/anchors/{id}',
    summary: 'Show an anchor: where it leads, by what, and what may be done',
    params: One,
    answers: { 200: now },
    failures: ['UnknownAnchor'],
  },
  releaseAnchor: command('release', 'Give it back: devices are led there no more, and what was made for it goes'),
  retryAnchor: command('retry', 'Try again what could not be undone'),
  abandonAnchor: command('abandon', 'Leave what could not be undone, and end'),
} as const satisfies Table;

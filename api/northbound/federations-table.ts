import { z } from 'zod';
import { type FederationCommand, directions } from '../../domain/federation.ts';
import { Name } from '../../domain/name.ts';
import { FederationList, FederationWith } from '../resources.ts';
import type { Operation, Table } from '../serve.ts';

const OfPartner = z.strictObject({
  partner: Name.meta({ description: 'By its name in the configuration.', example: 'operator-b' }),
});

const OfDirection = z.strictObject({
  direction: z.enum(directions).optional().meta({
    description: '`uses`: our use of what they serve; `serves`: their use of what we serve. Both without.',
  }),
});

const direction = {
  ours: 'open',
  since: null,
  theirs: 'open',
  agreed: true,
  joinedAt: '2026-01-01T00:00:03.000Z',
  usable: true,
  heardAt: '2026-01-01T00:01:03.000Z',
  silentSince: null,
  linkMs: 4.2,
  problem: null,
} as const;
const example = { partner: 'operator-b', operator: 'operator-b', uses: direction, serves: direction };

const shown = { scope: 'ferry', asksTemporal: false } as const;
const federation = { description: 'How it stands with this partner.', schema: FederationWith, example };

const command = (
  name: FederationCommand,
  summary: string,
  more: Partial<Pick<Operation, 'description' | 'failures'>>,
) =>
  ({
    ...shown,
    method: 'post',
    path: `/v1/federations/{partner}/${name}`,
    summary,
    params: OfPartner,
    query: OfDirection,
    answers: { 200: federation },
    failures: ['UnknownPartner', 'CatalogueUnavailable', ...(more.failures ?? [])],
    ...(more.description !== undefined && { description: more.description }),
  }) as const satisfies Operation;

/** Our will towards each partner. What is said holds at once, whether or not the partner hears of it. */
export const federationTable = {
  listFederations: {
    ...shown,
    method: 'get',
    path: '/v1/federations',
    summary: 'List the partners of the configuration, and how it stands with each',
    answers: { 200: { description: 'All of them.', schema: FederationList, example: { federations: [example] } } },
    failures: ['CatalogueUnavailable'],
  },
  showFederation: {
    ...shown,
    method: 'get',
    path: '/v1/federations/{partner}',
    summary: 'Show how it stands with a partner: what each side wants, what was heard, and what is wrong',
    params: OfPartner,
    answers: { 200: federation },
    failures: ['UnknownPartner', 'CatalogueUnavailable'],
  },
  joinPartner: command('join', 'Join a partner, or again one that was left', {
    description: 'A suspension is not lifted by it: `resume` does that.',
  }),
  suspendPartner: command('suspend', 'Suspend the federation with a partner, at once', { failures: ['NotFederated'] }),
  resumePartner: command('resume', 'Resume a suspended federation', { failures: ['NotFederated'] }),
  leavePartner: command('leave', 'Leave a partner: agreements and what was learned under them end', {
    description: 'It is left until `join`, also where it asks to join again.',
  }),
} as const satisfies Table;

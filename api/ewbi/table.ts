import { z } from 'zod';
import { base } from '../../protocols/ewbi/client.ts';
import {
  ContextFound,
  FederationAnswer,
  FederationChange,
  FederationRequest,
  FederationState,
} from '../../protocols/ewbi/partner.ts';
import { RegisteredZone, ZonesAnswer, ZonesRequest } from '../../protocols/ewbi/zones.ts';
import type { Table } from '../serve.ts';

const InContext = z.object({ federationContextId: z.string() });
const OfZone = InContext.extend({ zoneId: z.string() });
const ofPartner = { scope: 'fed-mgmt', failures: ['CatalogueUnavailable'], asksTemporal: false } as const;
const ended = { 200: { description: 'It has ended.' } };

/** E/WBI (GSMA OPG.04), as far as two operators need it to federate. */
export const ewbiTable = {
  requestFederation: {
    ...ofPartner,
    method: 'post',
    path: `${base}/partner`,
    // A new agreement comes under the will that there is, which its relation tells
    whileSuspended: true,
    summary: 'Ask for an agreement; asked again it is the same',
    body: FederationRequest,
    answers: {
      200: {
        description: 'It holds.',
        schema: FederationAnswer,
        headers: z.object({ Location: z.url() }),
      },
    },
  },
  showFederation: {
    ...ofPartner,
    method: 'get',
    path: `${base}/{federationContextId}/partner`,
    summary: 'What is offered under it',
    params: InContext,
    answers: { 200: { description: 'As it is now.', schema: FederationState } },
  },
  changeFederation: {
    ...ofPartner,
    method: 'patch',
    path: `${base}/{federationContextId}/partner`,
    summary: 'Tell of other network codes',
    params: InContext,
    body: FederationChange,
    answers: { 200: { description: 'As it is then.', schema: FederationState } },
  },
  leaveFederation: {
    ...ofPartner,
    method: 'delete',
    path: `${base}/{federationContextId}/partner`,
    whileSuspended: true,
    summary: 'End it',
    params: InContext,
    answers: ended,
  },
  acceptZones: {
    ...ofPartner,
    method: 'post',
    path: `${base}/{federationContextId}/zones`,
    summary: 'Accept zones that are offered',
    params: InContext,
    body: ZonesRequest,
    answers: { 200: { description: 'They are accepted.', schema: ZonesAnswer } },
  },
  showZone: {
    ...ofPartner,
    method: 'get',
    path: `${base}/{federationContextId}/zones/{zoneId}`,
    summary: 'What there is in an accepted zone',
    params: OfZone,
    answers: { 200: { description: 'As it is now.', schema: RegisteredZone } },
  },
  leaveZone: {
    ...ofPartner,
    method: 'delete',
    path: `${base}/{federationContextId}/zones/{zoneId}`,
    whileSuspended: true,
    summary: 'Give an accepted zone back',
    params: OfZone,
    answers: ended,
  },
  findContext: {
    ...ofPartner,
    method: 'get',
    path: `${base}/fed-context-id`,
    whileSuspended: true,
    summary: 'The context of the agreement that holds, for whoever has lost it',
    answers: { 200: { description: 'It is this one.', schema: ContextFound } },
  },
} as const satisfies Table;

export type EwbiTable = typeof ewbiTable;

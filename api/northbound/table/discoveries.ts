import { z } from 'zod';
import { DiscoveryFound, DiscoveryRequest } from '../../discovery.ts';
import type { Table } from '../../serve.ts';
import { asked, waitSeconds } from './shared.ts';

/** A digest of the question, and a run. */
export const DISCOVERY_ID = /^([a-z2-7]{25})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const WaitSeconds = waitSeconds(10).meta({ description: 'So long the answer is waited for.' });

const request: DiscoveryRequest = { find: 'platforms', wish: { what: { kind: 'service', name: 'speech' } } };

const example: DiscoveryFound = {
  id: null,
  state: 'ended',
  query: request,
  complete: true,
  asked: [],
  systems: [],
  platforms: [
    {
      platform: '0b8f9c1e-52f1-4c0f-9d0d-7c8d5f3b1a20',
      system: '5b0a2a64-27c1-4d9a-8a0f-0f6f2f1c9b11',
      systemName: 'metro',
      operator: 'operator-b',
      partner: 'operator-b',
      place: { lat: 48.1374, lon: 11.5755, km: null },
      offers: [
        {
          offer: '9d6f0e3c-1f7b-4b0e-8e7d-2a5c4b3d6e71',
          kind: 'service',
          name: 'speech',
          version: '1',
          state: 'ACTIVE',
          transport: 'REST_HTTP',
          serializer: 'JSON',
          latencyMs: 5,
          achievableMs: 9,
          bandwidthKbps: null,
        },
      ],
    },
  ],
  failure: null,
};

const nobody = 'This Ferry federates with nobody';

/** Who has what in the federation. */
export const discoveriesTable = {
  discover: {
    ...asked,
    method: 'post',
    path: '/v1/discoveries',
    summary: 'Look for members of the federation, or for platforms that offer something',
    description:
      'Answered from the catalogue where it knows; else partners are asked. The same question at once is asked once. What was found so far is told with 202 too.',
    query: z.strictObject({ waitSeconds: WaitSeconds }),
    body: DiscoveryRequest,
    example: request,
    answers: {
      200: { description: 'What there is.', schema: DiscoveryFound, example },
      202: {
        description: 'Partners are still being asked.',
        schema: DiscoveryFound,
        headers: z.object({ Location: z.string() }),
      },
    },
    failures: ['CatalogueUnavailable'],
    refusals: { 404: `${nobody}.` },
  },
  showDiscovery: {
    ...asked,
    method: 'get',
    path: '/v1/discoveries/{id}',
    summary: 'What became of a question for which partners were asked, and what is known now',
    params: z.strictObject({ id: z.string().meta({ description: 'From `id` or `Location` of the answer.' }) }),
    answers: { 200: { description: 'As it is now.', schema: DiscoveryFound, example } },
    failures: ['CatalogueUnavailable'],
    refusals: { 404: `${nobody}, or there is no such question: one that has ended is kept for a while.` },
  },
} as const satisfies Table;

import type { z } from 'zod';
import type { RelocationRequest } from '../../domain/relocation.ts';
import type { OfferList, ZoneList } from '../offered.ts';
import type { Relocation, SystemList } from '../resources.ts';

export const requestExample: z.input<typeof RelocationRequest> = {
  application: 'counter',
  source: 'cloud',
  target: 'a1',
  maxInterruptionMs: 500,
};

const id = 'mfrggzdfmztwq2lknnwg23tpo.01a20e13-15b3-77c0-9b4a-5e1e3e2ee0a5';

export const relocationExample: Relocation = {
  id,
  request: { ...requestExample, users: '*', cutOver: 'immediately' },
  direction: 'cloudToMec',
  state: 'working',
  step: 'instance',
  since: '2026-01-01T12:00:02.000Z',
  asked: null,
  startedAt: '2026-01-01T12:00:00.000Z',
  endedAt: null,
  waitingFor: {
    what: 'meo-cellular to start the instance',
    since: '2026-01-01T12:00:02.000Z',
    until: '2026-01-01T12:15:02.000Z',
    attempt: 1,
    nextAt: null,
    lastFailure: null,
    call: 'temporal workflow describe --workflow-id relocation:mfrggzdfmztwq2lknnwg23tpo --run-id 01a20e13-15b3-77c0-9b4a-5e1e3e2ee0a5',
  },
  actions: ['pause', 'cancel'],
  durationsMs: { check: 240, package: 1_310 },
  outcome: null,
  result: null,
  links: { self: `/v1/relocations/${id}`, events: `/v1/relocations/${id}/events`, temporal: null },
};

export const systemsExample: SystemList = {
  systems: [
    {
      id: '0b1f7c58-6a0e-4a35-9d55-2f4f7f0a8c11',
      name: 'cellular',
      provider: 'Operator A',
      operator: 'operator-a',
      partner: null,
      local: 'cellular',
      endpoint: { uris: ['https://fm.a.example'] },
      seenAt: '2026-11-28T12:00:00.000Z',
    },
  ],
  awaited: [],
  joinable: [{ partner: 'c', operator: 'operator-c' }],
  next: null,
};

const where = { lat: 52.396, lon: 13.058, latencyMs: 4, seenAt: '2026-11-28T12:00:00.000Z' };

export const offersExample: OfferList = {
  offers: [
    {
      ...where,
      id: '6e1c9a02-77a8-4a39-8ee0-90a1c2d7b640',
      operator: 'operator-b',
      partner: 'operator-b',
      kind: 'service',
      name: 'speech',
      version: '1.0',
      state: 'ACTIVE',
      application: null,
      provider: null,
      category: null,
      transport: 'REST_HTTP',
      serializer: 'JSON',
      bandwidthKbps: null,
      system: { id: '0b1f7c58-6a0e-4a35-9d55-2f4f7f0a8c11', name: 'metro' },
      platform: '8d5f1e36-2c51-4f0e-9a1b-0f6f0d9e7a55',
    },
  ],
  next: null,
};

export const zonesExample: ZoneList = {
  zones: [
    {
      ...where,
      id: '1f0f0a5e-0d3b-4f7c-bc0b-3f5d1b7f9a10',
      zone: 'north',
      operator: 'operator-a',
      partner: null,
      system: 'cellular',
      country: 'DE',
      details: 'Upper districts',
      compute: { cpus: 64 },
      accepted: null,
    },
  ],
  next: null,
};

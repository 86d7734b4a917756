import type { z } from 'zod';
import type { RelocationRequest } from '../../domain/relocation.ts';
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

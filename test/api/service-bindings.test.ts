import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Consumptions, type Run } from '../../api/consuming.ts';
import type { ServiceBinding, ServiceBindingList } from '../../api/service-bindings.ts';
import * as agreements from '../../catalogue/agreements.ts';
import { answered, nowOf } from '../../catalogue/asked.ts';
import * as bindings from '../../catalogue/bindings.ts';
import type { Bound } from '../../catalogue/bound.ts';
import { digest } from '../../configuration/digest.ts';
import type { BindingResult } from '../../domain/binding.ts';
import { textOf } from '../../domain/wish.ts';
import type { ConsumptionStanding } from '../../workflows/messages.ts';
import { named, nowhere, Served } from '../support/api.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

/** Temporal is not there: what is bound, and what is known to be missing, is told without it. */
let own: CatalogueOfTest;
let api: Served;
let temporal: Client;
let federating: NonNullable<Parameters<typeof Served.start>[0]>['federating'] & {};
beforeAll(async () => {
  own = await catalogueOfTest();
  temporal = nowhere();
  const federation = federationOfTest({ partners: { b: partnerOfTest('b') } });
  const ours = { taskQueue: 'nobody', world: 'test' };
  federating = {
    catalogue: own.catalogue,
    consumptions: new Consumptions(temporal, ours, { pace: named.pace, federation }, pino({ level: 'silent' })),
    access: { admit: () => (_req, _res, next) => next(), callerOf: () => ({ issuer: '', client: '', scopes: [] }) },
    changed: () => undefined,
  };
  api = await Served.start({ temporal, federation, federating });
});
afterAll(async () => {
  await api?.stop();
  await temporal?.connection.close();
  await own?.drop();
});
beforeEach(async () => {
  for (const table of ['agreement', 'ledger', 'asked'] as const) await own.catalogue.deleteFrom(table).execute();
});

const ROOT = '/v1/service-bindings';
const request = { system: 'cellular', platform: 'a2', what: { kind: 'service', name: 'speech' } } as const;
const bound = (name: string, agreement: string): Bound => ({
  name,
  agreement,
  offer: randomUUID(),
  system: 'cellular',
  platform: 'a2',
  kind: 'service',
  offer_name: 'speech',
  for_application: null,
  solution: 'federators',
  operator: 'operator-b',
});

/** What we use of the partner, as its run has left it; returns its id in the API. */
async function used(): Promise<string> {
  const { id: agreement } = await agreements.begin(own.catalogue, { partner: 'b', direction: 'uses' });
  const run = `${'a'.repeat(25)}.${randomUUID()}`;
  const { id } = await bindings.reserve(own.catalogue, { ...bound('n1', agreement), run });
  await bindings.opened(own.catalogue, id, null);
  await bindings.exposed(own.catalogue, id, 's1');
  return run;
}

/** What partners use of ours; returns ids. */
async function served(count = 1): Promise<readonly string[]> {
  const { id: agreement } = await agreements.begin(own.catalogue, { partner: 'b', direction: 'serves' });
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const admitted = await bindings.admit(own.catalogue, bound(`p${n}`, agreement), count);
    if (typeof admitted === 'string') throw new Error(admitted);
    await bindings.opened(own.catalogue, admitted.binding.id, 'http://10.3.0.7/inner');
    ids.push(admitted.binding.id);
  }
  return ids;
}

describe('what is bound', () => {
  it('is answered at once to whoever asks for it again, and shown by its id', async () => {
    const id = await used();
    const { status, body } = await api.post<ServiceBinding>(ROOT, request);
    const seen = { id, side: 'consumer', state: 'open', partner: 'b', name: 'n1', actions: ['release'] };
    expect([status, body]).toMatchObject([200, seen]);
    await expect(api.get(`${ROOT}/${id}`)).resolves.toMatchObject({ status: 200, body });
  });

  it('but not as it is wished now is AlreadyBound, and said where', async () => {
    const id = await used();
    await expect(api.post(ROOT, { ...request, kpi: { latencyMs: 1 } })).resolves.toMatchObject({
      status: 409,
      body: { type: 'urn:ferry:failure:AlreadyBound', see: `${ROOT}/${id}` },
    });
  });

  it('is listed page by page, both sides, without an address', async () => {
    const all = [await used(), ...(await served(3))];
    const found: ServiceBinding[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body, headers }: Awaited<ReturnType<typeof api.get<ServiceBindingList>>> = await api.get(
        `${ROOT}?limit=3${next === '' ? '' : `&next=${next}`}`,
      );
      found.push(...body.bindings);
      ({ next } = body);
      expect(headers.get('link')).toBe(next === null ? null : `<${ROOT}?limit=3&next=${next}>; rel="next"`);
    }
    expect(found.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    expect(JSON.stringify(found)).not.toContain('10.3.0.7');
  });
});

describe('what a partner uses of ours', () => {
  it('is ended by our operator without Temporal, with its line in the ledger, and listed for a day', async () => {
    const [id = ''] = await served();
    await expect(api.ask(`${ROOT}/${id}`, { method: 'DELETE' })).resolves.toMatchObject({
      status: 202,
      body: { state: 'closed', why: 'our operator has ended it' },
    });
    const lines = await own.catalogue.selectFrom('ledger').select(['kind', 'role']).orderBy('n').execute();
    expect(lines.map(({ kind, role }) => `${kind} ${role}`)).toEqual(['announced served', 'closed served']);
    await expect(api.get(ROOT)).resolves.toMatchObject({ body: { bindings: [] } });
    const over = { id, state: 'closed', actions: [] };
    await expect(api.get(`${ROOT}?all=true`)).resolves.toMatchObject({ body: { bindings: [over] } });
    await expect(api.ask(`${ROOT}/${id}`, { method: 'DELETE' })).resolves.toMatchObject({ status: 202, body: over });
  });
});

describe('what may be done', () => {
  /** As its run stands: what is asked of it is written down. */
  const beside = async (
    run: Pick<Run, 'running' | 'standing'>,
    scenario: (beside: Served, done: string[]) => Promise<void>,
  ): Promise<void> => {
    const done: string[] = [];
    const played = {
      look: async (): Promise<Run> => ({ request, waitingFor: null, ...run }),
      cancel: async () => done.push('cancel') > 0 && run.running,
      release: async () => void done.push('release'),
    } as unknown as Consumptions;
    const federation = federationOfTest({ partners: { b: partnerOfTest('b') } });
    const one = await Served.start({ temporal, federation, federating: { ...federating, consumptions: played } });
    try {
      await scenario(one, done);
    } finally {
      await one.stop();
    }
  };
  const failed = {
    outcome: 'refused',
    failure: { type: 'NothingFound', step: 'ask', message: '', remedy: '' },
  } as const;
  const result: BindingResult = { ...failed, operator: null, asked: [], tried: 0, leftovers: [], durationsMs: {} };
  const standing = { doing: 'working', step: 'ask', durationsMs: {}, result: null } as ConsumptionStanding;

  it.each([
    ['works', { running: true, standing }, ['release'], ['cancel']],
    ['could not be bound', { running: false, standing: { ...standing, result } }, [], []],
  ] as const)('is told of one that %s, and no more than that is done', async (_, run, actions, does) => {
    await beside(run, async (one, done) => {
      const path = `${ROOT}/${'a'.repeat(25)}.${randomUUID()}`;
      await expect(one.get(path)).resolves.toMatchObject({ status: 200, body: { actions } });
      await expect(one.ask(path, { method: 'DELETE' })).resolves.toMatchObject({ status: 202, body: { actions } });
      expect(done).toEqual(does);
    });
  });
});

describe('what is refused', () => {
  it('is what all partners have said just now that they do not have', async () => {
    const question = digest(textOf({ find: 'platforms', wish: { what: request.what } }));
    const since = await nowOf(own.catalogue);
    await answered(own.catalogue, { digest: question, complete: true, seconds: 60, since });
    await expect(api.post(ROOT, request)).resolves.toMatchObject({
      status: 404,
      body: { type: 'urn:ferry:failure:NothingFound' },
    });
  });

  it('is a platform that no site is', async () => {
    await expect(api.post(ROOT, { ...request, platform: 'z9' })).resolves.toMatchObject({
      body: {
        type: 'urn:ferry:failure:UnknownName',
        detail: expect.stringMatching(/^no site .* is host z9 of \w+; there is [\w-]+\/[\w-]+/),
      },
    });
  });

  it.each(['nothing', randomUUID()])('is a binding %s that is not there', async (id) => {
    for (const method of ['GET', 'DELETE'])
      await expect(api.ask(`${ROOT}/${id}`, { method })).resolves.toMatchObject({
        status: 404,
        body: { type: 'urn:ferry:failure:UnknownBinding' },
      });
  });
});

import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { federatingOver } from '../../api/federating.ts';
import type { Federating } from '../../api/federated.ts';
import type { FederationList, FederationWith } from '../../api/resources.ts';
import * as agreements from '../../catalogue/agreements.ts';
import { brokenAt } from '../../catalogue/ledger.ts';
import { usableAgreements } from '../../catalogue/usable.ts';
import { readEnvironment } from '../../configuration/environment.ts';
import type { Federation } from '../../configuration/federation.ts';
import { named, nowhere, Served } from '../support/api.ts';
import { everything } from '../support/events.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { federationOfTest, partnerOfTest } from '../support/federation.ts';

/** Temporal is not there, and no partner is: our will needs neither. */
let own: CatalogueOfTest;
let api: Served;
let federation: Federation;
let temporal: Client;
/** No face of this test asks for a token. */
const nobody: Federating['access'] = {
  admit: () => (_req, _res, next) => next(),
  callerOf: () => ({ issuer: '', client: '', scopes: [] }),
};
beforeAll(async () => {
  own = await catalogueOfTest();
  federation = federationOfTest({ partners: { b: partnerOfTest('b'), c: partnerOfTest('c', { join: 'onMiss' }) } });
  const federating = { catalogue: own.catalogue, access: nobody, changed: () => undefined };
  temporal = nowhere();
  api = await Served.start({ temporal, federation, federating });
});
afterAll(async () => {
  await api?.stop();
  await temporal?.connection.close();
  await own?.drop();
});
beforeEach(async () => {
  for (const table of ['will', 'agreement', 'ledger'] as const) await own.catalogue.deleteFrom(table).execute();
});

const say = async (partner: string, command: string, direction?: string) =>
  await api.post<FederationWith>(
    `/v1/federations/${partner}/${command}${direction === undefined ? '' : `?direction=${direction}`}`,
  );

const joined = async (): Promise<void> => {
  const agreement = await agreements.begin(own.catalogue, { partner: 'b', direction: 'uses' });
  await agreements.contextGiven(own.catalogue, agreement, { context: '1', zones: [], capabilities: {} });
  await agreements.heard(own.catalogue, agreement, new Date(), { theirs: 'open', linkMs: 4.26, capabilities: {} });
};

const usable = async (): Promise<number> => (await usableAgreements(own.catalogue, federation)).length;

const lines = async (): Promise<string[]> =>
  (await own.catalogue.selectFrom('ledger').selectAll().orderBy('n').execute()).map(
    ({ kind, role, outcome }) => `${kind} ${role} ${outcome}`,
  );

describe('federations', () => {
  it('are all partners of the configuration, each as it is wanted there until somebody says something', async () => {
    const { body } = await api.get<FederationList>('/v1/federations');
    expect(body.federations).toMatchObject([
      { partner: 'b', uses: { ours: 'open', since: null, agreed: false, usable: false }, serves: { ours: 'open' } },
      { partner: 'c', uses: { ours: 'ended', since: null, agreed: false }, serves: { ours: 'open' } },
    ]);
  });

  it('tell what was heard of a partner', async () => {
    await joined();
    const { body } = await api.get<FederationWith>('/v1/federations/b');
    expect(body.uses).toMatchObject({ theirs: 'open', usable: true, linkMs: 4.3, silentSince: null, problem: null });
  });

  it('tell of one that is not configured any more what is left, and take no command for it', async () => {
    await agreements.begin(own.catalogue, { partner: 'gone', direction: 'serves' });
    const { body } = await api.get<FederationWith>('/v1/federations/gone');
    const problem = 'the configuration does not name it any more';
    expect(body).toMatchObject({ serves: { agreed: true, usable: false, problem } });
    await expect(say('gone', 'resume')).resolves.toMatchObject({ status: 404 });
  });

  it('of an unknown partner are refused', async () => {
    await expect(api.get('/v1/federations/nobody')).resolves.toMatchObject({ status: 404 });
    await expect(say('nobody', 'join')).resolves.toMatchObject({
      status: 404,
      body: {
        type: 'urn:ferry:failure:UnknownPartner',
        detail: expect.stringMatching(/ names no partner \w+; it names b, c$/) as string,
      },
    });
  });
});

describe('our will', () => {
  it('is suspended at once, for one direction or both, and resumed', async () => {
    await joined();
    await expect(usable()).resolves.toBe(1);
    const { body } = await say('b', 'suspend', 'uses');
    expect(body).toMatchObject({ uses: { ours: 'suspended', usable: false }, serves: { ours: 'open' } });
    await expect(usable()).resolves.toBe(0);
    await say('b', 'suspend');
    await expect(api.get('/v1/federations/b')).resolves.toMatchObject({ body: { serves: { ours: 'suspended' } } });
    await expect(say('b', 'resume')).resolves.toMatchObject({
      body: { uses: { ours: 'open', usable: true }, serves: { ours: 'open' } },
    });
    await expect(usable()).resolves.toBe(1);
    expect(await lines()).toEqual([
      'suspended asked suspended',
      'suspended served suspended',
      'resumed asked open',
      'resumed served open',
    ]);
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
  });

  it('that is said twice, also at once, is one decision', async () => {
    await Promise.all(Array.from({ length: 6 }, async () => await say('b', 'suspend', 'uses')));
    expect(await lines()).toEqual(['suspended asked suspended']);
  });

  it('to join lifts no suspension, and undoes leaving', async () => {
    await say('b', 'suspend', 'uses');
    await expect(say('b', 'join', 'uses')).resolves.toMatchObject({ body: { uses: { ours: 'suspended' } } });
    await expect(say('b', 'leave', 'uses')).resolves.toMatchObject({ body: { uses: { ours: 'ended' } } });
    await expect(say('b', 'join', 'uses')).resolves.toMatchObject({ body: { uses: { ours: 'open' } } });
    await expect(say('c', 'join')).resolves.toMatchObject({ body: { uses: { ours: 'open' } } });
  });

  it('that is ended has nothing to suspend or resume', async () => {
    await say('b', 'leave');
    for (const command of ['suspend', 'resume'])
      await expect(say('b', command)).resolves.toMatchObject({
        status: 409,
        body: { type: 'urn:ferry:failure:NotFederated' },
      });
  });
});

describe('the ledger', () => {
  it('shows a line that was changed, and one that was taken out', async () => {
    for (const command of ['suspend', 'resume', 'suspend', 'resume']) await say('b', command, 'serves');
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBeNull();
    const [, second, third] = await own.catalogue.selectFrom('ledger').selectAll().orderBy('n').execute();
    const n = String(second?.n);
    await own.catalogue.updateTable('ledger').set({ outcome: 'forged' }).where('n', '=', n).execute();
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBe(n);
    await own.catalogue.deleteFrom('ledger').where('n', '=', n).execute();
    await expect(brokenAt(own.catalogue, 'b')).resolves.toBe(third?.n);
  });
});

describe('the stream of everything', () => {
  it('tells how it stands with each partner, and when that changes, though Temporal is away', async () => {
    await joined();
    const told: string[] = [];
    let sources: unknown;
    for await (const { event, json } of everything(api.url)) {
      if (event === 'federation') {
        const { partner, uses } = json as unknown as FederationWith;
        told.push(`${partner} ${uses.usable ? 'is' : 'is not'} usable`);
      }
      if (event === 'sources') {
        sources = json;
        await say('b', 'suspend', 'uses');
      }
      if (told.length > 2) break;
    }
    expect(told).toEqual(['b is usable', 'c is not usable', 'b is not usable']);
    expect(sources).toMatchObject({ temporal: { answers: false }, catalogue: { answers: true } });
  });
});

describe('what was said while Temporal was away', () => {
  /** Of Temporal, once it is there: what was asked of it. */
  const temporalThat = (isAway: () => boolean): { client: Client; asked: string[] } => {
    const asked: string[] = [];
    const ask = (what: string) => async (_type: string, options: { workflowId: string }) => {
      if (isAway()) throw new Error('Temporal is away');
      asked.push(`${what} ${options.workflowId}`);
    };
    const workflow = { start: ask('start'), signalWithStart: ask('poke') };
    const client = { workflow, withDeadline: async (_until: number, call: () => Promise<void>) => await call() };
    return { client: Object.assign(Object.create(temporal) as Client, client), asked };
  };

  it('is taken up by the API that heard it as soon as Temporal is there', async () => {
    let isAway = true;
    const { client, asked } = temporalThat(() => isAway);
    const other = await Served.start({
      temporal: client,
      federation,
      federating: { catalogue: own.catalogue, access: nobody, changed: () => undefined },
    });
    try {
      expect((await other.post('/v1/federations/c/join')).status).toBe(200);
      isAway = false;
      await vi.waitFor(() => expect(asked).toEqual(['poke federation:c']), 20_000);
    } finally {
      await other.stop();
    }
  });

  it('is taken up by one that starts later, where that was killed', async () => {
    await say('c', 'join');
    let isAway = true;
    const { client, asked } = temporalThat(() => isAway);
    const stopping = new AbortController();
    const both = await federatingOver(federation, {
      temporal: client,
      log: pino({ level: 'silent' }),
      stopping: stopping.signal,
      configuration: { ...named, federation, world: undefined },
      environment: readEnvironment({ DATABASE_URL: own.url, FERRY_CONFIG: 'none' }),
    });
    try {
      expect(asked).toEqual([]);
      isAway = false;
      await vi.waitFor(() => expect(asked).toContain('start federation:c'), 20_000);
    } finally {
      stopping.abort();
      await both.catalogue.destroy();
    }
  });
});

import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tendBindings } from '../../activities/federation/tend-bindings.ts';
import { begin } from '../../catalogue/agreements.ts';
import { admit, opened } from '../../catalogue/bindings.ts';
import { keepConfigured } from '../../catalogue/configured.ts';
import { candidates } from '../../catalogue/finding.ts';
import { type Configuration, parseConfiguration } from '../../configuration/peers.ts';
import type { Query, Wish } from '../../domain/wish.ts';
import { pathOfName } from '../../catalogue/paths.ts';
import { consumingOver } from '../../worker/consuming.ts';
import { OwnOrchestrators } from '../../worker/orchestrators.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../support/catalogue.ts';
import { type FaultyServer, faultyServer, type Reply } from '../support/faulty-server.ts';
import { federationOfTest } from '../support/federation.ts';
import { longText } from '../support/long-text.ts';

const VALID_SECONDS = 60;

/** Peers of ours on real sockets: a MEO that tells nothing by itself with two platforms, and one that speaks Mfm-fed. */
let own: CatalogueOfTest;
let silent: FaultyServer;
let near: FaultyServer;
let far: FaultyServer;
let speaking: FaultyServer;
let third: FaultyServer;
let elsewhere: unknown;
let services: unknown;
let instances: unknown;
let answered: Reply;
let away: boolean;
beforeAll(async () => {
  own = await catalogueOfTest();
  silent = await faultyServer(() => ({ status: 200, json: instances }));
  near = await faultyServer(() => ({ status: 200, json: services }));
  far = await faultyServer(() => (away ? { status: 500 } : { status: 200, json: [{ ...speech, serInstanceId: 'f' }] }));
  speaking = await faultyServer(({ method }) => (method === 'POST' ? answered : { status: 200, json: [] }));
  third = await faultyServer(() => ({ status: 200, json: elsewhere }));
});
afterAll(async () => {
  for (const server of [silent, near, far, speaking, third]) await server?.close();
  await own?.drop();
});

const speech = {
  serInstanceId: 's-1',
  serName: 'speech',
  version: '1.0',
  state: 'ACTIVE',
  serializer: 'JSON',
  transportInfo: { type: 'REST_HTTP', endpoint: { uris: ['http://127.0.0.1:9/speech'] } },
  consumedLocalOnly: false,
};
const counter = {
  id: 'i-1',
  appName: 'counter',
  appDId: 'counter-d',
  appSoftVersion: '2',
  instantiationState: 'INSTANTIATED',
  instantiatedAppState: { operationalState: 'STARTED' },
  communicationInterface: { ipAddresses: [{ host: '10.1.0.7', port: 7000 }] },
};

let orchestrators: OwnOrchestrators;
let configuration: Configuration;
beforeEach(async () => {
  [services, elsewhere, instances] = [[speech], [], [counter]];
  [answered, away] = [{ status: 200, json: { platforms: [] } }, false];
  await sql`truncate system, zone, alias, agreement, ledger cascade`.execute(own.catalogue);
  const peer = (kind: string, { url }: FaultyServer, more: object = {}) => ({ kind, url, insecure: true, ...more });
  const host = (system: string, name: string, range: string) => ({
    kind: 'mecHost',
    system,
    host: name,
    platform: name,
    addresses: range,
    zone: { id: `zone-${name}`, lat: 50, lon: 8, latencyMs: 3 },
  });
  configuration = parseConfiguration(
    JSON.stringify({
      peers: {
        silent: peer('meo', silent),
        speaking: peer('meo', speaking, { mfm: speaking.url }),
        near: peer('platform', near),
        far: peer('platform', far),
        third: peer('platform', third),
      },
      networks: { n: {} },
      systems: { one: { meo: 'silent', network: 'n' }, two: { meo: 'speaking', network: 'n' } },
      sites: {
        near: host('one', 'near', '10.1.0.0/16'),
        far: host('one', 'far', '10.2.0.0/16'),
        third: host('two', 'third', '10.3.0.0/16'),
      },
      applications: {},
      federation: federationOfTest({ shares: [{ of: 'one', with: '*', services: ['speech'] }] }),
    }),
  );
  await keepConfigured(own.catalogue, configuration);
  orchestrators = new OwnOrchestrators(configuration, VALID_SECONDS, own.catalogue, pino({ level: 'silent' }));
});
afterEach(() => {
  for (const { heard } of [silent, near, far, speaking, third]) (heard as unknown[]).length = 0;
});

const wish = (name: string, kind: Wish['what']['kind'] = 'service'): Query => ({
  find: 'platforms',
  wish: { what: { kind, name } },
});
/** What the one that speaks Mfm-fed was asked by it. */
const questions = (): FaultyServer['heard'] => speaking.heard.filter(({ method }) => method === 'POST');
const refresh = async (query = wish('speech')) => await orchestrators.refresh(query, new AbortController().signal);
const found = async (name = 'speech', kind: Wish['what']['kind'] = 'service'): Promise<string[]> =>
  (await candidates(own.catalogue, { what: { kind, name } }, { theirs: [] }))
    .map(({ platformForeignId: at }) => at)
    .toSorted();
/** Time goes by: for the database, and for who asks. */
const later = async (seconds: number): Promise<void> => {
  await sql`update system set observed_at = observed_at - make_interval(secs => ${seconds})`.execute(own.catalogue);
  await sql`update offer set valid_until = valid_until - make_interval(secs => ${seconds})`.execute(own.catalogue);
};

describe('a system whose MEO tells nothing by itself', () => {
  it('is looked at: services of its platforms, and applications by the host that their addresses are of', async () => {
    await refresh();
    expect(await found()).toEqual(['far', 'near']);
    expect(
      await candidates(own.catalogue, { what: { kind: 'application', name: 'counter' } }, { theirs: [] }),
    ).toMatchObject([{ platformForeignId: 'near', application: 'counter-d', version: '2', latencyMs: 3, lat: 50 }]);
  });

  it('offers nothing that is for its own platform only, is shown there of another one, or does not run', async () => {
    services = [
      { ...speech, consumedLocalOnly: undefined },
      { ...speech, serInstanceId: 's-2', consumedLocalOnly: true },
      { ...speech, serInstanceId: 's-3', isLocal: false },
      null,
      { odd: true },
    ];
    instances = [
      { ...counter, instantiatedAppState: { operationalState: 'STOPPED' } },
      { ...counter, id: 'i-2', communicationInterface: { ipAddresses: [{ host: '10.9.0.7' }] } },
    ];
    await refresh();
    expect([await found(), await found('counter', 'application')]).toEqual([['far'], []]);
  });

  it('is looked at once while that holds, and once in five seconds, however many ask at once', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => await refresh()));
    await refresh();
    expect([near, far, silent].map(({ heard }) => heard.length)).toEqual([1, 1, 1]);
    await orchestrators.observe('one', [], new AbortController().signal);
    expect(near.heard).toHaveLength(1);
    await later(6);
    await orchestrators.observe('one', [], new AbortController().signal);
    expect(near.heard).toHaveLength(2);
    await later(VALID_SECONDS);
    await refresh();
    expect(near.heard).toHaveLength(3);
  });

  it('is the same when it is looked at again: rows, and so aliases, stay', async () => {
    const ids = async (): Promise<string[]> =>
      (await own.catalogue.selectFrom('offer').select('id').orderBy('id').execute()).map(({ id }) => id);
    await refresh();
    const before = await ids();
    await later(VALID_SECONDS + 1);
    expect(await found()).toEqual([]);
    await refresh();
    expect([await ids(), await found()]).toEqual([before, ['far', 'near']]);
  });

  it('is believed of what was not to be had again for as long as that held, and no longer; what is gone is gone', async () => {
    await refresh();
    [away, services] = [true, []];
    await later(30);
    await orchestrators.observe('one', [], new AbortController().signal);
    expect(await found()).toEqual(['far']);
    await later(31);
    expect(await found()).toEqual([]);
  });

  it('may name something twice, or with what no database or index can keep: the rest of it is known', async () => {
    services = [
      speech,
      { ...speech, version: '2.0' },
      { ...speech, serInstanceId: 'a\0b' },
      { ...speech, serName: '\ud800' },
    ];
    instances = [
      counter,
      counter,
      { ...counter, id: 'i-2', appName: 'a\0b' },
      { ...counter, id: longText(1_000) },
      { ...counter, id: 'i-3', appName: longText(1_000) },
      { ...counter, id: 'i-4', appDId: longText(1_000) },
    ];
    await refresh();
    expect([await found(), await found('counter', 'application')]).toEqual([['far', 'near'], ['near']]);
  });

  it('is not looked at any more once its MEO tells', async () => {
    await sql`update system set told_at = now() where local = 'one'`.execute(own.catalogue);
    await refresh();
    expect(near.heard).toEqual([]);
  });
});

describe('what a partner uses', () => {
  const used = async (): Promise<string | null | undefined> =>
    (await pathOfName(own.catalogue, { partner: 'b', name: 'n1' }))?.state_of_offer;
  const tend = async (): Promise<unknown> => {
    const { observe } = orchestrators;
    const { federation = federationOfTest(), ...ours } = configuration;
    const log = pino({ level: 'silent' });
    const means = consumingOver({ ...ours, federation }, own.catalogue, { partner: () => undefined, observe }, log);
    return await tendBindings(means, { partner: 'b', context: null }, new AbortController().signal);
  };

  beforeEach(async () => {
    await refresh();
    const { id: agreement } = await begin(own.catalogue, { partner: 'b', direction: 'serves' });
    const [offer] = await candidates(own.catalogue, { what: { kind: 'service', name: 'speech' } }, { theirs: [] });
    const what = { kind: 'service', offer_name: 'speech', for_application: null, solution: 'federators' } as const;
    const place = { system: 'one', platform: offer?.platformForeignId ?? '', operator: 'operator-b' };
    const bound = { name: 'n1', agreement, offer: offer?.offer ?? '', ...what, ...place };
    const admitted = await admit(own.catalogue, bound, 1);
    if (typeof admitted === 'string') throw new Error(admitted);
    await opened(own.catalogue, admitted.binding.id, 'http://127.0.0.1:9/speech');
  });

  it('is looked at again by the tending, so that the gateway goes on with it', async () => {
    for (let round = 0; round < 4; round += 1) {
      await later(VALID_SECONDS);
      await tend();
    }
    expect(await used()).toBe('ACTIVE');
    await later(VALID_SECONDS + 121);
    expect(await used()).toBeNull();
  });
});

describe('an orchestrator that speaks Mfm-fed', () => {
  const platforms = [
    {
      platform: 'third',
      zone: 'zone-third',
      offers: [{ kind: 'service', id: 'x', name: 'maps', version: '1', state: 'ACTIVE' }],
    },
    { odd: true },
    { platform: 'third', offers: [{ kind: 'service', id: 'x', name: 'maps', version: '1', state: 'ACTIVE' }] },
    { platform: 'third', offers: [{ kind: 'service', id: 'y', name: 'maps', version: 'a\0b', state: 'ACTIVE' }] },
  ];

  it('is asked for what nobody of ours is known to have, and its answer holds for a while', async () => {
    answered = { status: 200, json: { platforms } };
    await refresh(wish('maps'));
    expect(questions().map(({ method, path, json }) => [method, path, json])).toEqual([
      ['POST', '/platform-queries', { what: { kind: 'service', name: 'maps' } }],
    ]);
    expect(await found('maps')).toEqual(['third']);
    await later(VALID_SECONDS + 1);
    expect(await found('maps')).toEqual([]);
  });

  it('and tells nothing is looked at as well, and what it has answered is not gone for what is seen', async () => {
    [elsewhere, answered] = [[speech], { status: 200, json: { platforms } }];
    await refresh(wish('maps'));
    expect(await found()).toEqual(['far', 'near', 'third']);
    await sql`update system set observed_at = observed_at - make_interval(secs => 10)`.execute(own.catalogue);
    await orchestrators.observe('two', [], new AbortController().signal);
    expect([await found(), await found('maps')]).toEqual([['far', 'near', 'third'], ['third']]);
  });

  it('is asked again for what is used of it, so that it stays known', async () => {
    answered = { status: 200, json: { platforms } };
    await refresh(wish('maps'));
    for (let round = 0; round < 3; round += 1) {
      await later(VALID_SECONDS / 2);
      await orchestrators.observe('two', [{ kind: 'service', name: 'maps' }], new AbortController().signal);
    }
    expect(await found('maps')).toEqual(['third']);
    await sql`update system set told_at = now()`.execute(own.catalogue);
    const before = questions().length;
    await later(VALID_SECONDS);
    await orchestrators.observe('two', [{ kind: 'service', name: 'maps' }], new AbortController().signal);
    expect(questions()).toHaveLength(before);
  });

  it('is not asked for what is known, nor more often than once in five seconds', async () => {
    await refresh(wish('speech'));
    expect(questions()).toEqual([]);
    for (const name of ['maps', 'other', 'more']) await refresh(wish(name));
    expect(questions()).toHaveLength(1);
    expect(far.heard).toHaveLength(1);
  });

  it.each([{ status: 404 }, { status: 500 }, { status: 200, json: { nothing: true } }])(
    'holds up nothing when it answers %j',
    async (reply) => {
      answered = reply;
      await refresh(wish('maps'));
      expect([await found('maps'), await found()]).toEqual([[], ['far', 'near']]);
    },
  );
});

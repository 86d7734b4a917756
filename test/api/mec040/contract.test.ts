import type { ValidateFunction } from 'ajv';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mec040Table } from '../../../api/mec040/table.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { type Answered, Federator } from '../../support/mec040.ts';
import { openapiAbsent, published, whySkipped } from '../../support/openapi.ts';

const FED = 'etsi-mec/mec040_FedEnablement_v3.1.1.yaml';
const INFOS = '/fed_resources/system_info';
const one = { systemName: 'cellular one', systemProvider: 'Operator A' };
const subscription = {
  subscriptionType: 'SystemUpdateNotificationSubscription',
  callbackReference: 'https://127.0.0.1:9443/told',
};

interface Info {
  readonly systemId: string;
  readonly systemName: string;
  readonly systemProvider: string;
}

let own: CatalogueOfTest;
let federator: Federator;
beforeAll(async () => {
  own = await catalogueOfTest();
  federator = await Federator.start(own);
});
afterAll(async () => {
  await federator?.stop();
  await own?.drop();
});
beforeEach(async () => {
  await sql`truncate system, subscription, notice cascade`.execute(own.catalogue);
});

const registered = async (base = '/fed_enablement/v1', body: object = one, client = 'meo-one'): Promise<Info> => {
  const answer = await federator.ask<Info>('POST', `${base}${INFOS}`, { body, client });
  expect(answer.status).toBe(201);
  return answer.body;
};

const misfits = (validate: ValidateFunction, body: unknown): string[] => {
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

describe.skipIf(openapiAbsent)(`MEC 040 is answered as it is published${whySkipped}`, () => {
  const base = '/fed_enablement/v1';
  type Case = readonly [operation: keyof typeof mec040Table, schema: string | null, asked: () => Promise<Answered>];
  const subscribed = async (): Promise<string> =>
    (await federator.ask('POST', `${base}/subscriptions`, { body: subscription })).headers.get('location') ?? '';

  const cases: readonly Case[] = [
    [
      'listSystems',
      '[]SystemInfo',
      async () => await registered().then(async () => await federator.ask('GET', base + INFOS)),
    ],
    ['registerSystem', 'SystemInfo', async () => await federator.ask('POST', base + INFOS, { body: one })],
    [
      'showSystem',
      'SystemInfo',
      async () => await federator.ask('GET', `${base}${INFOS}/${(await registered()).systemId}`),
    ],
    [
      'changeSystem',
      'SystemInfo',
      async () =>
        await federator.ask('PATCH', `${base}${INFOS}/${(await registered()).systemId}`, {
          body: { systemName: 'other', endpoint: { uris: ['https://fm.a.example'] } },
        }),
    ],
    [
      'withdrawSystem',
      null,
      async () => await federator.ask('DELETE', `${base}${INFOS}/${(await registered()).systemId}`),
    ],
    [
      'subscribe',
      'SystemUpdateNotificationSubscription',
      async () => await federator.ask('POST', `${base}/subscriptions`, { body: subscription }),
    ],
    [
      'showSubscription',
      'SystemUpdateNotificationSubscription',
      async () => await federator.ask('GET', await subscribed()),
    ],
    ['unsubscribe', null, async () => await federator.ask('DELETE', await subscribed())],
  ];

  it('in every operation', () => {
    // The standard has no list of subscriptions
    expect([...cases.map(([operation]) => operation), 'listSubscriptions'].toSorted()).toEqual(
      Object.keys(mec040Table).toSorted(),
    );
  });

  it.each(cases)('%s', async (operation, schema, asked) => {
    const { status, body } = await asked();
    expect(Object.keys(mec040Table[operation].answers)).toEqual([String(status)]);
    const validate = published(FED, schema?.replace('[]', '') ?? 'ProblemDetails');
    const bodies = schema?.startsWith('[]') === true ? (body as unknown[]) : schema === null ? [] : [body];
    expect([schema, bodies.length]).toEqual([schema, schema === null ? 0 : 1]);
    expect(body === undefined).toBe(schema === null);
    for (const each of bodies) expect(misfits(validate, each)).toEqual([]);
  });

  it.each([
    [400, async () => await federator.ask('POST', base + INFOS, { body: {} })],
    [401, async () => await federator.ask('GET', base + INFOS, { scope: null })],
    [403, async () => await federator.ask('POST', base + INFOS, { body: one, scope: 'fed_enablement:read' })],
    [404, async () => await federator.ask('GET', `${base}${INFOS}/nothing`)],
  ])('and every refusal is a problem document: %d', async (status, asked) => {
    const answer = await asked();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expect(misfits(published(FED, 'ProblemDetails'), answer.body)).toEqual([]);
  });

  it('takes a body in the name of its type too, as the published file has it', async () => {
    const { systemId } = await registered(base, { SystemInfo: one });
    const { status, body } = await federator.ask<Info>('PATCH', `${base}${INFOS}/${systemId}`, {
      body: { SystemInfoUpdate: { systemName: 'other' } },
    });
    expect([status, body.systemName]).toEqual([200, 'other']);
  });
});

/** What the conformance suite asks (ETSI, for V3.1.1 and V3.2.1), with its spelling. */
describe('the conformance suite is given what it expects', () => {
  const base = '/fed-enablement/v1';
  let system: Info;
  beforeEach(async () => {
    system = await registered(base);
  });
  const listed = async (query: string): Promise<readonly [number, Info[]]> => {
    const { status, body } = await federator.ask<Info[]>('GET', `${base}${INFOS}${query}`);
    return [status, body];
  };

  it('all systems without a query, and with queries that the API has no name for', async () => {
    expect(await listed('')).toEqual([200, [system]]);
    expect(await listed('?page=1&size=5')).toEqual([200, [system]]);
  });

  it.each([
    ['?systemId=ID', 200],
    ['?systemid=ID', 200],
    ['?SYSTEMID=ID', 200],
    ['?systemId=ID,00000000-0000-4000-8000-000000000000', 200],
    ['?systemid=00000000-0000-4000-8000-000000000000&systemid=ID', 200],
    ['?systemName=cellular%20one', 200],
    ['?systemname=Cellular%20One', 200],
    ['?systemName=x,cellular%20one', 200],
    ['?systemProvider=Operator%20A&systemName=cellular%20one', 200],
    ['?systemName=', 200],
    ['?systemName=&systemProvider=', 200],
    ['?systemId=', 200],
    ['?systemId=no-id', 404],
    ['?systemId=00000000-0000-4000-8000-000000000000', 404],
    ['?systemName=nobody', 404],
    ['?systemName=cellular%20one&systemProvider=nobody', 404],
    ['?systemName=%00', 400],
  ])('%s: %d', async (query, status) => {
    const [answered, body] = await listed(query.replace('ID', system.systemId));
    const found = Array.isArray(body) ? body : [];
    expect([answered, found]).toEqual([status, status === 200 ? [system] : []]);
  });

  it('a name with a comma is found as it is', async () => {
    const named = await registered(base, { ...one, systemName: 'one, two' }, 'meo-two');
    expect(await listed('?systemName=one,%20two')).toEqual([200, [named]]);
  });

  it.each([
    ['with a systemId', { ...one, systemName: 'other', systemId: 'mine' }, /.*/],
    ['of the same name and provider', one, /registered already/],
    [
      'of the same in other letters',
      { systemName: 'CELLULAR ONE', systemProvider: 'operator a' },
      /registered already/,
    ],
    ['without a name', { systemProvider: 'x' }, /.*/],
    ['without a provider', { systemName: 'x' }, /.*/],
    ['with an empty name', { ...one, systemName: '' }, /.*/],
    ['with a name that nobody can read', { ...one, systemName: 'a\u0000b' }, /.*/],
    ['of a second system', { ...one, systemName: 'other' }, /its system already/],
  ])('a POST %s: 400', async (_what, body, detail) => {
    const answer = await federator.ask<{ detail: string }>('POST', `${base}${INFOS}`, { body });
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringMatching(detail)]);
    expect(await listed('')).toEqual([200, [system]]);
  });

  it('Location leads to what was made, in the spelling that was asked', async () => {
    const answer = await federator.ask('POST', `${base}${INFOS}`, {
      client: 'meo-two',
      body: { ...one, systemName: 'b' },
    });
    const location = answer.headers.get('location') ?? '';
    expect(location).toMatch(/^\/fed-enablement\/v1\/fed_resources\/system_info\/[-0-9a-f]{36}$/);
    expect((await federator.ask('GET', location)).body).toEqual(answer.body);
  });

  it.each([
    ['of nothing', {}],
    ['of members that there are not', { systemProvider: 'other' }],
    ['of an endpoint in two ways', { endpoint: { uris: ['a'], fqdn: ['b'] } }],
    ['of an endpoint in no way', { endpoint: {} }],
    ['of a name that is none', { systemName: 5 }],
  ])('a PATCH %s: 400', async (_what, body) => {
    expect((await federator.ask('PATCH', `${base}${INFOS}/${system.systemId}`, { body })).status).toBe(400);
  });

  it('a PATCH changes what is given, and nothing else', async () => {
    const at = `${base}${INFOS}/${system.systemId}`;
    expect((await federator.ask('PATCH', at, { body: { endpoint: { fqdn: ['fm.a.example'] } } })).body).toEqual(system);
    const renamed = { ...system, systemName: 'renamed' };
    expect((await federator.ask('PATCH', at, { body: { systemName: 'renamed' } })).body).toEqual(renamed);
    expect((await federator.ask('GET', at)).body).toEqual(renamed);
  });

  it('GET, PATCH and DELETE of an unknown system: 404; DELETE: 204, once', async () => {
    const unknown = `${base}${INFOS}/${crypto.randomUUID()}`;
    for (const [method, body] of [['GET'], ['PATCH', { systemName: 'x' }], ['DELETE']] as const)
      expect((await federator.ask(method, unknown, { body })).status).toBe(404);
    const at = `${base}${INFOS}/${system.systemId}`;
    expect((await federator.ask('DELETE', at)).status).toBe(204);
    expect((await federator.ask('DELETE', at)).status).toBe(404);
    expect(await listed('')).toEqual([200, []]);
    expect((await listed('?systemName=x'))[0]).toBe(404);
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SystemList } from '../../../api/resources.ts';
import { openCatalogue } from '../../../catalogue/database.ts';
import { catalogueOfTest, type CatalogueOfTest } from '../../support/catalogue.ts';
import { longText } from '../../support/long-text.ts';
import { Federator } from '../../support/mec040.ts';
import { nowhere, Served } from '../../support/api.ts';

const INFOS = '/fed_enablement/v1/fed_resources/system_info';
const SUBSCRIPTIONS = '/fed_enablement/v1/subscriptions';
const one = { systemName: 'cellular one', systemProvider: 'Operator A' };

interface Info {
  readonly systemId: string;
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
  await sql`truncate agreement, system, subscription, notice cascade`.execute(own.catalogue);
  federator.changes = 0;
});

const registered = async (): Promise<string> => (await federator.ask<Info>('POST', INFOS, { body: one })).body.systemId;

describe('who may', () => {
  it('ask: whoever has a token for it', async () => {
    for (const [scope, status] of [
      ['fed_enablement', 200],
      ['fed_enablement:read', 200],
      ['mff', 403],
      [null, 401],
    ] as const)
      expect([scope, (await federator.ask('GET', INFOS, { scope })).status]).toEqual([scope, status]);
  });

  it('register: the client of a system of the configuration', async () => {
    const answer = await federator.ask('POST', INFOS, { client: 'somebody', body: one });
    expect(answer).toMatchObject({ status: 403, body: { detail: 'somebody is no client of a system here' } });
  });

  it('change a system: the client that registered it', async () => {
    const at = `${INFOS}/${await registered()}`;
    const client = 'meo-two';
    expect((await federator.ask('PATCH', at, { client, body: { systemName: 'mine' } })).status).toBe(403);
    expect((await federator.ask('DELETE', at, { client })).status).toBe(403);
    expect((await federator.ask('DELETE', at)).status).toBe(204);
  });
});

describe('two who ask at once', () => {
  it('for one name: one has it, the other is told so', async () => {
    const asked = ['meo-one', 'meo-two'].map(
      async (client) => await federator.ask('POST', INFOS, { client, body: one }),
    );
    expect((await Promise.all(asked)).map(({ status }) => String(status)).toSorted()).toEqual(['201', '400']);
  });

  it('the same client twice: one system, which is found by name and provider', async () => {
    const asked = Array.from({ length: 4 }, async () => await federator.ask('POST', INFOS, { body: one }));
    expect((await Promise.all(asked)).map(({ status }) => String(status)).toSorted()).toEqual([
      '201',
      '400',
      '400',
      '400',
    ]);
    const found = await federator.ask<Info[]>('GET', `${INFOS}?systemName=cellular%20one&systemProvider=Operator%20A`);
    expect(found.body).toHaveLength(1);
  });
});

it('a long list comes in pages that lead to each other, with what was asked', async () => {
  await sql`insert into system (name, provider, operator) select 's' || n, 'P', 'a' from generate_series(1, 1200) n`.execute(
    own.catalogue,
  );
  const seen = new Set<string>();
  let pages = 0;
  for (let path: string | undefined = `${INFOS}?systemProvider=P,Q&systemprovider=R`; path !== undefined; pages += 1) {
    const answer: Awaited<ReturnType<typeof federator.ask<Info[]>>> = await federator.ask<Info[]>('GET', path);
    expect(answer.status).toBe(200);
    for (const { systemId } of answer.body) seen.add(systemId);
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  expect([seen.size, pages]).toEqual([1_200, 3]);
  expect((await federator.ask('GET', `${INFOS}?nextpage_opaque_marker=x`)).status).toBe(400);
});

describe('a subscription', () => {
  const body = {
    subscriptionType: 'SystemUpdateNotificationSubscription',
    callbackReference: 'https://127.0.0.1:9443/told',
  };
  const told = async (): Promise<unknown[]> =>
    await own.catalogue.selectFrom('notice').select(['name', 'provider']).execute();

  it('ends a day after it was asked for, by our clock; the same again is the same', async () => {
    const first = await federator.ask<{ expiryDeadline: { seconds: number } }>('POST', SUBSCRIPTIONS, { body });
    expect(first.body.expiryDeadline.seconds).toBeGreaterThan(Date.now() / 1_000 + 86_000);
    const again = await federator.ask('POST', SUBSCRIPTIONS, { body: { ...body, systemId: [] } });
    expect([again.status, again.headers.get('location')]).toEqual([201, first.headers.get('location')]);
    const other = { ...body, systemId: [crypto.randomUUID()] };
    expect((await federator.ask('POST', SUBSCRIPTIONS, { body: other })).headers.get('location')).not.toBe(
      first.headers.get('location'),
    );
  });

  it('is listed, shown and ended by its client, and is nothing to others', async () => {
    const { body: made } = await federator.ask<{ _links: { self: { href: string } } }>('POST', SUBSCRIPTIONS, { body });
    const {
      _links: {
        self: { href },
      },
    } = made;
    expect(href.startsWith(`${federator.api.url}/`)).toBe(true);
    const path = new URL(href).pathname;
    expect((await federator.ask('GET', path)).body).toEqual(made);
    const list = async (client = 'meo-one') => {
      const answer = await federator.ask<{ _links: { subscription: unknown[] } }>('GET', SUBSCRIPTIONS, { client });
      const {
        _links: { subscription },
      } = answer.body;
      return subscription;
    };
    expect(await list()).toEqual([{ href, subscriptionType: body.subscriptionType }]);
    expect(await list('meo-two')).toEqual([]);
    expect((await federator.ask('GET', path, { client: 'meo-two' })).status).toBe(404);
    expect((await federator.ask('DELETE', path, { client: 'meo-two' })).status).toBe(404);
    expect((await federator.ask('DELETE', path)).status).toBe(204);
    expect((await federator.ask('GET', path)).status).toBe(404);
  });

  it.each([
    ['another host', 'https://elsewhere.example/told', 'another host'],
    ['plain http, where the MEO is asked by https', 'http://127.0.0.1:9080/told', 'plain http'],
    ['a URL with a user', 'https://me:secret@127.0.0.1/told', 'a user'],
    ['no URL', 'nowhere', ''],
    ['a file', 'file:///etc/passwd', ''],
  ])('is refused for a callback to %s', async (_what, callbackReference, detail) => {
    const answer = await federator.ask<{ detail: string }>('POST', SUBSCRIPTIONS, {
      body: { ...body, callbackReference },
    });
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining(detail)]);
  });

  it('of a thousand systems, to a URL of whatever letters, is kept, and the same again is the same', async () => {
    const systemId = Array.from({ length: 1_000 }, () => crypto.randomUUID());
    const asked = { ...body, callbackReference: `https://127.0.0.1:9443/${longText(1_900)}`, systemId };
    const [first, again] = [
      await federator.ask('POST', SUBSCRIPTIONS, { body: asked }),
      await federator.ask('POST', SUBSCRIPTIONS, { body: { ...asked, systemId: systemId.toReversed() } }),
    ];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await federator.ask('POST', SUBSCRIPTIONS, { body: { ...asked, systemId: systemId.slice(1) } });
    expect(other.headers.get('location')).not.toBe(first.headers.get('location'));
  });

  it('is refused when its client has too many', async () => {
    const asked = async (at: number): Promise<number> =>
      (await federator.ask('POST', SUBSCRIPTIONS, { body: { ...body, callbackReference: `https://127.0.0.1/${at}` } }))
        .status;
    const statuses = await Promise.all(Array.from({ length: 60 }, async (_, at) => await asked(at)));
    expect(statuses.filter((status) => status === 201)).toHaveLength(50);
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
  });

  it('is to be told what is registered, changes and goes: of each system the latest', async () => {
    await federator.ask('POST', SUBSCRIPTIONS, { body });
    const at = `${INFOS}/${await registered()}`;
    expect(await told()).toEqual([{ name: 'cellular one', provider: 'Operator A' }]);
    await federator.ask('PATCH', at, { body: { systemName: 'renamed' } });
    expect(await told()).toEqual([{ name: 'renamed', provider: 'Operator A' }]);
    await federator.ask('DELETE', at);
    expect(await told()).toEqual([{ name: 'renamed', provider: 'Operator A' }]);
    expect(federator.changes).toBe(3);
  });

  it('is told of the systems that it names alone', async () => {
    await federator.ask('POST', SUBSCRIPTIONS, { body: { ...body, systemId: [crypto.randomUUID()] } });
    const id = await registered();
    expect(await told()).toEqual([]);
    await federator.ask('POST', SUBSCRIPTIONS, { body: { ...body, systemId: [id] } });
    await federator.ask('PATCH', `${INFOS}/${id}`, { body: { systemName: 'renamed' } });
    expect(await told()).toHaveLength(1);
  });

  it('is told nothing of what did not happen', async () => {
    await federator.ask('POST', SUBSCRIPTIONS, { body });
    const id = await registered();
    await sql`delete from notice`.execute(own.catalogue);
    await federator.ask('POST', INFOS, { client: 'meo-two', body: one });
    await federator.ask('PATCH', `${INFOS}/${id}`, { client: 'meo-two', body: { systemName: 'x' } });
    expect(await told()).toEqual([]);
  });
});

describe('northbound', () => {
  it('systems are listed in pages, with whoever could be joined, and what has not been registered', async () => {
    await sql`insert into system (name, provider, operator) select 's' || n, 'P', 'a' from generate_series(1, 30) n`.execute(
      own.catalogue,
    );
    await registered();
    const first = (await federator.api.get<SystemList>('/v1/systems')).body;
    expect(first).toMatchObject({
      awaited: [{ system: 'two', client: 'meo-two' }],
      joinable: [{ partner: 'c', operator: 'operator-c' }],
    });
    const second = (await federator.api.get<SystemList>(`/v1/systems?next=${first.next}`)).body;
    expect([first.systems.length, second.systems.length, second.next]).toEqual([20, 11, null]);
    expect([...first.systems, ...second.systems].filter(({ local }) => local !== null)).toMatchObject([
      {
        name: 'cellular one',
        provider: 'Operator A',
        operator: 'operator-a',
        partner: null,
        local: 'one',
        endpoint: null,
      },
    ]);
  });

  it('says of a system of a partner who told of it', async () => {
    await sql`
      with a as (insert into agreement (partner, direction, theirs, callback_key) values ('b', 'uses', 'open', 'k') returning id)
      insert into system (agreement, foreign_id, name, provider, operator, valid_until)
      select id, 'x', 'b1', 'Operator B', 'operator-b', now() + interval '1 minute' from a`.execute(own.catalogue);
    const { systems } = (await federator.api.get<SystemList>('/v1/systems')).body;
    expect(systems).toMatchObject([{ name: 'b1', operator: 'operator-b', partner: 'b', local: null }]);
  });
});

it('without its database nothing is answered but that, and nothing is half done', async () => {
  const away = await openCatalogue({ url: own.url, connections: 1 });
  await away.destroy();
  const other = await Federator.start(own, { catalogue: away });
  try {
    for (const [method, path, body] of [
      ['GET', INFOS],
      ['POST', INFOS, one],
      ['DELETE', `${INFOS}/${crypto.randomUUID()}`],
      ['GET', SUBSCRIPTIONS],
    ] as const) {
      const answer = await other.ask(method, path, { body });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    }
    expect((await other.api.get('/v1/systems')).status).toBe(503);
    expect(await own.catalogue.selectFrom('system').selectAll().execute()).toEqual([]);
    expect(other.changes).toBe(0);
  } finally {
    await other.stop();
  }
});

it('without a federation there is nothing of it', async () => {
  const temporal = nowhere();
  const api = await Served.start({ temporal });
  try {
    expect((await api.get(INFOS)).status).toBe(404);
    const answer = await api.get('/v1/systems');
    expect(answer).toMatchObject({ status: 404, body: { detail: 'this Ferry federates with nobody' } });
  } finally {
    await api.stop();
    await temporal.connection.close();
  }
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Owner, Subscriptions } from '../../activities/ports.ts';
import { mecSubscriptions } from '../../adapters/mec-services/subscriptions.ts';
import type { HeldSubscription, SeenInLists } from '../../domain/subscription.ts';
import { busy } from '../support/busy.ts';
import type { Reply } from '../support/faulty-server.ts';
import { hrefOf, type PlayedServices, playedServices } from '../support/played-services.ts';

const soon = (): AbortSignal => AbortSignal.timeout(Math.ceil(10_000 * busy()));
const rni = '/rni/v2/subscriptions';
const amsi = '/amsi/v1/subscriptions';

const source: Owner = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
const target: Owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
const associateId = [{ type: 1, value: '127.10.100.1' }];
const cellChange = {
  subscriptionType: 'CellChangeSubscription',
  callbackReference: 'http://10.2.1.7:7000/events/cell?user=u1',
  filterCriteriaAssocHo: { appInstanceId: 'i1', associateId, hoStatus: [3] },
};
const unnamed = { ...cellChange, filterCriteriaAssocHo: { associateId, hoStatus: [3] } };
const procedure = {
  subscriptionType: 'MobilityProcedureSubscription',
  callbackReference: 'http://10.2.1.7:7000/events/mobility',
  filterCriteria: { appInstanceId: 'i1', mobilityStatus: ['INTERHOST_MOVEOUT_COMPLETED'] },
};

let services: PlayedServices;
let subscriptions: Subscriptions;

const start = async (collections?: readonly string[], timeoutMs?: number): Promise<void> => {
  services = await playedServices(collections, timeoutMs);
  subscriptions = mecSubscriptions(services.peer.exchange);
};
beforeEach(async () => await start());
afterEach(async () => await services.peer.close());

const again = async (...how: Parameters<typeof start>): Promise<void> => {
  await services.peer.close();
  await start(...how);
};
const held = async (owner = source): Promise<readonly HeldSubscription[]> =>
  (await subscriptions.list(owner, soon())).held;
const ids = async (owner = source): Promise<readonly string[]> => (await held(owner)).map(({ id }) => id);
const one = async (): Promise<HeldSubscription> => (await held())[0] as HeldSubscription;
const refused = { type: 'SubscriptionRefused' };

describe("an instance's subscriptions", () => {
  it('are those that carry its id, whatever host their callback names', async () => {
    services.hold(rni, 's1', cellChange);
    services.hold(rni, 's2', { ...cellChange, callbackReference: 'http://events.counter.edge.example:7000/cell' });
    services.hold(rni, 'neighbour', {
      ...cellChange,
      filterCriteriaAssocHo: { ...cellChange.filterCriteriaAssocHo, appInstanceId: 'neighbour-1' },
    });
    expect(await ids()).toEqual([`${rni}/s1`, `${rni}/s2`]);
  });

  it('are none of a neighbour at the same address, though the platform numbers instances', async () => {
    const of = (appInstanceId: number) => ({
      ...cellChange,
      filterCriteriaAssocHo: { ...cellChange.filterCriteriaAssocHo, appInstanceId },
    });
    services.hold(rni, 's1', of(17));
    services.hold(rni, 'neighbour', of(18));
    expect(await ids({ ...source, instance: '17' })).toEqual([`${rni}/s1`]);
  });

  it('are, once its address is known no more, those that carry its id, and those without one that it had before', async () => {
    services.hold(rni, 's1', cellChange);
    services.hold(rni, 's2', unnamed);
    services.hold(rni, 's3', { ...unnamed, callbackReference: 'http://10.2.1.8:7000/events/cell' });
    const named = { ...cellChange.filterCriteriaAssocHo, appInstanceId: 'neighbour-1' };
    services.hold(rni, 's4', { ...cellChange, filterCriteriaAssocHo: named });
    const gone = { instance: 'i1', endpoint: null };
    const idsOf = async (before: SeenInLists) =>
      (await subscriptions.list(gone, soon(), { before })).held.map(({ id }) => id);
    expect(await idsOf({})).toEqual([`${rni}/s1`]);
    expect(await idsOf({ [rni]: ['s1', 's2', 's4', 's9'] })).toEqual([`${rni}/s1`, `${rni}/s2`]);
  });

  it('are found by the address of their callback where they carry no id', async () => {
    services.hold(rni, 's1', unnamed);
    services.hold(rni, 's2', { ...unnamed, callbackReference: 'http://10.2.1.70:7000/events' });
    services.hold(rni, 's3', { ...unnamed, callbackReference: 'https://10.2.1.7/other' });
    services.hold(rni, 's4', { ...unnamed, callbackReference: 'http://events.example/10.2.1.7' });
    services.hold(rni, 's5', { ...unnamed, filterCriteriaAssocHo: { appInstanceId: '' } });
    expect(await ids()).toEqual([`${rni}/s1`, `${rni}/s3`, `${rni}/s5`]);
  });

  it('are found at every service of the table', async () => {
    const users = '/location/v3/subscriptions/users';
    await again([rni, amsi, users]);
    services.hold(rni, 's1', cellChange);
    services.hold(amsi, 's2', procedure);
    services.hold(users, 's3', {
      userLocationEventSubscription: {
        subscriptionType: 'UserLocationEventSubscription',
        callbackReference: 'http://10.2.1.7:7000/events/user',
        address: 'acr:10.0.0.1',
        locationEventCriteria: ['ENTERING_AREA_EVENT'],
      },
    });
    services.listing = (entries) =>
      entries[0]?.path.startsWith(users) === true
        ? {
            notificationSubscriptionList: {
              resourceURL: { href: 'x' },
              subscription: [{ href: hrefOf(`${users}/s3`) }],
            },
          }
        : { _links: { subscription: entries.map(({ path }) => ({ href: hrefOf(path) })) } };
    expect((await held()).map(({ service, type }) => [service, type])).toEqual([
      ['rni', 'CellChangeSubscription'],
      ['amsi', 'MobilityProcedureSubscription'],
      ['location', 'UserLocationEventSubscription'],
    ]);
  });

  it.each([
    [
      'S1BearerSubscription',
      { subscriptionType: 'S1BearerSubscription', eventType: [1], S1BearerSubscriptionCriteria: {} },
    ],
    [
      'AdjacentAppInfoSubscription',
      { subscriptionType: 'AdjacentAppInfoSubscription', filterCriteria: { appInstanceId: 'i1' } },
    ],
  ])('may be a %s', async (type, body) => {
    services.hold(type.startsWith('S1') ? rni : amsi, 's1', { ...body, callbackReference: 'http://10.2.1.7:7000/x' });
    expect((await held()).map((each) => each.type)).toEqual([type]);
  });

  it.each([
    ['of a type that is no name', { ...cellChange, subscriptionType: 'constructor' }, 'constructor'],
    ['of a type that nobody knows', { ...cellChange, subscriptionType: 'NewSubscription' }, 'NewSubscription'],
    [
      'told over a websocket',
      { ...cellChange, callbackReference: undefined, websockNotifConfig: { requestWebsocketUri: true } },
      'CellChangeSubscription',
    ],
    ['with a filter of another form', { ...cellChange, filterCriteriaAssocHo: 'all' }, 'CellChangeSubscription'],
  ])('are told where they cannot be carried: %s', async (_, body, type) => {
    services.hold(rni, 's1', body);
    services.hold(rni, 'foreign', { ...body, filterCriteriaAssocHo: { appInstanceId: 'neighbour-1' } });
    const seen = await subscriptions.list(source, soon());
    expect(seen.held).toEqual([]);
    expect(seen.notCarried).toMatchObject([{ service: 'radio network information (MEC 012)', type }]);
  });

  it.each([
    ['/wai/v2/subscriptions', 'AssocStaSubscription'],
    ['/vis/v2/subscriptions', 'V2xMsgSubscription'],
    ['/location/v2/subscriptions/userTracking', 'userTrackingSubscription'],
    ['/mec_service_mgmt/v1/applications/i1/subscriptions', 'SerAvailabilityNotificationSubscription'],
  ])('are told at a service that is not carried: %s', async (collection, subscriptionType) => {
    await again([collection]);
    services.hold(collection, 's1', { subscriptionType, callbackReference: { notifyURL: 'http://10.2.1.7:7000/x' } });
    const seen = await subscriptions.list(source, soon());
    expect(seen).toMatchObject({ held: [], notCarried: [{ type: subscriptionType }] });
  });
});

describe('what is not ours', () => {
  const foreign = { ...cellChange, filterCriteriaAssocHo: { appInstanceId: 'neighbour-1' } };

  it.each<readonly [string, Reply]>([
    ['forbidden', { status: 403 }],
    ['of somebody who has to prove himself', { status: 401 }],
    ['gone meanwhile', { status: 404 }],
    ['broken', { status: 500 }],
    ['no JSON', { status: 200, text: '<html>' }],
    ['a list', { status: 200, json: [] }],
    ['nothing', { status: 200, text: '' }],
    [
      'with a filter of another form',
      { status: 200, json: { ...foreign, filterCriteriaAssocHo: 'all', callbackReference: 'x' } },
    ],
    ['with a callback of another form', { status: 200, json: { ...foreign, callbackReference: 7 } }],
    ['with a name that reaches into prototypes', { status: 200, text: '{"__proto__":{}}' }],
  ])('does not stop us when it is %s', async (_, reply) => {
    services.hold(rni, 'foreign', foreign);
    services.hold(rni, 's1', cellChange);
    services.before = ({ path }) => (path === `${rni}/foreign` ? reply : undefined);
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it.each([
    ['a name of prototypes', '"constructor":"y"'],
    ['another one', '"__proto__":{"href":"s9"}'],
    ['depth', `"x":${'['.repeat(40)}${']'.repeat(40)}`],
    ['letters of another character set', '"callbackReference":"http://10.9.9.9/Z\u00fcrich"'],
  ])('may have %s in its entry of the list, and spoils nothing of ours', async (_, odd) => {
    services.hold(rni, 's1', cellChange);
    services.answer = ({ path }, res) => {
      if (path !== rni) return false;
      const text = `{"_links":{"subscription":[{"href":"f1",${odd}},{"href":"s1"}]}}`;
      res.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from(text, 'latin1'));
      return true;
    };
    const { held: ours, notCarried } = await subscriptions.list(source, soon());
    expect([ours.map(({ id }) => id), notCarried]).toEqual([[`${rni}/s1`], []]);
  });

  it('may be listed by links that lead nowhere', async () => {
    services.hold(rni, 's1', cellChange);
    const odd = [null, 7, {}, { href: '' }, { href: null }, { href: '../..' }, { href: 'http://x/' }, { href: '%' }];
    services.listing = () => ({ _links: { subscription: [...odd, { href: hrefOf(`${rni}/s1`) }, { href: 's1' }] } });
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it('is told where nobody knows whose it is', async () => {
    services.hold(rni, 'broken', cellChange);
    services.before = ({ path }) => (path.endsWith('/broken') ? { status: 500 } : undefined);
    expect((await subscriptions.list(source, soon())).notCarried).toMatchObject([{ type: null }]);
  });

  it('is asked for again where the platform is only busy', async () => {
    services.hold(rni, 's1', cellChange);
    services.before = ({ path }) => (path.endsWith('/s1') ? { status: 503 } : undefined);
    await expect(subscriptions.list(source, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
  });
});

describe('a list of subscriptions', () => {
  it.each<readonly [string, Reply]>([
    ['null', { status: 200, json: null }],
    ['nothing', { status: 204 }],
    ['links that are null', { status: 200, json: { _links: null } }],
    ['entries that are null', { status: 200, json: { _links: { self: null, subscription: null } } }],
    ['an empty array', { status: 200, json: [] }],
    ['no such service', { status: 404, text: '<html>' }],
    ['not implemented', { status: 501 }],
  ])('is empty when it is %s', async (_, reply) => {
    services.before = () => reply;
    expect(await subscriptions.list(source, soon())).toMatchObject({ held: [], notCarried: [] });
  });

  it.each<readonly [string, (hrefs: readonly { href: string }[]) => unknown]>([
    ['subscription in _links', (all) => ({ _links: { subscription: all } })],
    ['subscriptions in _links', (all) => ({ _links: { subscriptions: all } })],
    ['subscription beside _links', (all) => ({ _links: { self: { href: 'x' } }, subscription: all })],
    ['one wrapped in its type', (all) => ({ SubscriptionLinkList: { _links: { subscription: all } } })],
    ['one of MEC 013', (all) => ({ notificationSubscriptionList: { resourceURL: { href: 'x' }, subscription: all } })],
    ['a single one instead of a list', (all) => ({ _links: { subscription: all[0] } })],
    ['a plain array', (all) => all],
  ])('may have the form of %s', async (_, form) => {
    services.hold(rni, 's1', cellChange);
    services.listing = (entries) => form(entries.map(({ path }) => ({ href: hrefOf(path) })));
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it('may come in parts', async () => {
    services.hold(rni, 's1', cellChange);
    services.before = ({ path, query }) => {
      if (path !== rni) return undefined;
      const more = query.has('more');
      const link: Record<string, string> = more ? {} : { link: `<${services.peer.url}${rni}?more=1>; rel="next"` };
      return { status: 200, headers: link, json: { _links: { subscription: more ? [{ href: 's1' }] : [] } } };
    };
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it.each([403, 404, 410, 501])('is not known where a later part of it is refused (%i)', async (status) => {
    services.hold(rni, 's1', cellChange);
    services.before = ({ path, query }) => {
      if (path !== rni) return undefined;
      const headers = { link: `<${services.peer.url}${rni}?more=1>; rel="next"` };
      return query.has('more')
        ? { status }
        : { status: 200, headers, json: { _links: { subscription: [{ href: 's1' }] } } };
    };
    await expect(subscriptions.list(source, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: `peer: GET ${rni} answered ${status}, in the middle of a list`,
    });
  });

  it('is told where it has no end, and is taken for none', async () => {
    services.before = ({ path }) =>
      path === rni ? { status: 200, json: {}, headers: { link: `<${rni}>; rel="next"` } } : undefined;
    const { held: seen, notCarried } = await subscriptions.list(source, soon());
    expect([seen, notCarried.map(({ why }) => why)]).toEqual([
      [],
      [`peer: GET ${rni} answered 200, but the list has no end`],
    ]);
  });

  it('may tell of ten thousand others, each whole', async () => {
    services.hold(rni, 's1', cellChange);
    const others = { ...cellChange, filterCriteriaAssocHo: { appInstanceId: 'neighbour-1', text: 'x'.repeat(500) } };
    services.before = ({ path }) => {
      if (path !== rni) return undefined;
      const all = Array.from({ length: 10_000 }, (_, n) => ({ ...others, href: hrefOf(`${rni}/foreign-${n}`) }));
      return { status: 200, json: [...all, { href: hrefOf(`${rni}/s1`), subscriptionType: 'CellChangeSubscription' }] };
    };
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it('is told, and stops nobody, where its parts have no end', async () => {
    let part = 0;
    services.before = ({ path }) => {
      const headers = { link: `<${rni}?part=${(part += 1)}>; rel="next"` };
      return path === rni ? { status: 200, headers, json: { _links: { subscription: [] } } } : undefined;
    };
    const { held: found, notCarried } = await subscriptions.list(source, AbortSignal.timeout(60_000));
    expect(found).toEqual([]);
    expect(notCarried).toMatchObject([{ type: null, why: expect.stringContaining('but the list has no end') }]);
  });

  it('is asked type by type where a server demands the type', async () => {
    services.hold(amsi, 's1', procedure);
    services.before = ({ path, method, query }) =>
      path === amsi && method === 'GET' && query.get('subscriptionType') !== 'mobility_proc'
        ? { status: 400 }
        : undefined;
    expect(await ids()).toEqual([`${amsi}/s1`]);
  });

  it.each([401, 403, 405])('that may not be read (%i) is told, and stops nobody', async (status) => {
    services.hold(amsi, 's1', procedure);
    services.before = ({ path }) => (path === rni ? { status } : undefined);
    const seen = await subscriptions.list(source, soon());
    expect(seen.held).toHaveLength(1);
    expect(seen.notCarried).toEqual([
      {
        service: 'radio network information (MEC 012)',
        type: null,
        why: `peer: GET ${rni} answered ${status}`,
      },
    ]);
  });
});

describe('subscriptions of others', () => {
  const foreign = { ...cellChange, filterCriteriaAssocHo: { appInstanceId: 'neighbour-1' } };
  const calls = (): string[] => services.peer.heard.map(({ method, path }) => `${method} ${path}`);

  it('are read once each, however often we look: then a thousand cost what none do', async () => {
    services.hold(rni, 's1', cellChange);
    await held();
    const before = calls().length;
    await held();
    const cost = calls().length - before;

    for (let n = 0; n < 1_000; n += 1) services.hold(rni, `foreign-${n}`, foreign);
    const first = calls().length;
    await held();
    expect(calls().length - first).toBe(cost + 1_000);
    const second = calls().length;
    await held();
    await held({ ...source, endpoint: { ...source.endpoint, port: 1 } });
    expect(calls().length - second).toBe(2 * cost);
  });

  it('are read once each, however many look at once', async () => {
    for (let n = 0; n < 100; n += 1) services.hold(rni, `foreign-${n}`, foreign);
    services.hold(rni, 's1', cellChange);
    const looks = Array.from({ length: 20 }, (_, n) => ({ ...source, instance: n === 0 ? 'i1' : `another-${n}` }));
    const seen = await Promise.all(looks.map(async (owner) => await ids(owner)));
    expect(seen).toEqual(looks.map((_, n) => (n === 0 ? [`${rni}/s1`] : [])));
    const reads = calls().filter((call) => call.startsWith(`GET ${rni}/foreign-`));
    expect(reads.length).toBe(100);
  });

  it('are read by the next one where whoever was reading has given up', async () => {
    services.hold(rni, 'foreign', foreign);
    services.hold(rni, 's1', cellChange);
    const giveUp = new AbortController();
    services.peer.loseAnswer(`GET ${rni}/s1`, 'silence');
    services.before = ({ path }) => {
      if (path === `${rni}/s1`) giveUp.abort(new Error('given up'));
      return undefined;
    };
    const [first, second] = await Promise.allSettled([
      subscriptions.list({ ...source, instance: 'another' }, giveUp.signal),
      ids(),
    ]);
    expect([first.status, second]).toEqual(['rejected', { status: 'fulfilled', value: [`${rni}/s1`] }]);
  });

  it('are not asked for again where they are hidden from us', async () => {
    services.hold(rni, 'hidden', foreign);
    services.before = ({ path }) => (path === `${rni}/hidden` ? { status: 403 } : undefined);
    for (let look = 0; look < 3; look += 1) expect(await ids()).toEqual([]);
    expect(calls().filter((call) => call === `GET ${rni}/hidden`)).toHaveLength(1);
  });

  it('are not taken for hidden that were refused to us for a moment: they may be ours', async () => {
    services.hold(rni, 's1', cellChange);
    let refusals = 1;
    services.before = ({ path }) => (path === `${rni}/s1` && (refusals -= 1) >= 0 ? { status: 403 } : undefined);
    expect(await ids()).toEqual([]);
    await expect.poll(ids, { timeout: 8_000 * busy() }).toEqual([`${rni}/s1`]);
  });

  it('may be thirty thousand, in one list that tells all of each', async () => {
    await again([rni], Math.ceil(5_000 * busy())); // 8 MB, which the peer has to write as well
    services.hold(rni, 's1', cellChange);
    const filterCriteriaAssocHo = { appInstanceId: 'neighbour', associateId: [{ type: 1, value: '10.77.1.1' }] };
    const others = Array.from({ length: 30_000 }, (_, n) => ({
      href: hrefOf(`${rni}/of-the-neighbour-${n}`),
      subscriptionType: 'CellChangeSubscription',
      callbackReference: `http://10.77.1.1:9000/events/${n}`,
      filterCriteriaAssocHo,
    }));
    const json = { _links: { subscription: [...others, { href: hrefOf(`${rni}/s1`), ...cellChange }] } };
    services.before = ({ path }) => (path === rni ? { status: 200, json } : undefined);
    expect(await subscriptions.list(source, soon())).toMatchObject({ held: [{ id: `${rni}/s1` }], notCarried: [] });
  });

  it('are not read at all where the list tells whose they are', async () => {
    services.hold(rni, 's1', cellChange);
    services.hold(rni, 'foreign', foreign);
    services.hold(rni, 'without-id', {
      ...unnamed,
      callbackReference: 'http://10.9.9.9:7000/x',
    });
    services.listing = (entries) => ({
      _links: { subscription: entries.map(({ path, body }) => ({ ...body, href: hrefOf(path) })) },
    });
    expect(await ids()).toEqual([`${rni}/s1`]);
    expect(calls()).toContain(`GET ${rni}/s1`);
    expect(calls()).not.toContain(`GET ${rni}/foreign`);
    expect(calls()).not.toContain(`GET ${rni}/without-id`);
  });

  it('are known as those of their owner, when he asks', async () => {
    services.hold(rni, 's1', cellChange);
    expect(await ids(target)).toEqual([]);
    expect(await ids(source)).toEqual([`${rni}/s1`]);
  });

  it.each([404, 500])('are looked at again where it may have been ours that answered %i', async (status) => {
    services.hold(rni, 's1', cellChange);
    services.before = ({ path }) => (path === `${rni}/s1` ? { status } : undefined);
    expect(await ids()).toEqual([]);
    services.before = () => undefined;
    expect(await ids()).toEqual([`${rni}/s1`]);
  });

  it('are not mistaken for another that got the same name later', async () => {
    services.hold(rni, 's1', foreign);
    expect(await ids()).toEqual([]);
    services.held.clear();
    expect(await ids()).toEqual([]);
    services.hold(rni, 's1', cellChange);
    expect(await ids()).toEqual([`${rni}/s1`]);
  });
});

describe('making one again', () => {
  const posted = (): Record<string, unknown> | undefined =>
    services.peer.heard.find(({ method }) => method === 'POST')?.json;

  it.each([
    ['http://10.2.1.7:7000/events/cell?user=u1', 'http://10.3.1.7:7000/events/cell?user=u1'],
    ['http://10.2.1.7:7001/cell', 'http://10.3.1.7:7001/cell'],
    ['https://user@10.2.1.7/a?b=10.2.1.7#c', 'https://user@10.3.1.7/a?b=10.2.1.7#c'],
    ['http://events.counter.edge.example:7000/cell', 'http://events.counter.edge.example:7000/cell'],
    ['http://10.2.1.70:7000/cell', 'http://10.2.1.70:7000/cell'],
  ])('turns of the callback %s only the host, if it is its own', async (callbackReference, becomes) => {
    services.hold(rni, 's1', { ...cellChange, callbackReference });
    const { held: made, made: isNew } = await subscriptions.create(target, await one(), source, soon());
    expect(posted()).toEqual({
      ...cellChange,
      callbackReference: becomes,
      filterCriteriaAssocHo: { ...cellChange.filterCriteriaAssocHo, appInstanceId: 'i9' },
    });
    expect(isNew).toBe(true);
    expect(await ids(target)).toEqual([made.id]);
  });

  it('names its owner where it did, and only there', async () => {
    services.hold(rni, 's1', unnamed);
    await subscriptions.create(target, await one(), source, soon());
    expect(posted()).toEqual({ ...unnamed, callbackReference: 'http://10.3.1.7:7000/events/cell?user=u1' });
  });

  it('carries an expiry over as an instant, and nothing that the server added of its own', async () => {
    const added = { id: 's1', createdAt: 'today', filterCriteriaAssocHo: cellChange.filterCriteriaAssocHo };
    services.hold(rni, 's1', { ...cellChange, ...added, expiryDeadline: { seconds: 1_800_000_000, nanoSeconds: 7 } });
    await subscriptions.create(target, await one(), source, soon());
    expect(posted()).toMatchObject({ expiryDeadline: { seconds: 1_800_000_000, nanoSeconds: 0 } });
    expect(Object.keys(posted() ?? {}).toSorted()).toEqual([...Object.keys(cellChange), 'expiryDeadline'].toSorted());
  });

  it.each([
    ['a member', (body: object) => ({ ...body, id: 'x', requestTestNotification: false })],
    ['an expiry', (body: object) => ({ ...body, expiryDeadline: { seconds: 1_900_000_000, nanoSeconds: 0 } })],
    [
      'a default in the filter',
      (body: typeof cellChange) => ({
        ...body,
        filterCriteriaAssocHo: { ...body.filterCriteriaAssocHo, trigger: [1] },
      }),
    ],
    [
      'something nested deeper',
      (body: typeof cellChange) => ({
        ...body,
        filterCriteriaAssocHo: {
          ...body.filterCriteriaAssocHo,
          ecgi: [],
          associateId: associateId.map((each) => ({ ...each, since: 1 })),
        },
      }),
    ],
  ])('is content when the server fills in %s', async (_, taking) => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.taking = taking as (body: object) => Record<string, unknown>;
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toMatchObject({ made: true });
  });

  it.each([
    ['another filter', (body: object) => ({ ...body, filterCriteriaAssocHo: { appInstanceId: 'i9', hoStatus: [1] } })],
    [
      'a narrower filter',
      (body: typeof cellChange) => ({
        ...body,
        filterCriteriaAssocHo: { ...body.filterCriteriaAssocHo, ecgi: [{}, 1] },
      }),
    ],
    ['another owner', (body: object) => ({ ...body, filterCriteriaAssocHo: { ...unnamed, appInstanceId: 'i7' } })],
    [
      'another callback',
      (body: object) => ({ ...body, callbackReference: 'http://10.9.9.9:7000/events/cell?user=u1' }),
    ],
    ['another port', (body: object) => ({ ...body, callbackReference: 'http://10.3.1.7:7001/events/cell?user=u1' })],
    ['no callback', (body: object) => ({ ...body, callbackReference: undefined })],
  ])('is refused, and removed again, when it reads back with %s', async (_, taking) => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.taking = taking as (body: object) => Record<string, unknown>;
    const left: string[] = [];
    const tell = (id: string): void => void left.push(id);
    await expect(subscriptions.create(target, wanted, source, soon(), tell)).rejects.toMatchObject(refused);
    expect([...services.held.keys()]).toEqual([`${rni}/s1`]);
    expect(left).toEqual([]);
  });

  it.each([
    ['whoever asked has given up', true, 'given up'],
    ['it cannot be removed again', false, 'holds another subscription than it was given'],
  ])('is told where it is made, does not read back, and %s', async (_, givesUp, told) => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    const giveUp = new AbortController();
    services.taking = (body) => ({ ...body, callbackReference: undefined });
    services.before = ({ method, path }) => {
      if (givesUp && method === 'GET' && path !== `${rni}/s1`) giveUp.abort(new Error('given up'));
      return method === 'DELETE' ? { status: 500 } : undefined;
    };
    const left: string[] = [];
    const tell = (id: string): void => void left.push(id);
    await expect(subscriptions.create(target, wanted, source, giveUp.signal, tell)).rejects.toThrow(told);
    expect(left).toEqual([...services.held.keys()].slice(1));
    expect(left).toHaveLength(1);
  });

  it.each(['reset', 'silence', 504] as const)('knows it as made although the answer was lost (%s)', async (as) => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.peer.loseAnswer(`POST ${rni}`, as);
    const { held: found, made } = await subscriptions.create(target, wanted, source, soon());
    expect(made).toBe(true);
    expect(await ids(target)).toEqual([found.id]);
    expect(services.peer.count(`POST ${rni}`)).toBe(1);
  });

  it('does not take for it what was there before', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    await subscriptions.create(target, wanted, source, soon());
    await held(target);
    services.before = ({ method }) => (method === 'POST' ? { status: 503 } : undefined);
    await expect(subscriptions.create(target, wanted, source, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
  });

  it('knows it as made although the answer does not tell which it is', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.before = ({ method, path, json }) => {
      if (method !== 'POST') return undefined;
      services.hold(path, 'silent', json);
      return { status: 201, text: 'created' };
    };
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toMatchObject({
      held: { id: `${rni}/silent` },
      made: true,
    });
  });

  it('neither calls its own nor deletes what it is told to have made, but was there before', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.hold(rni, 'neighbour', { ...cellChange, filterCriteriaAssocHo: { appInstanceId: 'neighbour-1' } });
    await held(target);
    const self = (path: string): Reply => ({ status: 201, json: { _links: { self: { href: hrefOf(path) } } } });
    services.before = ({ method }) => (method === 'POST' ? self(`${rni}/neighbour`) : undefined);
    await expect(subscriptions.create(target, wanted, source, soon())).rejects.toMatchObject(refused);
    expect(services.held.has(`${rni}/neighbour`)).toBe(true);

    services.before = () => undefined;
    const first = await subscriptions.create(target, wanted, source, soon());
    await held(target);
    services.before = ({ method }) => (method === 'POST' ? self(first.held.id) : undefined);
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toEqual({ ...first, made: false });
  });

  it('waits for one that can be read a little later only', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    let early = 5; // 0.6 s
    services.before = ({ method, path }) =>
      method === 'GET' && path.includes('made-') && (early -= 1) >= 0 ? { status: 404 } : undefined;
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toMatchObject({ made: true });
  });

  it('is refused where it is not to be seen for two and a half seconds, and known as made: it may be seen later', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.before = ({ method, path }) =>
      method !== 'POST' && path.includes('made-') ? { status: 404, json: { title: 'Not Found' } } : undefined;
    const left: string[] = [];
    const tell = (id: string): void => void left.push(id);
    const patient = AbortSignal.timeout(Math.round(30_000 * busy()));
    await expect(subscriptions.create(target, wanted, source, patient, tell)).rejects.toMatchObject({
      type: 'SubscriptionRefused',
      message: expect.stringContaining('has not shown it for 2.5 s') as string,
    });
    expect(left).toEqual([`${rni}/made-1`]);
  });

  it('is found by where it is said to be, though the answer is in no form that is known', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.before = ({ method, path, json }) => {
      if (method !== 'POST') return undefined;
      return { status: 201, text: '<html>', headers: { location: services.hold(path, 'told', json) } };
    };
    const made = { held: { id: `${rni}/told` }, made: true };
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toMatchObject(made);
  });

  it('does not call it made where the service says that there is one', async () => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    const { held: first } = await subscriptions.create(target, wanted, source, soon());
    services.before = ({ method }) => (method === 'POST' ? { status: 409 } : undefined);
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toEqual({ held: first, made: false });
  });

  it.each([400, 403, 409, 422])('is refused with %i', async (status) => {
    services.hold(rni, 's1', cellChange);
    const wanted = await one();
    services.before = ({ method }) => (method === 'POST' ? { status, json: { detail: 'no such cell' } } : undefined);
    await expect(subscriptions.create(target, wanted, source, soon())).rejects.toMatchObject({
      ...refused,
      message: `peer: POST ${rni} answered ${status}: no such cell`,
    });
  });

  it('finds the version of the service that the platform has', async () => {
    const users = '/subscriptions/users';
    await again([`/location/v2${users}`]);
    const body = {
      subscriptionType: 'UserLocationPeriodicSubscription',
      callbackReference: 'http://10.2.1.7:7000/events/user',
      address: 'acr:10.0.0.1',
      periodicEventInfo: { reportingInterval: 5 },
    };
    services.hold(`/location/v2${users}`, 's1', { userLocationPeriodicSubscription: body });
    const { held: made } = await subscriptions.create(target, await one(), source, soon());
    expect(services.held.get(made.id)).toEqual({
      userLocationPeriodicSubscription: { ...body, callbackReference: 'http://10.3.1.7:7000/events/user' },
    });
  });

  it('treats the numbers and the strings of MEC 021 alike', async () => {
    services.hold(amsi, 's1', procedure);
    const wanted = await one();
    services.taking = (body) => ({ ...body, filterCriteria: { appInstanceId: 'i9', mobilityStatus: [2] } });
    await expect(subscriptions.create(target, wanted, source, soon())).resolves.toMatchObject({ made: true });
  });
});

describe('whether they could be made here', () => {
  it('is known of a platform that does not have their service', async () => {
    services.hold(rni, 's1', cellChange);
    services.hold(amsi, 's2', procedure);
    const wanted = await held();
    expect(await subscriptions.lacking(wanted, soon())).toEqual([]);
    await again([amsi]);
    expect((await subscriptions.lacking(wanted, soon())).map(({ service }) => service)).toEqual(['rni']);
    await expect(subscriptions.create(target, wanted[0] as HeldSubscription, source, soon())).rejects.toMatchObject(
      refused,
    );
    services.before = () => ({ status: 501 });
    expect(await subscriptions.lacking(wanted, soon())).toEqual(wanted);
    const asked = services.peer.heard.length;
    expect(await subscriptions.lacking([], soon())).toEqual([]);
    expect(services.peer.heard).toHaveLength(asked);
  });
});

describe('removing', () => {
  it('is content when it is not there', async () => {
    const id = services.hold(rni, 's1', cellChange);
    await subscriptions.remove(id, soon());
    await subscriptions.remove(id, soon());
    expect(services.held.size).toBe(0);
  });

  describe('by an id that was heard a while ago', () => {
    const neighbours = { appInstanceId: 'neighbour-1', hoStatus: [3] };
    const elsewhere = 'http://10.9.9.9:7000/x';
    it.each([
      ['is the same still', cellChange, true],
      ['is its own at a collector', { ...cellChange, callbackReference: elsewhere }, true],
      ['carries no id, and leads to it', unnamed, true],
      ['tells nothing of whose it is', { subscriptionType: 'CellChangeSubscription' }, true],
      ['carries the id of another', { ...cellChange, filterCriteriaAssocHo: neighbours }, false],
      ['carries no id, and leads to another', { ...unnamed, callbackReference: elsewhere }, false],
    ])('deletes what %s, and leaves what was given that id since', async (_, body, goes) => {
      const id = services.hold(rni, 's1', body);
      await subscriptions.remove(id, soon(), source);
      expect(services.held.has(id)).toBe(!goes);
    });

    it.each<readonly [string, Reply]>([
      ['may not be read', { status: 403 }],
      ['cannot be read', { status: 500 }],
      ['cannot be read now', { status: 503 }],
      ['is no subscription', { status: 200, text: '<html>' }],
    ])('deletes what %s', async (_, reply) => {
      const id = services.hold(rni, 's1', cellChange);
      services.before = ({ method }) => (method === 'GET' ? reply : undefined);
      await subscriptions.remove(id, soon(), { ...source, endpoint: null });
      expect(services.held.has(id)).toBe(false);
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudOrders, type Orders } from '../../adapters/tmf641/orders.ts';
import { counter } from '../support/counter.ts';
import { faultyServer, type Reply } from '../support/faulty-server.ts';
import { collection, type PlayedOrder, type PlayedOss, playedOss } from '../support/played-oss.ts';
import { cancelledWait, quickWait } from '../support/wait.ts';

const key = 'fabcdefghijklmnopqrstuvwxy';
const instantiate = { wish: 'instantiate', application: counter } as const;
const start = { wish: 'start', instance: 'kept' } as const;

let oss: PlayedOss;
let orders: Orders;

beforeEach(async () => {
  oss = await playedOss();
  orders = cloudOrders(oss.peer.exchange, 'cloud');
});
afterEach(async () => await oss.peer.close());

describe('an order at the OSS', () => {
  it('asks for an instance from the kept package, and tells its id when it is completed', async () => {
    const wait = quickWait();
    expect(await orders.fulfil(instantiate, key, wait)).toBe(key);
    expect(oss.orders).toHaveLength(1);
    expect(oss.orders[0]).toMatchObject({
      externalId: key,
      orderItem: [
        {
          action: 'add',
          service: {
            state: 'active',
            place: [{ id: 'cloud', role: 'cloud' }],
            serviceSpecification: { id: 'counter-d', version: '1.0' },
            serviceCharacteristic: [
              { name: 'packageChecksum', value: { value: `sha-256:${counter.checksum}` } },
              { name: 'packageUri', value: { value: counter.archive.uri } },
            ],
          },
        },
      ],
    });
    expect(wait.told).toContain('cloud: the order at the OSS is INPROGRESS');
  });

  it.each([
    ['start', 'modify', 'active'],
    ['stop', 'modify', 'inactive'],
    ['remove', 'delete', undefined],
  ] as const)('asks to %s an instance by the action %s', async (wish, action, state) => {
    expect(await orders.fulfil({ wish, instance: 'kept' }, key, quickWait())).toBe('kept');
    const item = oss.orders[0]?.orderItem[0];
    expect(item?.action).toBe(action);
    expect(item?.service).toMatchObject({ id: 'kept', ...(state !== undefined && { state }) });
    expect('state' in (item?.service ?? {})).toBe(state !== undefined);
  });

  it.each(['reset', 'silence', 504] as const)('is placed once although its answer was lost (%s)', async (lost) => {
    oss.peer.loseAnswer(`POST ${collection}`, lost);
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
    expect(oss.orders).toHaveLength(1);
  });

  it('is found again on a later page of the list', async () => {
    oss.peer.loseAnswer(`POST ${collection}`, 'reset');
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    const [ours] = oss.orders.splice(0);
    const others = Array.from({ length: 120 }, (_, n) => ({
      id: `other-${n}`,
      orderDate: '',
      orderItem: [],
      state: '',
    }));
    if (ours !== undefined) oss.orders.push(...others, ours);
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
    expect(oss.peer.count(/^POST/)).toBe(1);
  });

  it('reads the oldest of two under its key', async () => {
    oss.states = ['INPROGRESS'];
    oss.peer.loseAnswer(`POST ${collection}`, 'reset');
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    const [first] = oss.orders;
    if (first === undefined) throw new Error('nothing was placed');
    const elder = {
      ...first,
      id: 'elder',
      orderDate: '2029-01-01T00:00:00Z',
      state: 'REJECTED',
      note: [{ text: 'no' }],
    };
    const oldest = {
      ...elder,
      id: 'oldest',
      state: 'completed',
      orderItem: [{ action: 'add', service: { id: 'made' } }],
    };
    oss.orders.push(elder, oldest);
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe('made');
  });

  it('of a step is not taken for that of its undo', async () => {
    await orders.fulfil(instantiate, key, quickWait());
    await orders.fulfil({ wish: 'remove', instance: key }, key, quickWait());
    expect(oss.orders.map(({ orderItem }) => orderItem[0]?.action)).toEqual(['add', 'delete']);
  });

  it('is placed anew when an earlier one under the key did not succeed', async () => {
    oss.states = ['FAILED'];
    await expect(orders.fulfil(start, key, quickWait())).rejects.toMatchObject({ type: 'LcmOperationFailed' });
    oss.states = ['COMPLETED'];
    expect(await orders.fulfil(start, key, quickWait())).toBe('kept');
  });

  it('ends a listing that ignores paging', async () => {
    await oss.peer.close();
    oss = await playedOss({ ignoresPaging: true });
    const others = Array.from({ length: 100 }, (_, n) => ({
      id: `other-${n}`,
      orderDate: '',
      orderItem: [],
      state: '',
    }));
    oss.orders.push(...others);
    orders = cloudOrders(oss.peer.exchange, 'cloud');
    expect(await orders.fulfil(start, key, quickWait())).toBe('kept');
  });

  it.each([
    ['REJECTED', 'TargetRefused'],
    ['rejected', 'TargetRefused'],
    ['FAILED', 'LcmOperationFailed'],
    ['CANCELLED', 'LcmOperationFailed'],
    ['PARTIAL', 'LcmOperationFailed'],
    ['asleep', 'PeerMalformed'],
  ])('that ends %s is a %s', async (state, type) => {
    oss.states = [state];
    await expect(orders.fulfil(start, key, quickWait())).rejects.toMatchObject({ type });
  });

  it.each(['INITIAL', 'acknowledged', 'PENDING', 'HELD', 'inProgress'])('that is %s is waited for', async (state) => {
    oss.states = [state, 'completed'];
    expect(await orders.fulfil(start, key, quickWait())).toBe('kept');
  });

  it('is waited for until the caller is cancelled', async () => {
    oss.states = ['INPROGRESS'];
    await expect(orders.fulfil(start, key, cancelledWait())).rejects.toThrow('cancelled');
  });

  it('says that the package is missing when the OSS does, quoting it without addresses', async () => {
    oss.states = ['REJECTED'];
    oss.notes = ['package missing at 10.1.2.3:8080'];
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toThrow(
      'cloud: the OSS rejected the order: "package missing at <address>"; the cloud no longer holds the package',
    );
  });

  it('that is completed without an instance is malformed', async () => {
    oss.carriesOut = ({ orderItem }) => Object.assign(orderItem[0]?.service ?? {}, { id: null });
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });

  it.each<readonly [string, Reply]>([
    ['nothing', { status: 201 }],
    ['HTML', { status: 200, text: '<html>' }],
    ['a link to where only its proxy leads', { status: 201, headers: { location: 'http://oss.inside:8080/orders/1' } }],
    ['a list', { status: 201, json: [{ id: '1' }] }],
  ])('is found by its key where the OSS, having taken it, tells %s', async (_, reply) => {
    const order = { id: '1', externalId: key, state: 'COMPLETED', orderItem: [] as unknown[] };
    const peer = await faultyServer(({ method, path, json }) => {
      if (method === 'POST') {
        order.orderItem = json['orderItem'] as unknown[];
        return reply;
      }
      return { status: 200, json: path !== collection ? order : order.orderItem.length > 0 ? [order] : [] };
    });
    await oss.peer.close();
    oss = { ...oss, peer };
    expect(await cloudOrders(peer.exchange, 'cloud').fulfil(start, key, quickWait())).toBe('kept');
    expect(peer.count(/^POST/)).toBe(1);
  });

  it.each([
    ['no JSON', { status: 200, text: '<html>' }],
    ['no list', { status: 200, json: { orders: [], of: 'nobody' } }],
  ])('is not placed when the OSS lists %s', async (_, answer) => {
    await oss.peer.close();
    const peer = await faultyServer(() => answer);
    oss = { ...oss, peer };
    const asked = cloudOrders(peer.exchange, 'cloud');
    await expect(asked.fulfil(start, key, quickWait())).rejects.toMatchObject({ type: 'PeerMalformed' });
    expect(peer.count(/^POST/)).toBe(0);
  });
});

describe('an order that is withdrawn', () => {
  const placeOne = async (...states: string[]): Promise<void> => {
    oss.states = states;
    oss.peer.loseAnswer(`POST ${collection}`, 'reset');
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
  };

  it('is cancelled, and has ended then', async () => {
    await placeOne('INPROGRESS');
    await orders.withdraw(key, quickWait());
    expect(oss.orders[0]?.state).toBe('CANCELLED');
  });

  it('is waited for where it cannot be cancelled', async () => {
    await placeOne('INPROGRESS', 'INPROGRESS', 'INPROGRESS', 'INPROGRESS', 'COMPLETED');
    oss.refusesPatch = true;
    await orders.withdraw(key, quickWait());
    expect(oss.orders[0]?.state).toBe('COMPLETED');
  });

  it('to change something is cancelled as well, where that is asked for', async () => {
    oss.states = ['INPROGRESS'];
    await expect(orders.fulfil(start, key, cancelledWait())).rejects.toThrow('cancelled');
    await orders.withdraw(key, quickWait(), 'modify');
    expect(oss.orders[0]?.state).toBe('CANCELLED');
  });

  it('is left alone when it has ended, asks for something else, or is not ours', async () => {
    await placeOne('COMPLETED');
    oss.states = ['INPROGRESS'];
    await expect(orders.fulfil(start, key, cancelledWait())).rejects.toThrow('cancelled');
    await orders.withdraw(key, quickWait());
    await orders.withdraw('somebody-else', quickWait());
    expect(oss.orders.map(({ state }) => state)).toEqual(['COMPLETED', 'INPROGRESS']);
  });
});

describe('an OSS with a long history', () => {
  const history = (size: number, at: (n: number) => string): PlayedOrder[] =>
    Array.from({ length: size }, (_, n) => ({ id: `other-${n}`, orderDate: at(n), orderItem: [], state: 'COMPLETED' }));
  const longAgo = (n: number): string => new Date(Date.UTC(2_020, 0, 1) + n * 60_000).toISOString();
  const lost = async (): Promise<PlayedOrder> => {
    oss.peer.loseAnswer(`POST ${collection}`, 'reset');
    await expect(orders.fulfil(instantiate, key, quickWait())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    const [ours] = oss.orders.splice(0);
    if (ours === undefined) throw new Error('nothing was placed');
    return ours;
  };
  const pages = (): number => oss.peer.count(`GET ${collection}`);
  const playing = async (externalId: 'ignored' | 'filtered' | 'refused'): Promise<void> => {
    await oss.peer.close();
    oss = await playedOss({ externalId });
    orders = cloudOrders(oss.peer.exchange, 'cloud');
  };

  it('is asked for the key, once', async () => {
    await playing('filtered');
    const ours = await lost();
    oss.orders.push(...history(12_000, longAgo), ours);
    const before = pages();
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
    expect(pages() - before).toBe(1);
    expect(oss.peer.count(/^POST/)).toBe(1);
  });

  describe.each(['ignored', 'refused'] as const)('where the query by our key is %s', (externalId) => {
    it.each([
      ['newest last', true],
      ['newest first', false],
    ])('is looked through at its young end only: %s', async (_, last) => {
      await playing(externalId);
      const ours = { ...(await lost()), orderDate: new Date().toISOString() };
      const old = history(12_000, longAgo);
      oss.orders.push(...(last ? [...old, ours] : [ours, ...old.toReversed()]));
      const before = pages();
      expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
      expect(oss.peer.count(/^POST/)).toBe(1);
      expect(pages() - before).toBeLessThan(25);
    });

    it('costs no more than a bounded number of pages, however busy the OSS is', async () => {
      await playing(externalId);
      oss.orders.push(...history(50_000, () => new Date().toISOString()));
      expect(await orders.fulfil(start, key, quickWait())).toBe('kept');
      expect(pages()).toBeLessThan(70);
    });
  });

  it('that gives less at once than it is asked for is looked through all the same', async () => {
    await oss.peer.close();
    oss = await playedOss({ most: 20 });
    orders = cloudOrders(oss.peer.exchange, 'cloud');
    const ours = { ...(await lost()), orderDate: new Date().toISOString() };
    oss.orders.push(...history(1_010, longAgo), ours);
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
    expect(oss.peer.count(/^POST/)).toBe(1);
  });

  it('that ignores every query, and lists more than an answer may have bytes, is read as it comes', async () => {
    await oss.peer.close();
    oss = await playedOss({ ignoresPaging: true });
    orders = cloudOrders(oss.peer.exchange, 'cloud');
    const ours = await lost();
    const description = 'x'.repeat(400);
    oss.orders.push(...history(12_000, longAgo).map((order) => ({ ...order, description })), ours);
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe(key);
    expect(oss.peer.count(/^POST/)).toBe(1);
  });

  it('that ignores every query is looked through once', async () => {
    await oss.peer.close();
    oss = await playedOss({ ignoresPaging: true });
    orders = cloudOrders(oss.peer.exchange, 'cloud');
    oss.orders.push(...history(100, longAgo));
    expect(await orders.fulfil(start, key, quickWait())).toBe('kept');
    expect(pages()).toBeLessThan(5);
  });
});

describe('an OSS that numbers services', () => {
  it('tells which one it made', async () => {
    oss.carriesOut = (order) => void Object.assign(order.orderItem[0]?.service ?? {}, { id: 17 });
    expect(await orders.fulfil(instantiate, key, quickWait())).toBe('17');
  });

  it('is asked once for a change, though the answer was lost', async () => {
    oss.orders.push({
      id: '1',
      externalId: key,
      orderDate: '2030-01-01T00:00:00Z',
      orderItem: [{ action: 'modify', service: { id: 17, state: 'active' } }],
      state: 'INPROGRESS',
    });
    const ended = orders.fulfil({ wish: 'start', instance: '17' }, key, {
      ...quickWait(),
      pause: async () => void Object.assign(oss.orders[0] ?? {}, { state: 'COMPLETED' }),
    });
    expect(await ended).toBe('17');
    expect(oss.orders).toHaveLength(1);
  });
});

describe('what others ordered', () => {
  const odd = [
    null,
    'an order',
    { id: null },
    { id: 7, externalId: 12 },
    { id: 'x', externalId: null, orderItem: null, note: 'none', state: 5, orderDate: 9 },
  ];

  it('may be listed in any form', async () => {
    oss.orders.push(...(odd as unknown as PlayedOrder[]));
    await expect(orders.fulfil(start, key, quickWait())).resolves.toBe('kept');
  });

  it.each([['null', { status: 200, json: null }] as const, ['nothing', { status: 204 }] as const])(
    'is none where the list is %s',
    async (_, answer) => {
      await oss.peer.close();
      const order = { id: '1', state: 'completed', orderItem: [{ action: 'modify', service: { id: 'kept' } }] };
      const peer = await faultyServer(({ method }) => (method === 'GET' ? answer : { status: 201, json: order }));
      oss = { ...oss, peer };
      await expect(cloudOrders(peer.exchange, 'cloud').fulfil(start, key, quickWait())).resolves.toBe('kept');
    },
  );
});

describe('an order that was just placed', () => {
  const answering = async (placed: Reply, shown: (look: number) => Reply): Promise<Orders> => {
    await oss.peer.close();
    let looks = 0;
    const peer = await faultyServer(({ method, path }) => {
      if (method === 'POST') return placed;
      return path === collection ? { status: 200, json: [] } : shown((looks += 1));
    });
    oss = { ...oss, peer };
    return cloudOrders(peer.exchange, 'cloud');
  };
  const order = { id: '1', state: 'COMPLETED', orderItem: [{ action: 'modify', service: { id: 'kept' } }] };
  const location = { location: `${collection}/1` };

  it.each<readonly [string, Reply]>([
    ['nothing but where it is', { status: 201, headers: location }],
    ['its id only', { status: 201, json: { id: '1' } }],
    ['no state yet', { status: 201, json: { ...order, state: null } }],
    ['a note in another form', { status: 201, json: { ...order, note: 'soon', state: 'acknowledged' } }],
  ])('may be answered with %s', async (_, placed) => {
    const asked = await answering(placed, () => ({ status: 200, json: order }));
    await expect(asked.fulfil(start, key, quickWait())).resolves.toBe('kept');
  });

  it('may be shown a little later', async () => {
    const asked = await answering({ status: 201, json: { id: '1' } }, (look) =>
      look < 4 ? { status: 404 } : { status: 200, json: order },
    );
    await expect(asked.fulfil(start, key, quickWait())).resolves.toBe('kept');
  });

  it('is waited for no longer than that where it is never shown', async () => {
    const asked = await answering({ status: 201, json: { id: '1' } }, () => ({ status: 404 }));
    await expect(asked.fulfil(start, key, quickWait())).rejects.toMatchObject({ type: 'NotYet' });
  });
});

describe('whether the OSS reaches the cloud', () => {
  it('is not asked by who only looks, but told for a while once a relocation has asked', async () => {
    expect(await orders.reach(false, AbortSignal.timeout(10_000))).toBe('unknown');
    expect(oss.orders).toEqual([]);
    expect(await orders.reach(true, AbortSignal.timeout(10_000))).toBe('reached');
    expect(await orders.reach(false, AbortSignal.timeout(10_000))).toBe('reached');
    oss.states = ['REJECTED'];
    await expect(orders.reach(true, AbortSignal.timeout(10_000))).rejects.toMatchObject({ type: 'TargetRefused' });
    await expect(orders.reach(false, AbortSignal.timeout(10_000))).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(oss.orders).toHaveLength(2);
  });

  it('is asked by an order that changes nothing, under no key', async () => {
    await orders.reach(true, AbortSignal.timeout(10_000));
    expect(oss.orders[0]?.externalId).toBeUndefined();
    expect(oss.orders[0]?.orderItem[0]).toMatchObject({ action: 'noChange', service: { id: 'cloud' } });
  });

  it.each(['REJECTED', 'FAILED'])('is refused when that order ends %s', async (state) => {
    oss.states = [state];
    oss.notes = ['no route to the cloud'];
    await expect(orders.reach(true, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      type: 'TargetRefused',
      message: 'cloud: the OSS does not reach it: "no route to the cloud"',
    });
  });
});

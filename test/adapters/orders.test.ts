import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudOrders, type Orders } from '../../adapters/tmf641/orders.ts';
import { counter } from '../support/counter.ts';
import { faultyServer } from '../support/faulty-server.ts';
import { collection, type PlayedOss, playedOss } from '../support/played-oss.ts';
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

  it.each([
    ['no JSON', { status: 200, text: '<html>' }],
    ['no list', { status: 200, json: { orders: [] } }],
    ['a list of something else', { status: 200, json: ['a'] }],
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

  it('is left alone when it has ended, asks for something else, or is not ours', async () => {
    await placeOne('COMPLETED');
    oss.states = ['INPROGRESS'];
    await expect(orders.fulfil(start, key, cancelledWait())).rejects.toThrow('cancelled');
    await orders.withdraw(key, quickWait());
    await orders.withdraw('somebody-else', quickWait());
    expect(oss.orders.map(({ state }) => state)).toEqual(['COMPLETED', 'INPROGRESS']);
  });
});

describe('whether the OSS reaches the cloud', () => {
  it('is asked by an order that changes nothing, under no key', async () => {
    await orders.reach(AbortSignal.timeout(10_000));
    expect(oss.orders[0]?.externalId).toBeUndefined();
    expect(oss.orders[0]?.orderItem[0]).toMatchObject({ action: 'noChange', service: { id: 'cloud' } });
  });

  it.each(['REJECTED', 'FAILED'])('is refused when that order ends %s', async (state) => {
    oss.states = [state];
    oss.notes = ['no route to the cloud'];
    await expect(orders.reach(AbortSignal.timeout(10_000))).rejects.toMatchObject({
      type: 'TargetRefused',
      message: 'cloud: the OSS does not reach it: "no route to the cloud"',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Owner } from '../../activities/ports.ts';
import { mec012Subscriptions } from '../../adapters/mec012/subscriptions.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const collection = '/rni/v2/subscriptions';
const created = `POST ${collection}`;

const source: Owner = { instance: 'i1', endpoint: { host: '10.2.1.7', port: 7000 } };
const target: Owner = { instance: 'i9', endpoint: { host: '10.3.1.7', port: 7000 } };
const associateId = [{ type: 1, value: '127.10.100.1' }];
const cellChange = {
  subscriptionType: 'CellChangeSubscription',
  callbackReference: 'http://10.2.1.7:7000/events/cell?user=u1',
  filterCriteriaAssocHo: { appInstanceId: 'i1', associateId },
};
const wanted: Subscription = {
  service: 'rni',
  type: 'CellChangeSubscription',
  filter: { hoStatus: [3], associateId },
  callback: '/events/cell?user=u1',
  expiry: null,
};

let peer: FaultyServer;
let held: Map<string, Record<string, unknown>>;
let taking: (json: Record<string, unknown>) => Record<string, unknown>;
let before: (heard: Heard) => Reply | undefined;

beforeEach(async () => {
  held = new Map();
  taking = (json) => json;
  before = () => undefined;
  peer = await faultyServer((heard) => before(heard) ?? serve(heard));
});
afterEach(async () => await peer.close());

function serve({ method, path, json }: Heard): Reply {
  const href = (id: string): string => `http://rnis.inside:99/elsewhere/subscriptions/${id}`;
  if (path === collection && method === 'GET') {
    const subscription = [...held].map(([id, { subscriptionType }]) => ({ href: href(id), subscriptionType }));
    return { status: 200, json: { _links: { self: { href: href('') }, subscription } } };
  }
  if (path === collection) {
    const id = `s${held.size + 1}`;
    const body = { ...taking(json), _links: { self: { href: href(id) } } };
    held.set(id, body);
    return { status: 201, json: body };
  }
  const id = path.split('/').at(-1) ?? '';
  const body = held.get(id);
  if (body === undefined) return { status: 404 };
  if (method === 'DELETE') held.delete(id);
  return method === 'DELETE' ? { status: 204 } : { status: 200, json: body };
}

const subscriptions = () => mec012Subscriptions(peer.exchange);

describe('listing', () => {
  it("tells the owner's, by the host of their callback, with defaults filled in and without their owner", async () => {
    held.set('s1', cellChange);
    held.set('s2', { ...cellChange, callbackReference: 'http://10.2.1.8:7000/events/cell' });
    held.set('s3', {
      ...cellChange,
      callbackReference: 'http://10.2.1.7:9999/other',
      expiryDeadline: { seconds: 1_800_000_000, nanoSeconds: 0 },
    });
    held.set('s4', { ...cellChange, callbackReference: undefined });
    expect(await subscriptions().list(source, soon())).toEqual([
      { id: `${collection}/s1`, ...wanted },
      { id: `${collection}/s3`, ...wanted, callback: '/other', expiry: 1_800_000_000 },
    ]);
  });

  it('takes null and empty members for absent ones, as some servers send them', async () => {
    held.set('s1', {
      ...cellChange,
      expiryDeadline: null,
      _links: null,
      filterCriteriaAssocHo: { appInstanceId: 'i1', associateId, ecgi: null, hoStatus: [] },
    });
    expect(await subscriptions().list(source, soon())).toEqual([{ id: `${collection}/s1`, ...wanted }]);
  });

  it('is empty after a restart that forgot them', async () => {
    before = () => ({ status: 200, json: { _links: { self: null, subscription: null } } });
    expect(await subscriptions().list(source, soon())).toEqual([]);
  });

  it('leaves out one that vanishes meanwhile', async () => {
    held.set('s1', cellChange);
    before = ({ path }) => (path.endsWith('/s1') ? { status: 404 } : undefined);
    expect(await subscriptions().list(source, soon())).toEqual([]);
  });

  it("says so when one of the owner's could not be made again elsewhere", async () => {
    held.set('s1', { ...cellChange, subscriptionType: 'S1BearerSubscription' });
    await expect(subscriptions().list(source, soon())).rejects.toMatchObject({ type: 'SubscriptionRefused' });
  });

  it('does not mind a foreign one of that kind', async () => {
    held.set('s1', { ...cellChange, subscriptionType: 'S1BearerSubscription', callbackReference: 'http://10.2.1.8/x' });
    expect(await subscriptions().list(source, soon())).toEqual([]);
  });
});

describe('creating', () => {
  it('makes it for its new owner and reads it back', async () => {
    const made = await subscriptions().create(target, wanted, soon());
    expect(made).toEqual({ id: `${collection}/s1`, ...wanted });
    expect(peer.heard.find(({ method }) => method === 'POST')?.json).toEqual({
      subscriptionType: 'CellChangeSubscription',
      callbackReference: 'http://10.3.1.7:7000/events/cell?user=u1',
      filterCriteriaAssocHo: { hoStatus: [3], associateId, appInstanceId: 'i9' },
    });
  });

  it('carries an expiry over as an instant', async () => {
    await subscriptions().create(target, { ...wanted, expiry: 1_800_000_000 }, soon());
    expect(held.get('s1')).toMatchObject({ expiryDeadline: { seconds: 1_800_000_000, nanoSeconds: 0 } });
  });

  it.each(['reset', 'silence', 504] as const)('adopts the one whose answer was lost (%s)', async (as) => {
    peer.loseAnswer(created, as);
    await expect(subscriptions().create(target, wanted, soon())).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect((await subscriptions().create(target, wanted, soon())).id).toBe(`${collection}/s1`);
    expect(held.size).toBe(1);
  });

  it('does not adopt an equal one of another owner', async () => {
    held.set('s1', cellChange);
    expect((await subscriptions().create(target, wanted, soon())).id).toBe(`${collection}/s2`);
  });

  it('accepts an expiry that the server sets where none was asked for', async () => {
    taking = (json) => ({ ...json, expiryDeadline: { seconds: 1_900_000_000, nanoSeconds: 0 } });
    expect(await subscriptions().create(target, wanted, soon())).toMatchObject({ expiry: 1_900_000_000 });
  });

  it.each([
    ['another filter', (json: object) => ({ ...json, filterCriteriaAssocHo: { hoStatus: [1] } })],
    [
      'another callback',
      (json: object) => ({ ...json, callbackReference: 'http://10.9.9.9:7000/events/cell?user=u1' }),
    ],
    ['no callback', (json: object) => ({ ...json, callbackReference: undefined })],
  ])('is refused, and removed again, when it reads back with %s', async (_, change) => {
    taking = change;
    await expect(subscriptions().create(target, wanted, soon())).rejects.toMatchObject({ type: 'SubscriptionRefused' });
    expect(held.size).toBe(0);
  });

  it.each([403, 409, 422])('is refused with %i', async (status) => {
    before = ({ method }) => (method === 'POST' ? { status, json: { detail: 'no such cell' } } : undefined);
    await expect(subscriptions().create(target, wanted, soon())).rejects.toMatchObject({
      type: 'SubscriptionRefused',
      message: `peer: POST ${collection} answered ${status}: no such cell`,
    });
  });

  it('refuses what belongs to another service', async () => {
    await expect(subscriptions().create(target, { ...wanted, service: 'wai' }, soon())).rejects.toMatchObject({
      type: 'SubscriptionRefused',
    });
    expect(peer.heard).toEqual([]);
  });
});

describe('removing', () => {
  it('is content when it is not there', async () => {
    held.set('s1', cellChange);
    await subscriptions().remove(`${collection}/s1`, soon());
    await subscriptions().remove(`${collection}/s1`, soon());
    expect(held.size).toBe(0);
  });
});

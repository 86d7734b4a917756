import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mec016Notices } from '../../adapters/mec016/notices.ts';
import { cloudOrders, type Wish } from '../../adapters/tmf641/orders.ts';
import { counter } from '../support/counter.ts';
import { faultyServer } from '../support/faulty-server.ts';
import { mandatory, openapiAbsent, published, whySkipped } from '../support/openapi.ts';
import { type PlayedOss, playedOss } from '../support/played-oss.ts';
import { quickWait } from '../support/wait.ts';

const tmf641 = 'tmf/openslice_tmf641-ServiceOrdering-v4.0.0.json';
const mec016 = 'etsi-mec/mec016_UEAppInterface_v2.2.1.yaml';

interface Body {
  orderItem: {
    action: string;
    service: { state?: string; serviceCharacteristic?: { value: unknown }[] };
  }[];
}

describe.skipIf(openapiAbsent)(`what is asked of an OSS is as TMF 641 publishes it${whySkipped}`, () => {
  const fits = (schema: string, body: unknown): boolean => published(tmf641, schema)(body);
  let oss: PlayedOss;

  beforeEach(async () => {
    oss = await playedOss();
  });
  afterEach(async () => await oss.peer.close());

  const wishes: Wish[] = [
    { wish: 'instantiate', application: counter },
    { wish: 'start', instance: 'kept' },
    { wish: 'stop', instance: 'kept' },
    { wish: 'remove', instance: 'kept' },
  ];
  const sent = async (wish: Wish): Promise<Body> => {
    await cloudOrders(oss.peer.exchange, 'cloud').fulfil(wish, 'fkey', quickWait());
    return oss.peer.heard.find(({ method }) => method === 'POST')?.json as unknown as Body;
  };

  it.each(wishes)('an order to $wish', async (wish) => {
    expect(fits('ServiceOrderCreate', await sent(wish))).toBe(true);
  });

  it('the order that changes nothing', async () => {
    await cloudOrders(oss.peer.exchange, 'cloud').reach(true, AbortSignal.timeout(10_000));
    expect(fits('ServiceOrderCreate', oss.peer.heard[0]?.json)).toBe(true);
  });

  it('the withdrawal of one', async () => {
    oss.states = ['INPROGRESS'];
    oss.peer.loseAnswer(/^POST/, 'reset');
    const orders = cloudOrders(oss.peer.exchange, 'cloud');
    await expect(orders.fulfil(wishes[0] as Wish, 'fkey', quickWait())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
    await orders.withdraw('fkey', quickWait());
    const withdrawal = oss.peer.heard.find(({ method }) => method === 'PATCH')?.json;
    expect(withdrawal).toEqual({ state: 'CANCELLED' });
    expect(fits('ServiceOrderUpdate', withdrawal)).toBe(true);
    expect(fits('ServiceOrderUpdate', { state: 'CANCELED' })).toBe(false);
  });

  it('of which each mandatory member and value counts', async () => {
    const spoilt = async (spoil: (body: Body) => void): Promise<boolean> => {
      const body = structuredClone(await sent(wishes[0] as Wish));
      spoil(body);
      return fits('ServiceOrderCreate', body);
    };
    const item = (body: Body) => body.orderItem[0] as Body['orderItem'][number];
    expect(await spoilt((body) => void body)).toBe(true);
    expect(await spoilt((body) => Reflect.deleteProperty(body, 'orderItem'))).toBe(false);
    expect(await spoilt((body) => void body.orderItem.pop())).toBe(false);
    expect(await spoilt((body) => Reflect.deleteProperty(item(body), 'action'))).toBe(false);
    expect(await spoilt((body) => Reflect.deleteProperty(item(body), 'service'))).toBe(false);
    expect(await spoilt((body) => Object.assign(item(body), { action: 'create' }))).toBe(false);
    expect(await spoilt((body) => Object.assign(item(body).service, { state: 'running' }))).toBe(false);
    expect(
      await spoilt((body) => Object.assign(item(body).service.serviceCharacteristic?.[0] ?? {}, { value: 'x' })),
    ).toBe(false);
  });
});

describe.skipIf(openapiAbsent)(`what is told to an LCM proxy is as MEC 016 publishes it${whySkipped}`, () => {
  it('a notice of a new address, of which each member counts', async () => {
    const proxy = await faultyServer(() => ({ status: 204 }));
    const endpoint = { host: '127.0.0.2', port: 7000 };
    const notice = { from: 'old', to: 'new', endpoint, application: counter, user: '*' };
    await mec016Notices(proxy.exchange).addressChanged(notice, AbortSignal.timeout(10_000));
    await proxy.close();
    const body = proxy.heard[0]?.json ?? {};
    const fits = published(mec016, 'AddressChangeNotification');
    expect(fits(body)).toBe(true);
    const members = mandatory(mec016, 'AddressChangeNotification');
    expect(members).toHaveLength(4);
    for (const member of members) {
      const { [member]: _, ...without } = body;
      expect(fits(without)).toBe(false);
      expect(fits({ ...body, [member]: 7 })).toBe(false);
    }
  });
});

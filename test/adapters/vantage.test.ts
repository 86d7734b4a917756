import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vantagePoint } from '../../adapters/vantage/vantage.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

describe('a vantage point', () => {
  let point: FaultyServer;
  let play: (heard: Heard) => Reply;
  const soon = (): AbortSignal => AbortSignal.timeout(10_000);
  const vantage = () => vantagePoint(point.exchange);

  beforeEach(async () => {
    play = () => ({ status: 500 });
    point = await faultyServer((heard) => play(heard), { timeoutMs: 2_000 });
  });
  afterEach(async () => await point.close());

  it('resolves a name, with the shortest time for which the answer may be kept', async () => {
    const answers = [
      { address: '127.0.0.2', ttl: 30 },
      { address: '127.0.0.3', ttl: 5 },
    ];
    play = () => ({ status: 200, json: { name: 'a b', answers } });
    expect(await vantage().resolve('a b', soon())).toEqual({ addresses: ['127.0.0.2', '127.0.0.3'], ttl: 5 });
    expect(point.heard[0]?.path).toBe('/vantage/v1/resolve');
    expect(point.heard[0]?.query.get('name')).toBe('a b');
    const twice = { address: '127.0.0.2', ttl: 30, type: 'A' };
    const others = [{ cname: 'b' }, null, 'text', { address: null }, { address: 7, ttl: 1 }, twice, twice];
    play = () => ({ status: 200, json: { name: 'a b', answers: others } });
    expect(await vantage().resolve('a b', soon())).toEqual({ addresses: ['127.0.0.2'], ttl: 30 });
    play = () => ({ status: 200, json: { name: 'a b', answers: [{ address: '127.0.0.2' }] } });
    await expect(vantage().resolve('a b', soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
    for (const none of [[], null, undefined]) {
      play = () => ({ status: 200, json: { name: 'a b', answers: none } });
      expect(await vantage().resolve('a b', soon())).toEqual({ addresses: [], ttl: 0 });
    }
    play = () => ({ status: 204 });
    expect(await vantage().resolve('a b', soon())).toEqual({ addresses: [], ttl: 0 });
  });

  it.each([
    [
      'by its header, in whatever case',
      { status: 200, headers: { 'Ferry-Instance': 'i1' } },
      { who: 'instance', id: 'i1' },
    ],
    ['also when it refuses', { status: 503, headers: { 'ferry-instance': ['i2'] } }, { who: 'instance', id: 'i2' }],
    ['only when it says so', { status: 200, headers: {} }, { who: 'unnamed' }],
    ['and not whatever it says', { status: 200, headers: { 'Ferry-Instance': 7, x: null } }, { who: 'unnamed' }],
    ['though its headers are missing', { status: 200 }, { who: 'unnamed' }],
  ])('tells which instance answers a device, %s', async (_, json, instance) => {
    play = () => ({ status: 200, json: { ...json, body: '' } });
    expect(await vantage().answering({ host: '127.0.0.2', port: 7000 }, '127.0.0.7', soon())).toEqual(instance);
    expect(point.lines).toMatchObject([{ level: 20, method: 'POST' }]); // to ask is no effect
    expect(point.heard[0]).toMatchObject({
      method: 'POST',
      path: '/vantage/v1/ask',
      json: { url: 'http://127.0.0.2:7000/', from: '127.0.0.7' },
    });
  });

  it('asks at an IPv6 address as a URI writes it, and resolves to what an orchestrator tells as well', async () => {
    play = () => ({ status: 200, json: { headers: { 'ferry-instance': 'i6' } } });
    await vantage().answering({ host: '2001:db8::7', port: 7000 }, null, soon());
    expect(point.heard[0]?.json).toMatchObject({ url: 'http://[2001:db8::7]:7000/' });
    play = () => ({ status: 200, json: { answers: [{ address: '2001:DB8:0::7', ttl: 1 }] } });
    expect((await vantage().resolve('x', soon())).addresses).toEqual(['2001:db8::7']);
  });

  it('tells that nobody answered, which is no failure of its own', async () => {
    play = () => ({ status: 502, json: { title: 'nobody' } });
    expect(await vantage().answering({ host: '127.0.0.2', port: 7000 }, null, soon())).toEqual({ who: 'nobody' });
    play = () => ({ status: 503 });
    await expect(vantage().answering({ host: '127.0.0.2', port: 7000 }, null, soon())).rejects.toMatchObject({
      type: 'PeerUnavailable',
    });
  });
});

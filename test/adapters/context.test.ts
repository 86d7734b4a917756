import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../activities/ports.ts';
import { applicationContext } from '../../adapters/application/context.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const relocation = 'fabcdefghijklmnopqrstuvwxy';
const other: Endpoint = { host: '127.0.0.9', port: 7000 };
const managedOther = { host: '127.0.0.9', port: 7001 };

describe('the application contract', () => {
  let application: FaultyServer;
  let play: (heard: Heard) => Reply | undefined;
  let context: Context;
  let at: Endpoint;
  const soon = (): AbortSignal => AbortSignal.timeout(10_000);

  beforeEach(async () => {
    play = () => ({ status: 500 });
    application = await faultyServer((heard) => play(heard));
    at = { host: '127.0.0.1', port: 80 };
    context = applicationContext(
      (port) => (port === 80 ? Number(new URL(application.url).port) : port + 1),
      pino({ enabled: false }),
    );
  });
  afterEach(async () => await application.close());

  it('is asked on the management port what an instance is to its users', async () => {
    const state = {
      instance: 'i1',
      role: 'authority',
      users: [{ user: 'ue-1', role: 'relay', epoch: 2, count: 17 }],
      promisedTo: null,
      clientSeenSecondsAgo: 0.4,
      clients: 3,
      expectedFreezeMs: 4.5,
    };
    play = () => ({ status: 200, json: state });
    expect(await context.state(at, '*', soon())).toEqual(state);
    expect(application.heard[0]).toMatchObject({ method: 'GET', path: '/relocation/v1/state' });
    expect(application.heard[0]?.query.get('users')).toBe('*');
    play = () => ({ status: 200, json: { ...state, role: 'king' } });
    await expect(context.state(at, '*', soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });

  it('names management endpoints in bodies', async () => {
    play = () => ({ status: 200, json: { users: 2, copied: 1 } });
    expect(await context.promise(at, { relocation, users: '*', target: other }, soon())).toEqual({
      users: 2,
      copied: 1,
    });
    await context.promise(at, { relocation, users: 'ue-1', target: null }, soon());
    play = () => ({ status: 204 });
    await context.standBy(at, { relocation, users: '*', source: other }, soon());
    expect(application.heard.map(({ path, json }) => [path, json])).toEqual([
      ['/relocation/v1/promise', { relocation, users: '*', target: managedOther }],
      ['/relocation/v1/promise', { relocation, users: 'ue-1', target: null }],
      ['/relocation/v1/copy', { relocation, users: '*', source: managedOther, chunk: [] }],
    ]);
  });

  it('answers the receipt of a hand-over', async () => {
    const receipt = { relocation, epoch: 2, users: 3, count: 100, freezeMs: 3.21 };
    play = () => ({ status: 200, json: receipt });
    expect(await context.handOver(at, { relocation, target: other }, soon())).toEqual(receipt);
    expect(application.heard[0]).toMatchObject({ method: 'POST', json: { relocation, target: managedOther } });
  });

  it.each([
    ['handedOver', false, { relocation }],
    ['kept', true, { relocation, retired: true }],
  ] as const)('settles as %s', async (settlement, retired, json) => {
    play = () => ({ status: 200, json: { settlement } });
    expect(await context.settle(at, { relocation, retired }, soon())).toBe(settlement);
    expect(application.heard[0]?.json).toEqual(json);
  });

  const promise = async (): Promise<unknown> =>
    await context.promise(at, { relocation, users: '*', target: null }, soon());
  const handOver = async (): Promise<unknown> => await context.handOver(at, { relocation, target: other }, soon());
  const standBy = async (): Promise<unknown> =>
    await context.standBy(at, { relocation, users: '*', source: other }, soon());

  it.each([
    [promise, 409, 'PromisedElsewhere', 'PromisedElsewhere', /another relocation \(fother\)/],
    [promise, 409, 'NotServing', 'NotServing', /not the authority/],
    [promise, 409, 'Whatever', 'PeerRejected', /409/],
    [standBy, 409, 'Authority', 'TargetRefused', /itself the authority/],
    [handOver, 409, 'Kept', 'KeptBySource', /keep these users/],
    [handOver, 409, 'NotPromised', 'NotServing', /not promised/],
    [handOver, 504, 'TargetSilent', 'PeerUnavailable', /the target did not answer in time; the source thawed/],
    [handOver, 504, 'about:blank', 'PeerUnavailable', /504/],
  ])('%s refused with %i %s is %s', async (asks, status, type, failure, message) => {
    play = () => ({
      status,
      json: { type, status, ...(type === 'PromisedElsewhere' && { relocation: 'fother' }) },
      headers: { 'content-type': 'application/problem+json' },
    });
    const refused = asks();
    await expect(refused).rejects.toMatchObject({ type: failure });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow('127.0.0');
  });

  it('waits longer for a hand-over than a freeze may last', async () => {
    play = () => undefined;
    const begun = performance.now();
    await expect(handOver()).rejects.toMatchObject({ type: 'PeerUnavailable' });
    expect(performance.now() - begun).toBeGreaterThan(2_500);
  });

  it('is unavailable when the answer is lost, or nobody is there; no address is told', async () => {
    application.loseAnswer('POST /relocation/v1/handOver', 'reset');
    await expect(handOver()).rejects.toMatchObject({ type: 'PeerUnavailable' });
    await application.close();
    await expect(promise()).rejects.toMatchObject({
      type: 'PeerUnavailable',
      message: expect.not.stringContaining('127.0.0'),
    });
    application = await faultyServer(() => undefined);
  });
});

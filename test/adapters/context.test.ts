import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../activities/ports.ts';
import { contractContext } from '../../adapters/application/context.ts';
import { withoutContract } from '../../adapters/application/without-contract.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { busy } from '../support/busy.ts';
import { faultyServer, type FaultyServer, type Heard, type Reply } from '../support/faulty-server.ts';

const relocation = 'fabcdefghijklmnopqrstuvwxy';
const other: Endpoint = { host: '127.0.0.9', port: 7000 };

describe('the application contract', () => {
  let application: FaultyServer;
  let play: (heard: Heard) => Reply | undefined;
  let context: Context;
  let at: Endpoint;
  let managedOther: Endpoint;
  const soon = (): AbortSignal => AbortSignal.timeout(10_000);

  beforeEach(async () => {
    play = () => ({ status: 500 });
    application = await faultyServer((heard) => play(heard));
    at = { host: '127.0.0.1', port: 80 };
    const managementPort = Number(new URL(application.url).port);
    managedOther = { host: other.host, port: managementPort };
    context = contractContext({ name: 'application', managementPort }, pino({ enabled: false }));
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
    expect(await context.state(at, '*', soon())).toEqual({ ...state, epoch: 0, copies: [], retiring: false });
    expect(application.heard[0]).toMatchObject({ method: 'GET', path: '/relocation/v1/state' });
    expect(application.heard[0]?.query.get('users')).toBe('*');
    play = () => ({ status: 200, json: { ...state, retiring: true } });
    expect(await context.state(at, '*', soon())).toMatchObject({ retiring: true });
    play = () => ({ status: 200, json: { ...state, role: 'king' } });
    await expect(context.state(at, '*', soon())).rejects.toMatchObject({ type: 'PeerMalformed' });
  });

  it('is asked at an IPv6 address as well', async () => {
    const server = createServer((_, res) => void res.writeHead(204).end());
    await new Promise<void>((listening) => server.listen(0, '::1', listening));
    try {
      const managementPort = (server.address() as AddressInfo).port;
      const there = contractContext({ name: 'application', managementPort }, pino({ enabled: false }));
      const introduction = { relocation, users: '*', source: { host: '2001:db8::9', port: 7000 }, epoch: 1 };
      await expect(there.standBy({ host: '::1', port: 80 }, introduction, soon())).resolves.toBeUndefined();
    } finally {
      server.close();
    }
  });

  it('names management endpoints in bodies', async () => {
    play = () => ({ status: 200, json: { users: 2, copied: 1 } });
    expect(await context.promise(at, { relocation, users: '*', target: other }, soon())).toEqual({
      users: 2,
      copied: 1,
    });
    await context.promise(at, { relocation, users: 'ue-1', target: null }, soon());
    play = () => ({ status: 204 });
    await context.standBy(at, { relocation, users: '*', source: other, epoch: 1 }, soon());
    expect(application.heard.map(({ path, json }) => [path, json])).toEqual([
      ['/relocation/v1/promise', { relocation, users: '*', target: managedOther }],
      ['/relocation/v1/promise', { relocation, users: 'ue-1', target: null }],
      ['/relocation/v1/copy', { relocation, users: '*', source: managedOther, chunk: [], epoch: 1 }],
    ]);
  });

  it('has the target take over, and tells whoever serves, or does not know the call', async () => {
    const took = { users: 1, count: 7, kept: [{ user: 'ue-2', epoch: 9 }] };
    play = () => ({ status: 200, json: took });
    const supersede = { relocation, users: '*', epoch: 9, to: null, elsewhere: [] };
    expect(await context.supersede(at, supersede, soon())).toEqual(took);
    expect(application.heard[0]).toMatchObject({ path: '/relocation/v1/supersede', json: { to: null, spared: false } });
    await context.supersede(at, { ...supersede, to: other }, soon());
    expect(application.heard[1]).toMatchObject({ json: { to: managedOther, spared: true } });
    play = () => ({ status: 409, json: { type: 'Authority' } });
    expect(await context.supersede(at, supersede, soon())).toBe('serves');
    play = () => ({ status: 409, json: { type: 'Outdated' } });
    await expect(context.supersede(at, supersede, soon())).rejects.toMatchObject({ type: 'TargetRefused' });
    play = () => ({ status: 404 });
    await expect(context.supersede(at, supersede, soon())).rejects.toMatchObject({ type: 'ContractMissing' });
  });

  it('answers the receipt of a hand-over', async () => {
    const receipt = { relocation, epoch: 2, users: 1, count: 100, freezeMs: 3.21 };
    play = () => ({ status: 200, json: receipt });
    expect(await context.handOver(at, { relocation, target: other }, soon())).toEqual({ ...receipt, of: null });
    const of = [{ user: 'ue-1', count: 100 }];
    play = () => ({ status: 200, json: { ...receipt, of } });
    expect(await context.handOver(at, { relocation, target: other }, soon())).toEqual({ ...receipt, of });
    expect(application.heard[0]).toMatchObject({ method: 'POST', json: { relocation, target: managedOther } });
    play = () => ({ status: 200, json: { ...receipt, relocation: 'fearlier' } });
    await expect(context.handOver(at, { relocation, target: other }, soon())).rejects.toMatchObject({
      type: 'PeerMalformed',
      message: `application: its receipt is of relocation fearlier, and not of ${relocation}`,
    });
  });

  it.each([
    ['handedOver', false, { relocation, users: 'ue-1' }],
    ['kept', true, { relocation, users: 'ue-1', retired: true }],
  ] as const)('settles as %s', async (settlement, retired, json) => {
    play = () => ({ status: 200, json: { settlement, serves: true } });
    const settled = await context.settle(at, { relocation, users: 'ue-1', retired }, soon());
    expect(settled).toEqual({ settlement, serves: true });
    expect(application.heard.map((heard) => heard.json)).toEqual([json]);
  });

  /** Of an application of the page as it was before. */
  const older = (role: string, users: object[]) => ({
    instance: 'i1',
    role,
    users,
    promisedTo: null,
    clientSeenSecondsAgo: null,
    clients: 0,
    expectedFreezeMs: 1,
  });
  const user = (role: string) => ({ user: 'ue-1', role, epoch: 1, count: 3 });

  it.each([
    ['ue-1', older('standby', [user('authority')]), true],
    ['ue-1', older('authority', [user('relay')]), false],
    ['*', older('standby', [user('authority')]), true],
    ['*', older('standby', [user('standby')]), false],
  ])('looks whether %s are served where a settlement does not say it', async (users, state, serves) => {
    play = ({ method }) => ({ status: 200, json: method === 'GET' ? state : { settlement: 'kept' } });
    expect(await context.settle(at, { relocation, users, retired: false }, soon())).toEqual({
      settlement: 'kept',
      serves,
    });
    expect(application.heard.map(({ path }) => path)).toEqual(['/relocation/v1/settle', '/relocation/v1/state']);
  });

  const retire = async (): Promise<unknown> => await context.retire(at, { relocation, users: 'ue-1' }, soon());

  it('may tell of a hundred thousand users: whoever has handed them over has decided, and is read', async () => {
    const of = Array.from({ length: 100_000 }, (_, n) => ({ user: `subscriber-${n}@operator.example`, count: 41 }));
    const users = of.map((each) => ({ ...each, role: 'authority', epoch: 4 }));
    const quiet = { promisedTo: null, clientSeenSecondsAgo: null, clients: 0, expectedFreezeMs: 4.5 };
    play = ({ path }) => ({
      status: 200,
      json: path.endsWith('/state')
        ? { instance: 'i1', role: 'standby', users, ...quiet }
        : { relocation, epoch: 4, users: of.length, count: 41 * of.length, of, freezeMs: 4.2 },
    });
    const patient = AbortSignal.timeout(Math.round(20_000 * busy()));
    const receipt = await context.handOver(at, { relocation, target: other }, patient);
    expect(receipt.of).toHaveLength(of.length);
    expect((await context.state(at, '*', patient)).users).toHaveLength(of.length);
  });

  it('asks whether an instance may be taken away', async () => {
    play = () => ({ status: 200, json: { retires: true } });
    expect(await retire()).toBe('retires');
    expect(application.heard[0]).toMatchObject({ path: '/relocation/v1/retire', json: { relocation } });
    for (const why of ['serves', 'expected', 'pointedTo', 'something newer']) {
      play = () => ({ status: 200, json: { retires: false, why } });
      expect(await retire()).toBe('stays');
    }
    play = () => ({ status: 503 });
    await expect(retire()).rejects.toMatchObject({ type: 'PeerUnavailable' });
    play = () => ({ status: 403 });
    await expect(retire()).rejects.toMatchObject({ type: 'PeerRejected' });
  });

  it.each([404, 405, 501])('looks whether it serves anybody where it answers %i to that', async (status) => {
    const answers = [older('authority', []), older('standby', [user('authority')]), older('relay', [user('relay')])];
    const asked = [];
    for (const json of answers) {
      play = ({ method }) => (method === 'GET' ? { status: 200, json } : { status });
      asked.push(await retire());
    }
    expect(asked).toEqual(['stays', 'stays', 'retires']);
    expect(application.heard.at(-1)?.query.get('users')).toBe('*');
  });

  it('names application and site where something fails, never an address, and says when to come again', async () => {
    const { port } = new URL(application.url);
    const named = contractContext({ name: 'counter at a1', managementPort: Number(port) }, pino({ enabled: false }));
    const failing = async (reply: Reply): Promise<unknown> => {
      play = () => reply;
      return await named.state(at, '*', soon()).catch((error: unknown) => error);
    };
    const later = new Date(Date.now() + 90_000).toUTCString();
    expect(await failing({ status: 503, headers: { 'retry-after': later } })).toMatchObject({
      type: 'PeerUnavailable',
      nonRetryable: false,
      message: expect.stringContaining('counter at a1: GET /relocation/v1/state answered 503'),
      nextRetryDelay: expect.toSatisfy((ms: number) => ms > 60_000 && ms <= 90_000),
    });
    expect(await failing({ status: 200, text: '{"instance":' })).toMatchObject({ type: 'PeerMalformed' });
    for (const reply of [
      { status: 200, text: '<html>127.0.0.1</html>' },
      { status: 404, json: { title: 'Not Found', detail: 'http://127.0.0.1/x' } },
      { status: 429 },
    ]) {
      const { message } = (await failing(reply)) as Error;
      expect(message).toMatch(/^counter at a1: GET \/relocation\/v1\/state /);
      expect(message).not.toContain('127.0.0');
    }
  });

  const promise = async (): Promise<unknown> =>
    await context.promise(at, { relocation, users: '*', target: null }, soon());
  const handOver = async (): Promise<unknown> => await context.handOver(at, { relocation, target: other }, soon());
  const standBy = async (): Promise<unknown> =>
    await context.standBy(at, { relocation, users: '*', source: other, epoch: 1 }, soon());

  it.each([
    [promise, 409, 'PromisedElsewhere', 'PromisedElsewhere', /another relocation \(fother\)/],
    [promise, 409, 'NotServing', 'NotServing', /not the authority/],
    [promise, 409, 'Whatever', 'PeerRejected', /409/],
    [promise, 409, 'toString', 'PeerRejected', /409/],
    [promise, 409, '__proto__', 'PeerRejected', /409/],
    [promise, 409, 'Retiring', 'TargetRefused', /is being taken away/],
    [standBy, 409, 'Authority', 'TargetRefused', /itself the authority/],
    [standBy, 409, 'Retiring', 'TargetRefused', /is being taken away/],
    [handOver, 409, 'TargetRefused', 'TargetRefused', /the target instance refused the users; the source thawed/],
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

describe('an application without the contract', () => {
  const at: Endpoint = { host: '127.0.0.1', port: 80 };
  const { signal } = new AbortController();

  it('is taken for the authority of everybody, and hands over without a word', async () => {
    expect(await withoutContract.state(at, '*', signal)).toMatchObject({
      role: 'authority',
      users: [],
      promisedTo: null,
      expectedFreezeMs: 0,
    });
    expect(await withoutContract.promise(at, { relocation, users: '*', target: null }, signal)).toEqual({
      users: 0,
      copied: 0,
    });
    await withoutContract.standBy(at, { relocation, users: '*', source: other, epoch: 1 }, signal);
    expect(await withoutContract.handOver(at, { relocation, target: other }, signal)).toEqual({
      relocation,
      epoch: null,
      users: 0,
      count: 0,
      of: null,
      freezeMs: null,
    });
    expect(await withoutContract.settle(at, { relocation, users: '*', retired: false }, signal)).toEqual({
      settlement: 'kept',
      serves: true,
    });
  });

  it('stays where a single user moves, since whom else it serves is never known', async () => {
    expect(await withoutContract.retire(at, { relocation, users: 'ue-1' }, signal)).toBe('stays');
    expect(await withoutContract.retire(at, { relocation, users: '*' }, signal)).toBe('retires');
  });
});

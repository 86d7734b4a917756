import { type IncomingMessage, request, createServer, type Server } from 'node:http';
import { Resolver } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../sandbox/network/network.ts';
import { openTunnel } from '../../sandbox/network/tunnel.ts';
import { ask as call } from '../support/asking.ts';
import { claimNetwork } from '../support/network.ts';
import { busy } from '../support/busy.ts';

const { net: NET } = await claimNetwork();

const PORT = 7000;
const name = 'counter.edge.example';
const [a1, a2, cloud] = [`127.${NET}.21.1`, `127.${NET}.22.1`, `127.${NET}.41.1`];
const [ue1, ue2] = [`127.${NET}.100.1`, `127.${NET}.100.2`];
const userPlane = { address: `127.${NET}.2.80`, port: 8080 };
const all = { id: 'all', priority: 10, sources: [], action: 'FORWARD_DECAPSULATED' };

let network: Network;
const applications: Server[] = [];
const sockets: Socket[] = [];

/** Answers who it is, and from which address it was asked. */
async function serveApplication(address: string): Promise<void> {
  const server = createServer((req, res) => {
    if (req.url === '/large') return res.end('x'.repeat(65 * 1024));
    if (req.url === '/silent') return undefined;
    return res.setHeader('Ferry-Instance', address).end(req.socket.remoteAddress);
  });
  await new Promise<void>((done) => server.listen(PORT, address, done));
  applications.push(server);
}

const put = async (path: string, body: unknown): Promise<number> =>
  (await call('PUT', `${network.url}${path}`, body)).status;
const rules = async (of: { dns?: unknown[]; traffic?: unknown[] }, access = 'cellular') =>
  expect(await put(`/networks/${access}/rules`, of)).toBe(204);

/** Asked by another implementation of DNS than the one under test. */
async function resolve(server: string, asked = name): Promise<{ address: string; ttl: number }[] | string> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`${server}:5300`]);
  try {
    return await resolver.resolve4(asked, { ttl: true });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

async function tunnel(to: string, from = ue1): Promise<Socket> {
  const socket = await openTunnel(userPlane, {
    to: { address: to, port: PORT },
    from,
    signal: AbortSignal.timeout(2_000),
  });
  sockets.push(socket);
  return socket;
}

/** One request on a connection that stays open: which instance answered. */
async function reached(socket: Socket): Promise<unknown> {
  const res = await new Promise<IncomingMessage>((done, failed) => {
    request({ createConnection: () => socket, headers: { host: name, connection: 'keep-alive' } })
      .once('response', done)
      .once('error', failed)
      .end();
  });
  res.resume();
  return res.headers['ferry-instance'];
}

const ask = async (question: unknown) => await call('POST', `http://127.${NET}.2.90:8080/vantage/v1/ask`, question);

beforeAll(async () => {
  for (const address of [a1, a2, cloud]) await serveApplication(address);
});
afterAll(() => {
  for (const server of applications) server.close().closeAllConnections();
});
beforeEach(async () => {
  network = await startNetwork(NET);
  await put('/zone', { [name]: { address: cloud, ttl: 7 } });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await network.close();
});

describe('a resolver', () => {
  it('answers from the active rules of its own network, with their TTL, and of no other', async () => {
    await resolve(`127.${NET}.2.53`); // what is known from upstream counts for nothing then
    await rules({ dns: [{ name, address: a1, ttl: 3 }] });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([{ address: a1, ttl: 3 }]);
    expect(await resolve(`127.${NET}.3.53`)).toEqual([{ address: cloud, ttl: 7 }]);
  });

  it('answers from upstream again as soon as the rule is gone', async () => {
    await rules({ dns: [{ name, address: a1, ttl: 3 }] });
    await rules({ dns: [] });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([{ address: cloud, ttl: 7 }]);
  });

  it('keeps an answer from upstream for as long as its TTL says', async () => {
    await put('/zone', { [name]: { address: cloud, ttl: 1 } });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([{ address: cloud, ttl: 1 }]);
    await put('/zone', { [name]: { address: a2, ttl: 1 } });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([{ address: cloud, ttl: 1 }]);
    await expect
      .poll(async () => await resolve(`127.${NET}.2.53`), { timeout: 3_000 })
      .toEqual([{ address: a2, ttl: 1 }]);
  });

  it('gives both addresses of two rules for one name, and one where they agree', async () => {
    await rules({ dns: [a1, a2].map((address) => ({ name, address, ttl: 3 })) });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([a1, a2].map((address) => ({ address, ttl: 3 })));
    await rules({ dns: [a2, a2].map((address) => ({ name, address, ttl: 3 })) });
    expect(await resolve(`127.${NET}.2.53`)).toEqual([{ address: a2, ttl: 3 }]);
  });

  it('says that an unknown name does not exist', async () => {
    expect(await resolve(`127.${NET}.2.53`, 'nothing.example')).toBe('ENOTFOUND');
  });
});

describe('a user plane', () => {
  it('leads new connections by the rules and leaves an established one alone', async () => {
    const established = await tunnel(cloud);
    expect(await reached(established)).toBe(cloud);
    await rules({ traffic: [{ ...all, destinations: [cloud], leadsTo: a1 }] });
    expect(await reached(established)).toBe(cloud);
    expect(await reached(await tunnel(cloud))).toBe(a1);
    expect(await reached(await tunnel(a2))).toBe(a2);
  });

  it('leads by the device, where a rule names one', async () => {
    await rules({ traffic: [{ ...all, sources: [ue2], destinations: [cloud], leadsTo: a1 }] });
    expect(await reached(await tunnel(cloud, ue1))).toBe(cloud);
    expect(await reached(await tunnel(cloud, ue2))).toBe(a1);
  });

  it('heeds the lowest priority number, then the id', async () => {
    const to = { destinations: [cloud] };
    await rules({
      traffic: [
        { ...all, ...to, id: 'b', leadsTo: a1 },
        { ...all, ...to, id: 'a', leadsTo: a2 },
      ],
    });
    expect(await reached(await tunnel(cloud))).toBe(a2);
    await rules({
      traffic: [
        { ...all, ...to, id: 'a', leadsTo: a2 },
        { ...all, ...to, id: 'b', priority: 5, leadsTo: a1 },
      ],
    });
    expect(await reached(await tunnel(cloud))).toBe(a1);
    await rules({
      traffic: [
        { ...all, ...to, leadsTo: a1 },
        { ...all, ...to, id: 'users', priority: 0, leadsTo: a2, action: 'PASSTHROUGH' },
      ],
    });
    expect(await reached(await tunnel(cloud))).toBe(cloud);
  });

  it('understands masks and ranges, and a rule without destinations meets nobody', async () => {
    await rules({
      traffic: [
        { ...all, id: 'range', destinations: [`127.${NET}.22.1-127.${NET}.22.9`], leadsTo: a1 },
        { ...all, id: 'mask', destinations: [`127.${NET}.41.0/24`], leadsTo: a2 },
        { ...all, id: 'empty', priority: 0, destinations: [], leadsTo: cloud },
      ],
    });
    expect(await reached(await tunnel(a2))).toBe(a1);
    expect(await reached(await tunnel(cloud))).toBe(a2);
    expect(await reached(await tunnel(a1))).toBe(a1);
  });

  it('refuses what a rule drops, and says when nobody is there', async () => {
    await rules({ traffic: [{ ...all, destinations: [cloud], action: 'DROP' }] });
    await expect(tunnel(cloud)).rejects.toThrow('answered 403');
    await expect(tunnel(`127.${NET}.41.99`)).rejects.toThrow('answered 502');
  });
});

describe('a vantage point', () => {
  it('resolves as its own network does, heeding no case', async () => {
    await rules({ dns: [{ name, address: a1, ttl: 3 }] });
    const at = async (vantage: string, asked: string) =>
      (await call('GET', `http://${vantage}:8080/vantage/v1/resolve?name=${asked}`)).body;
    expect(await at(`127.${NET}.2.90`, name)).toEqual({ name, answers: [{ address: a1, ttl: 3 }] });
    expect(await at(`127.${NET}.2.90`, name.toUpperCase())).toMatchObject({ answers: [{ address: a1 }] });
    expect(await at(`127.${NET}.3.90`, name)).toEqual({ name, answers: [{ address: cloud, ttl: 7 }] });
    expect(await at(`127.${NET}.2.90`, 'nothing.example')).toEqual({ name: 'nothing.example', answers: [] });
  });

  it('asks as a device: from its address, by the rules that meet it', async () => {
    await rules({ traffic: [{ ...all, sources: [ue2], destinations: [cloud], leadsTo: a1 }] });
    const url = `http://${name}:${PORT}/`;
    const seen = { status: 200, body: { status: 200, body: ue2, headers: { 'ferry-instance': a1 } } };
    expect(await ask({ url, from: ue2 })).toMatchObject(seen);
    expect(await ask({ url, from: ue1 })).toMatchObject({ body: { headers: { 'ferry-instance': cloud } } });
    expect(await ask({ url, from: null })).toMatchObject({ body: { body: `127.${NET}.2.90` } });
  });

  it('answers 502 when nobody is there, when the answer is too large, and when it does not come in time', async () => {
    expect((await ask({ url: `http://127.${NET}.41.99:${PORT}/`, from: ue1 })).status).toBe(502);
    expect((await ask({ url: `http://nothing.example:${PORT}/`, from: ue1 })).status).toBe(502);
    expect(await ask({ url: `http://${cloud}:${PORT}/large`, from: null })).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('65536') as string },
    });
    const begun = performance.now();
    expect((await ask({ url: `http://${cloud}:${PORT}/silent`, from: null })).status).toBe(502);
    expect(performance.now() - begun).toBeLessThan(3_000 * busy());
  });
});

describe('the control of the networks', () => {
  it('shows rules, zone, what resolvers answer, connections and redirects', async () => {
    await rules({
      dns: [{ name, address: a1, ttl: 3 }],
      traffic: [{ ...all, destinations: [cloud], leadsTo: a1 }],
    });
    await rules({ dns: [{ name: 'other.example', address: a2, ttl: 3 }] }, 'wifi');
    await tunnel(cloud);
    await tunnel(cloud);
    const { body: state } = await call('GET', `${network.url}/state`);
    const connection = { from: ue1, to: `${cloud}:${PORT}`, ledTo: `${a1}:${PORT}` };
    expect(state).toMatchObject({
      zone: { [name]: { address: cloud, ttl: 7 } },
      networks: {
        cellular: {
          rules: { dns: [{ name }], traffic: [{ id: 'all' }] },
          answers: { [name]: [{ address: a1, ttl: 3 }] },
          connections: [connection, connection],
          redirects: [{ rule: 'all', to: cloud, ledTo: a1, count: 2 }],
        },
        wifi: {
          answers: { [name]: [{ address: cloud, ttl: 7 }], 'other.example': [{ address: a2, ttl: 3 }] },
          connections: [],
          redirects: [],
        },
      },
    });
  });

  it('refuses rules that say nothing sensible, and keeps those it has', async () => {
    await rules({ traffic: [{ ...all, destinations: [cloud], leadsTo: a1 }] });
    const bad = async (rule: object) => await put('/networks/cellular/rules', { traffic: [{ ...all, ...rule }] });
    expect(await bad({ destinations: ['everywhere'], leadsTo: a1 })).toBe(400);
    expect(await bad({ destinations: [cloud] })).toBe(400);
    expect(await bad({ destinations: [cloud], leadsTo: a1, action: 'FORWARD_ENCAPSULATED' })).toBe(400);
    expect(await reached(await tunnel(cloud))).toBe(a1);
  });
});

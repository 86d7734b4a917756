import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lead, Path } from '../../activities/ports.ts';
import { Exchange } from '../../adapters/http.ts';
import { mec011Path } from '../../adapters/mec011/path.ts';
import { sealWith } from '../../configuration/seal.ts';
import { Faults } from '../../sandbox/faults.ts';
import { Journal } from '../../sandbox/journal.ts';
import { type Peer, servePeer } from '../../sandbox/peer.ts';
import { ActiveRules, Rules } from '../../sandbox/network/rules.ts';
import { Platform } from '../../sandbox/peers/platform.ts';
import { counterDescriptor, DOMAIN_NAME } from '../../sandbox/provider.ts';
import { quickWait } from '../support/wait.ts';

/**
 * The sandbox shares no code with the adapters: here two readings of MEC 011 meet, and what a
 * device sees of it.
 */
const [S, T, C] = ['127.10.21.1', '127.10.22.1', '127.20.1.1'];
const [D, E] = ['127.10.100.1', '127.10.100.2'];
const soon = (): AbortSignal => AbortSignal.timeout(5_000);

const etags = { source: 'version', target: 'content' } as const;
let peers: Peer[];
let platforms: Record<keyof typeof etags, Platform>;
let paths: Record<keyof typeof etags, Path>;

beforeEach(async () => {
  const made = Object.entries(etags).map(([name, etag]) => [name, new Platform(name, 'http://p', etag)] as const);
  platforms = Object.fromEntries(made) as typeof platforms;
  platforms.source.admit('s1', counterDescriptor(5), S);
  platforms.target.admit('t1', counterDescriptor(5), T);
  const faults = new Faults();
  peers = await Promise.all(
    made.map(async ([name, platform]) => {
      const routes = platform.routes(faults, async () => undefined);
      const plan = { name, address: '127.0.0.1', port: 0, routes, state: () => null };
      return await servePeer(plan, { journal: new Journal(), faults });
    }),
  );
  paths = Object.fromEntries(
    peers.map(({ name, url }) => [
      name,
      mec011Path(new Exchange({ name, url, timeoutMs: 5_000 }, pino({ enabled: false })), sealWith('a secret')),
    ]),
  ) as typeof paths;
});
afterEach(async () => {
  for (const peer of peers) await peer.close();
});

const lead = (change: Partial<Lead> = {}): Lead => ({
  name: DOMAIN_NAME,
  aliases: [],
  ruleIds: [],
  device: null,
  from: { instance: 's1', endpoint: { host: S, port: 7000 } },
  to: { instance: 't1', endpoint: { host: T, port: 7000 } },
  former: [S, C],
  sameNetwork: true,
  ...change,
});
const both = async (change: Partial<Lead> = {}) => ({
  target: await paths.target.plan('here', lead(change), null, soon()),
  source: await paths.source.plan('away', lead(change), null, soon()),
});
/** What the access network does by the rules of these platforms. */
function network(...of: (keyof typeof etags)[]): ActiveRules {
  const rules = new ActiveRules();
  const active = of.map((name) => platforms[name].active());
  rules.replace(
    Rules.parse({ dns: active.flatMap(({ dns }) => dns), traffic: active.flatMap(({ traffic }) => traffic) }),
  );
  return rules;
}
const ways = (net: ActiveRules, device: string) => [S, T, C].map((address) => net.way(device, address).address);
const state = () => JSON.stringify([platforms.source.state(), platforms.target.state()]);

describe('a platform of the sandbox', () => {
  it('leads everybody to the target, by name and from every former address, and back', async () => {
    const before = state();
    const turns = await both();
    await paths.target.turn(turns.target, quickWait());
    await paths.source.turn(turns.source, quickWait());
    const net = network('source', 'target');
    expect(net.records(DOMAIN_NAME)).toMatchObject([{ address: T }]);
    expect(ways(net, D)).toEqual([T, T, T]);
    await paths.source.turnBack(turns.source, quickWait());
    await paths.target.turnBack(turns.target, quickWait());
    expect(JSON.parse(state())).toEqual(JSON.parse(before));
  });

  it('leads one device to the target, and no other', async () => {
    const before = state();
    const turns = await both({ device: D, sameNetwork: false });
    await paths.target.turn(turns.target, quickWait());
    await paths.source.turn(turns.source, quickWait());
    for (const site of ['source', 'target'] as const) {
      expect(ways(network(site), D)).toEqual([T, T, T]);
      expect(ways(network(site), E)).toEqual([S, T, C]);
    }
    await paths.source.turnBack(turns.source, quickWait());
    await paths.target.turnBack(turns.target, quickWait());
    expect(JSON.parse(state())).toEqual(JSON.parse(before));
  });

  it('shares the rule of single devices among nine that move at once', async () => {
    const before = state();
    const devices = Array.from({ length: 9 }, (_, at) => `127.10.100.${at + 1}`);
    const turns = await Promise.all(devices.map(async (device) => await both({ device, sameNetwork: false })));
    const each = async (one: (turn: (typeof turns)[number]) => Promise<number>[]) =>
      await Promise.all(turns.flatMap(one));
    await each(({ source, target }) => [
      paths.target.turn(target, quickWait(60_000)),
      paths.source.turn(source, quickWait(60_000)),
    ]);
    for (const device of devices)
      for (const site of ['source', 'target'] as const) expect(ways(network(site), device)).toEqual([T, T, T]);
    await each(({ source, target }) => [
      paths.source.turnBack(source, quickWait(60_000)),
      paths.target.turnBack(target, quickWait(60_000)),
    ]);
    expect(JSON.parse(state())).toEqual(JSON.parse(before));
  });
});

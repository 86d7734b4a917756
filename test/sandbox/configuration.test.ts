import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../configuration/peers.ts';
import { configurationOfA } from '../../sandbox/operators/a.ts';
import { counterDescriptor, realIds } from '../../sandbox/provider.ts';

const built = {
  descriptor: counterDescriptor(2),
  archive: Buffer.of(),
  checksum: 'a'.repeat(64),
  domainName: 'counter.edge.example',
  fileName: 'c.zip',
};
const plan = { net: 34, world: 'w', clampSeconds: 4, ttlSeconds: 2, pace: {} };
const parsed = (change: object = {}, of = built) =>
  parseConfiguration(JSON.stringify(configurationOfA({ ...plan, ...change }, of, '/tmp/c.zip')));

describe("Ferry's configuration of a world", () => {
  it('is one that Ferry accepts', () => {
    const { sites, applications, users, networks, world } = parsed();
    expect(world).toBe('w');
    expect(Object.keys(sites).toSorted()).toEqual(['a1', 'a2', 'cloud', 'w1']);
    expect(applications['counter']).toMatchObject({ checksum: built.checksum, requires: ['RNIS'], port: 7000 });
    expect(users['ue-9']).toEqual({ address: '127.34.100.9' });
    expect(networks['wifi']).toEqual({
      vantage: 'vantage-wifi',
      resolverClampSeconds: 4,
      location: { service: 'whereabouts', zones: ['halls'] },
    });
  });

  it('names the rules of the package, whatever it calls them, for platforms that list those only that are active', () => {
    expect(parsed().applications['counter']?.ruleIds).toEqual(['name', 'all', 'users']);
    const real = { ...built, descriptor: counterDescriptor(2, realIds) };
    const ruleIds = ['DNSRule001', 'TrafficRule001', 'TrafficRule002'];
    expect(parsed({}, real).applications['counter']?.ruleIds).toEqual(ruleIds);
  });

  it('has the pace that was asked for, and is refused with one that Ferry does not know', () => {
    expect(parsed({ pace: { quietMs: 7 } }).pace).toMatchObject({ quietMs: 7, pollMs: 100 });
    expect(() => parsed({ pace: { quiteMs: 7 } })).toThrow(/quiteMs/);
  });
});

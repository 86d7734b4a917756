import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../configuration/peers.ts';
import { issuersOf } from '../../sandbox/issuers/clients.ts';
import { counterDescriptor } from '../../sandbox/provider.ts';
import { topologies } from '../../sandbox/topologies/topologies.ts';

const built = {
  descriptor: counterDescriptor(2),
  archive: Buffer.of(),
  checksum: 'a'.repeat(64),
  domainName: 'counter.edge.example',
  fileName: 'c.zip',
};
const plan = { net: 34, world: 'w', clampSeconds: 4, ttlSeconds: 2, pace: {} };
const ferries = (topology: keyof typeof topologies) =>
  topologies[topology].ferries(plan, built, '/c.zip', '/secrets').map(({ configuration, ...ferry }) => ({
    ...ferry,
    configuration: parseConfiguration(JSON.stringify(configuration)),
  }));

describe('the topology', () => {
  it('alone is operator A, and knows of no federation', () => {
    const [a, ...others] = ferries('alone');
    expect(others).toEqual([]);
    expect(a?.configuration.federation).toBeUndefined();
    expect(topologies.alone.issuers).toBe(false);
    expect(topologies.alone.systems(34, 'http://a', '/secrets').map(({ name }) => name)).toEqual(['cellular', 'wifi']);
  });

  it('pair has two operators, each with a Ferry, systems and addresses of its own', () => {
    const [a, b] = ferries('pair');
    expect([a?.operator, b?.operator]).toEqual(['operator-a', 'operator-b']);
    expect(Object.keys(a?.configuration.systems ?? {})).toEqual(['cellular', 'wifi']);
    expect(Object.keys(b?.configuration.systems ?? {})).toEqual(['metro']);
    const systems = topologies.pair.systems(34, 'http://a', '/secrets');
    expect(systems.map(({ name, federator }) => `${name} at ${federator?.url} as ${federator?.client}`)).toEqual([
      'cellular at http://a as meo-cellular',
      'wifi at http://a as meo-wifi',
      'metro at http://127.34.50.1:8700 as meo-metro',
    ]);
    expect([a?.outer, b?.inner, b?.outer].map((at) => `${at?.address}:${at?.port}`)).toEqual([
      '127.34.10.1:8701',
      '127.34.50.1:8700',
      '127.34.50.1:8701',
    ]);
  });

  it('pair has partners that reach each other where each listens, as clients that the other knows', () => {
    const pair = ferries('pair');
    for (const [own, other] of [pair, pair.toReversed()]) {
      const [ours, theirs] = [own?.configuration.federation, other?.configuration.federation];
      const partner = ours?.partners[other?.operator ?? ''];
      expect(partner).toMatchObject({ operator: theirs?.operator.id, url: theirs?.url });
      const issuer = issuersOf(34, false).find(({ url }) => url === partner?.client.issuer);
      expect(issuer).toMatchObject({ audience: theirs?.issuers['own']?.audience, url: theirs?.issuers['own']?.issuer });
      expect(issuer?.clients[partner?.client.id ?? '']).toEqual(['fed-mgmt', 'mff', 'mpp']);
      for (const { client } of Object.values(other?.configuration.systems ?? {}))
        expect(issuer?.clients[client ?? '']).toContain('fed_enablement');
    }
  });
});

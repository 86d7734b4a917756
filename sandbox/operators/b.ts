import { type Plan, pace, peerOf, type Unfederated } from '../configuration.ts';
import type { SystemPlace } from '../peers/system.ts';

/** Operator B: one system in another town. Its users are not of this world. */

export const systemsOfB = (net: number): SystemPlace[] => [
  {
    name: 'metro',
    meo: `127.${net}.52.1`,
    hosts: [{ id: 'b1', address: `127.${net}.52.11`, instances: `127.${net}.62`, etag: 'version' }],
  },
];

/** The configuration file of its Ferry. */
export function configurationOfB(plan: Plan): Unfederated {
  const peer = peerOf(plan, 'operator-b');
  return {
    world: plan.world,
    peers: { 'meo-metro': peer('meo', '52.1'), 'platform-b1': peer('platform', '52.11') },
    networks: { metro: { resolverClampSeconds: plan.clampSeconds } },
    systems: { metro: { meo: 'meo-metro', network: 'metro' } },
    sites: {
      b1: {
        kind: 'mecHost',
        system: 'metro',
        host: 'b1',
        platform: 'platform-b1',
        addresses: `127.${plan.net}.62.0/24`,
        zone: { id: 'centre', lat: 52.396, lon: 13.058, details: 'The old part of the next town' },
      },
    },
    applications: {},
    pace: { ...pace, ...plan.pace },
  };
}

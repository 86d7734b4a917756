import { afterAll, beforeAll } from 'vitest';
import { joined } from './joined.ts';
import { claimNetwork, type ClaimedNetwork } from './network.ts';
import { Pair } from './pair.ts';

/**
 * Two operators that have joined, whose start costs more than most of what is done there. They have servers of their own:
 * two hundred ask at once, and are counted by the second, whatever else of the test run asks Temporal meanwhile.
 */
export let pair: Pair;

export function onAJoinedPair(): void {
  let network: ClaimedNetwork;
  beforeAll(async () => {
    network = await claimNetwork();
    pair = await Pair.set(network.net, { ownServers: true });
    await joined(pair);
  }, 600_000);
  afterAll(async () => {
    await pair?.strike();
    await network?.release();
  });
}

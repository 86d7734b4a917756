import type { PeerSeen } from '../domain/peer-seen.ts';
import { lookAtPeers as look } from './steps.ts';

/** How peers were seen, and a short question to those that were not seen lately; the API itself calls no peer. */
export async function lookAtPeers(): Promise<readonly PeerSeen[]> {
  return await look();
}

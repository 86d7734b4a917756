import { type PeerSeen, seenNow } from '../domain/peer-seen.ts';
import { type PeerCall, peerCalls } from '../traces/told.ts';

/** How this worker's calls have seen its peers. */
export class PeersSeen {
  readonly #peers: ReadonlySet<string>;
  readonly #seen = new Map<string, { readonly seen: PeerSeen; readonly atMs: number }>();

  constructor(peers: Iterable<string>) {
    this.#peers = new Set(peers);
    peerCalls.subscribe((told) => {
      const { begun, outcome, failure } = told as PeerCall;
      // What was not waited for says nothing
      if (failure !== undefined || 'status' in outcome) this.note(begun.peer, failure ?? null);
    });
  }

  get all(): readonly PeerSeen[] {
    return [...this.#seen.values()].map(({ seen }) => seen);
  }

  note(peer: string, failure: string | null): void {
    if (!this.#peers.has(peer)) return;
    const seen = seenNow(peer, failure, new Date().toISOString(), this.#seen.get(peer)?.seen);
    this.#seen.set(peer, { seen, atMs: performance.now() });
  }

  wasSeenWithin(ms: number, peer: string): boolean {
    const atMs = this.#seen.get(peer)?.atMs;
    return atMs !== undefined && performance.now() - atMs < ms;
  }
}

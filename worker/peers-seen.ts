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

  /** These first, then those that were seen last; no more than so many. */
  told(most: number, first: ReadonlyMap<string, unknown>): readonly PeerSeen[] {
    const all = [...this.#seen.values()].toSorted((a, b) => b.atMs - a.atMs).map(({ seen }) => seen);
    const [asked, others] = [all.filter(({ name }) => first.has(name)), all.filter(({ name }) => !first.has(name))];
    return [...asked, ...others].slice(0, most);
  }

  note(peer: string, failure: string | null): void {
    if (!this.#peers.has(peer)) return;
    const seen = seenNow(peer, failure, new Date().toISOString(), this.#seen.get(peer)?.seen);
    this.#seen.set(peer, { seen, atMs: performance.now() });
  }

  /** Of whom nothing was seen for so long, those first of whom nothing was for the longest. */
  notWithin<T>(ms: number, peers: readonly (readonly [name: string, of: T])[]): readonly (readonly [string, T])[] {
    const atMs = (peer: string): number => this.#seen.get(peer)?.atMs ?? Number.NEGATIVE_INFINITY;
    const since = performance.now() - ms;
    return peers.filter(([name]) => atMs(name) <= since).toSorted(([a], [b]) => atMs(a) - atMs(b) || 0);
  }
}

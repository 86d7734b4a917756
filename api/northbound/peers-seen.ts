import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerSeen, together } from '../../domain/peer-seen.ts';

/** So long what was seen is good enough for whoever asks. */
const LOOK_AGAIN_MS = 30_000;

/** How workers have seen the peers. Whoever asks after a while has one of them look, for all who ask meanwhile. */
export class PeersSeen {
  readonly #look: () => Promise<readonly PeerSeen[]>;
  readonly #seen = new Map<string, PeerSeen>();
  #looking: Promise<void> = Promise.resolve();
  #againAtMs = 0;

  constructor(look: () => Promise<readonly PeerSeen[]>) {
    this.#look = look;
  }

  /** What is known at once, or after a look for which is waited no longer than that. */
  async known(waitMs: number): Promise<ReadonlyMap<string, PeerSeen>> {
    if (performance.now() >= this.#againAtMs) this.#looking = this.#lookNow();
    if (waitMs > 0) await Promise.race([this.#looking, sleep(waitMs, undefined, { ref: false })]);
    return this.#seen;
  }

  async #lookNow(): Promise<void> {
    this.#againAtMs = Number.POSITIVE_INFINITY;
    try {
      for (const peer of await this.#look()) this.#seen.set(peer.name, together(this.#seen.get(peer.name), peer));
    } catch {
      // Without Temporal or a worker nothing more is seen: what was stands, with its dates
    } finally {
      this.#againAtMs = performance.now() + LOOK_AGAIN_MS;
    }
  }
}

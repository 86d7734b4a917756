import type { Board } from './board.ts';
import type { FollowerReader } from './follower-reader.ts';

/** Each is asked itself: so many are told of, and so often. */
const [AT_MOST, MS] = [50, 5_000];
/** Of those that ended, so many are told of to whoever comes back. */
const KEPT = 100;

/** Who follows whom, kept on a board. */
export class FollowersFeed {
  readonly #reader: FollowerReader;
  readonly #board: Board;
  #told = new Set<string>();
  readonly #gone = new Set<string>();
  #at = Number.NEGATIVE_INFINITY;

  constructor(reader: FollowerReader, board: Board) {
    [this.#reader, this.#board] = [reader, board];
  }

  /** Throws what Temporal says. */
  async round(now: number): Promise<void> {
    if (now - this.#at < MS) return;
    const { followers } = await this.#reader.page(AT_MOST);
    this.#at = now;
    for (const follower of followers) {
      this.#board.post(keyOf(follower.id), 'follower', follower);
      this.#gone.delete(follower.id);
    }
    const there = new Set(followers.map(({ id }) => id));
    for (const id of this.#told) {
      if (there.has(id)) continue;
      this.#board.post(keyOf(id), 'gone', { id, what: 'follower' });
      this.#gone.add(id);
    }
    this.#told = there;
    for (const oldest of [...this.#gone].slice(0, -KEPT)) {
      this.#gone.delete(oldest);
      this.#board.forget(keyOf(oldest));
    }
  }
}

const keyOf = (id: string): string => `follower ${id}`;

import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { StreamEvent } from './stream.ts';

interface Posted {
  readonly n: number;
  readonly event: string;
  readonly data: string;
  /** What makes it another one; what else it tells may have changed meanwhile. */
  readonly mark: string;
}

/**
 * What is known now, of each thing its latest only, under a number that rises with every change. Whoever has read up to a
 * number misses what has a higher one: no history has to be kept, and however late a reader comes, nothing is lost to it.
 */
export class Board {
  /** Numbers of another process, or of one before a restart, mean nothing here. */
  readonly #origin = randomBytes(6).toString('hex');
  /** In the order of their numbers. */
  readonly #posted = new Map<string, Posted>();
  #n = 0;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /** `mark`: with the one that it has, nothing is told. */
  post(key: string, event: string, data: object, mark = JSON.stringify(data)): void {
    if (this.#posted.get(key)?.mark === mark) return;
    this.#posted.delete(key);
    this.#posted.set(key, { n: (this.#n += 1), event, data: JSON.stringify(data), mark });
    this.#changes.emit('posted');
  }

  /** It is told to nobody who comes from now on. */
  forget(key: string): void {
    this.#posted.delete(key);
  }

  get latest(): number {
    return this.#n;
  }

  /** Undefined: it is no id of this board, or of nothing yet. */
  numberOf(id: string | undefined): number | undefined {
    const [origin, n = ''] = id?.split('.') ?? [];
    return origin === this.#origin && /^[1-9]\d{0,14}$/.test(n) ? Number(n) : undefined;
  }

  idOf(n: number): string {
    return `${this.#origin}.${n}`;
  }

  after(n: number): { readonly n: number; readonly told: StreamEvent }[] {
    return [...this.#posted.values()]
      .filter((posted) => posted.n > n)
      .map(({ n: at, event, data }) => ({ n: at, told: { id: this.idOf(at), event, data } }));
  }

  /** Resolves when something is posted, or when `signal` says so. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#changes, 'posted', { signal }).catch(() => undefined);
  }
}

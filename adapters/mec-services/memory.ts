import type { Whose } from './record.ts';

/** So long a server may be trusted not to give the name of one subscription to another. */
const REMEMBERED_MS = 600_000;
/** What is hidden may have been so for a moment: it is believed once it was hidden again after so long. */
const DOUBTED_MS = 2_000;
const MOST = 100_000;

interface Known<Told> {
  readonly whose: Told | null;
  readonly until: number;
}

/**
 * Whose the subscriptions at a platform are. Those of others are read once, not at every look,
 * however many they are. What is known is whose each is, not for whom we asked: the next owner may
 * be another. And what was known before cannot be what was just made.
 */
export class Acquaintances<Told = Whose> {
  /** By the collection, then by the id. */
  readonly #known = new Map<string, Map<string, Known<Told>>>();
  readonly #read = new Map<string, Promise<unknown>>();

  /** Null: it may not be read; undefined: not known. */
  whose(id: string): Told | null | undefined {
    const known = this.#known.get(collectionOf(id))?.get(id);
    return known === undefined || known.until < performance.now() ? undefined : known.whose;
  }

  remember(id: string, whose: Told | null): void {
    const collection = collectionOf(id);
    const known = this.#known.get(collection) ?? new Map<string, Known<Told>>();
    this.#known.set(collection, known);
    const isDoubted = whose === null && known.get(id)?.whose !== null;
    known.delete(id);
    known.set(id, { whose, until: performance.now() + (isDoubted ? DOUBTED_MS : REMEMBERED_MS) });
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
  }

  /** Whoever comes while one is being read is told what that came to: fifty who look at once read each of a stranger's once. */
  async told(id: string, signal: AbortSignal): Promise<Told | null | undefined> {
    for (;;) {
      const reading = this.#read.get(id);
      const told = this.whose(id);
      if (told !== undefined || reading === undefined) return told;
      await reading.catch(() => undefined); // where it could not be read whoever waits tries himself
      signal.throwIfAborted();
    }
  }

  async reading<T>(id: string, read: () => Promise<T>): Promise<T> {
    const reading = read();
    this.#read.set(id, reading);
    try {
      return await reading;
    } finally {
      if (this.#read.get(id) === reading) this.#read.delete(id);
    }
  }

  get ids(): ReadonlySet<string> {
    return new Set([...this.#known.values()].flatMap((known) => [...known.keys()]));
  }

  forget(id: string): void {
    this.#known.get(collectionOf(id))?.delete(id);
  }

  /** A server that starts anew gives out names again: what is not listed any more is forgotten. */
  keepOnly(collection: string, listed: ReadonlyMap<string, unknown>): void {
    const known = this.#known.get(collection);
    for (const id of known?.keys() ?? []) if (!listed.has(id)) known?.delete(id);
  }
}

const collectionOf = (id: string): string => id.slice(0, id.lastIndexOf('/'));

/** What was found out about a text, for a while: at most `limit` texts, of which the oldest goes first. */
export class Remembered<T> {
  readonly #limit: number;
  readonly #of = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#of.size;
  }

  get(key: string): T | undefined {
    const found = this.#of.get(key);
    if (found === undefined || performance.now() < found.until) return found?.value;
    this.#of.delete(key);
    return undefined;
  }

  set(key: string, value: T, ms: number): void {
    this.#of.delete(key);
    if (ms <= 0) return;
    this.#of.set(key, { value, until: performance.now() + ms });
    const [oldest] = this.#of.keys();
    if (this.#of.size > this.#limit && oldest !== undefined) this.#of.delete(oldest);
  }
}

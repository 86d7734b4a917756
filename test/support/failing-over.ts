import { Client } from 'pg';

/** The parts of the driver's connection that are played with here. */
interface Connection {
  readonly query: (...asked: unknown[]) => unknown;
  readonly end: () => Promise<void>;
}
const prototype = Client.prototype as unknown as { query: Connection['query'] };

/**
 * A database that fails over: the connection is cut once at each statement of each step, and at each commit, before it was carried
 * out or when nobody has heard its answer. Stands while `during` runs; whatever is asked beside that goes through.
 */
export class FailingOver {
  /** At what it was cut. */
  readonly at = new Set<string>();
  readonly #when: 'before' | 'executed';
  readonly #last = new WeakMap<object, string>();
  #step: string | undefined;

  constructor(when: 'before' | 'executed') {
    this.#when = when;
  }

  /** Until it is stood down: of connections that are made meanwhile. */
  stand(): () => void {
    const { query } = prototype;
    const judged = async (connection: Connection, asked: unknown[]): Promise<unknown> =>
      await this.#asked(connection, query, asked);
    prototype.query = function (this: Connection, ...asked: unknown[]) {
      return typeof asked.at(-1) === 'function' ? query.apply(this, asked) : judged(this, asked);
    };
    return () => void (prototype.query = query);
  }

  async during<T>(step: string, work: () => Promise<T>): Promise<T> {
    this.#step = step;
    return await work().finally(() => {
      this.#step = undefined;
    });
  }

  async #asked(connection: Connection, query: Connection['query'], asked: unknown[]): Promise<unknown> {
    const text = String(asked[0]).replaceAll(/\s+/g, ' ').toLowerCase();
    const what = `${this.#step} ${text === 'commit' ? `commit of ${this.#last.get(connection)}` : text}`;
    this.#last.set(connection, text);
    const isDue = this.#step !== undefined && text !== 'rollback' && !this.at.has(what);
    if (!isDue) return await query.apply(connection, asked);
    this.at.add(what);
    if (this.#when === 'executed') await query.apply(connection, asked);
    await connection.end().catch(() => undefined);
    throw new Error('Connection terminated unexpectedly');
  }
}

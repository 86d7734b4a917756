import type { Board } from './board.ts';
import { queryForPerson, RELOCATIONS } from './index-of-runs.ts';
import type { FederationWith } from '../resources.ts';
import type { Waiting } from './table/waiting.ts';
import { waitingOfPartner, type WaitingReader } from './waiting-reader.ts';

type Named = Pick<Waiting, 'kind' | 'id'>;

/** Relocations are told of as such, whatever they wait for. */
const QUERY = `${queryForPerson({})} AND NOT (${RELOCATIONS})`;
/** So many are told of: whoever has more to see to asks for the list. */
const AT_MOST = 50;

/** Of those that wait no more, so many are told of to whoever comes back. */
const KEPT = 100;

/** What waits for a person and is no relocation, kept on a board; read anew each time, since there is little of it. */
export class WaitingFeed {
  readonly #reader: WaitingReader;
  readonly #board: Board;
  readonly #runs = new Map<string, Named>();
  readonly #partners = new Map<string, Named>();
  readonly #over = new Set<string>();

  constructor(reader: WaitingReader, board: Board) {
    [this.#reader, this.#board] = [reader, board];
  }

  /** Throws what Temporal says. */
  async round(): Promise<void> {
    this.#tell((await this.#reader.page(QUERY, AT_MOST)).waiting, this.#runs);
  }

  partners(federations: readonly FederationWith[]): void {
    this.#tell(federations.flatMap(waitingOfPartner), this.#partners);
  }

  #tell(waiting: readonly Waiting[], before: Map<string, Named>): void {
    const now = new Map(waiting.map((one) => [`waiting ${one.kind} ${one.id}`, one]));
    for (const [key, { kind, id }] of before) {
      if (now.has(key)) continue;
      this.#board.post(key, 'waitsNoMore', { kind, id });
      before.delete(key);
      this.#over.add(key);
    }
    for (const [key, one] of now) {
      this.#board.post(key, 'waiting', one);
      before.set(key, one);
      this.#over.delete(key);
    }
    for (const oldest of [...this.#over].slice(0, -KEPT)) {
      this.#over.delete(oldest);
      this.#board.forget(oldest);
    }
  }
}

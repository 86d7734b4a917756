import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { isWaits } from '../../domain/waits.ts';
import type { Seen } from '../seen.ts';
import type { Told } from '../view.ts';
import type { Board } from './board.ts';
import { listed, queryFor } from './index-of-runs.ts';
import type { Reader } from './reader.ts';

/** Of the index: what is read in every round; and where more than that run, so many of them besides. */
const [PAGE, MORE] = [200, 1_000];
/** So many that have ended are told of to whoever comes first, and so many at most. */
const [ENDED, KEPT] = [50, 200];
const AT_ONCE = 10;
/** Those that run and are looked at in one round: with more of them, each is looked at less often. */
const LOOKS = 20;
/** Of those that the index does not show running any more. */
const MISSED = 100;
/** What waits for somebody tells little that is new, unless the index says so. */
const RESTING_MS = 5_000;

interface Followed {
  readonly seen: Seen;
  /** Undefined: it was not looked at yet. */
  readonly last?: { readonly at: number; readonly told: Told; readonly historyLength: number };
}

/** All that run, read a page in each round. */
interface Sweep {
  /** Those that ran when it began. */
  readonly expected: ReadonlySet<string>;
  readonly found: Set<string>;
  readonly token: Uint8Array | undefined;
}

/**
 * All relocations, kept on a board: the index says which there are, in three questions a round at most, however many they
 * are; those that run are looked at one by one, the longest not looked at first, and those that ended once.
 */
export class Runs {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #board: Board;
  readonly #running = new Map<string, Followed>();
  readonly #ended = new Set<string>();
  /** Followed, and not shown as running any more: they have ended, or the index is behind. */
  #missed = new Set<string>();
  #sweep: Sweep | undefined;
  /** No workflow is asked for a while once no worker has answered. */
  #silentUntil = Number.NEGATIVE_INFINITY;

  constructor(temporal: Client, reader: Reader, board: Board) {
    [this.#temporal, this.#reader, this.#board] = [temporal, reader, board];
  }

  /** Throws what Temporal says. */
  async round(now: number): Promise<void> {
    const [running, ended] = await this.#indexed();
    const fresh = running.filter((seen) => this.#follow(seen));
    const over = ended.filter(({ id }) => !this.#ended.has(id)).slice(0, ENDED);
    await atOnce(AT_ONCE, over.toReversed(), async (seen) => await this.#end(seen));
    const missed = [...this.#missed].flatMap((id) => this.#running.get(id) ?? []).slice(0, MISSED);
    for (const { seen } of missed) this.#missed.delete(seen.id);
    const due = new Set([...missed, ...this.#due(now).slice(0, LOOKS)]);
    await atOnce(AT_ONCE, [...due], async (one) => await this.#look(one, now));
    // Whose turn has not come is told of as the index knows it
    for (const seen of fresh)
      if (this.#running.get(seen.id)?.seen === seen) this.#board.post(seen.id, 'relocation', this.#reader.brief(seen));
  }

  /** Those that run, or some of them where they are many; and those that ended last. */
  async #indexed(): Promise<readonly [running: readonly Seen[], ended: readonly Seen[]]> {
    const { seen, token } = await this.#page('', PAGE); // those that run come first, the latest of them, and then of the others
    const [running, ended] = [seen.filter(isRunning), seen.filter((one) => !isRunning(one))];
    const more = token.length > 0 && ended.length < ENDED;
    const last = more ? (await this.#page(queryFor({ state: 'ended' }), ENDED)).seen : ended;
    if (token.length > 0 && ended.length === 0) return [[...running, ...(await this.#swept())], last];
    const ids = new Set(running.map(({ id }) => id));
    this.#missed = new Set([...this.#running.keys()].filter((id) => !ids.has(id)));
    this.#sweep = undefined;
    return [running, last];
  }

  /** The next page of those that run. Whoever began to run meanwhile is on the first page. */
  async #swept(): Promise<readonly Seen[]> {
    const { expected, found, token } = this.#sweep ?? { expected: new Set(this.#running.keys()), found: new Set() };
    const page = await this.#page(queryFor({ state: 'running' }), MORE, token);
    for (const { id } of page.seen) found.add(id);
    const isLast = page.token.length === 0;
    this.#sweep = isLast ? undefined : { expected, found, token: page.token };
    if (isLast) for (const id of expected) if (!found.has(id)) this.#missed.add(id);
    return page.seen;
  }

  async #page(query: string, size: number, token?: Uint8Array): ReturnType<typeof listed> {
    return await listed(this.#temporal, query, size, token, async (info) => await this.#reader.see(info));
  }

  /** Is it followed from now on? */
  #follow(seen: Seen): boolean {
    const before = this.#running.get(seen.id);
    if (before !== undefined && before.seen.outcome === seen.outcome) return false;
    if (this.#ended.has(seen.id)) return false; // the index is behind
    this.#running.set(seen.id, { seen });
    return before === undefined;
  }

  #due(now: number): Followed[] {
    return [...this.#running.values()]
      .filter(({ seen, last }) => last === undefined || !rests(seen) || now - last.at >= RESTING_MS)
      .toSorted((a, b) => (a.last?.at ?? 0) - (b.last?.at ?? 0));
  }

  async #look({ seen: { id, workflowId, runId, outcome }, last }: Followed, now: number): Promise<void> {
    const seen = await this.#reader.lookAt(workflowId, runId);
    if (seen === undefined) return this.#gone(id);
    if (seen.ended !== undefined) return await this.#end(seen);
    // Whatever the workflow says of itself changes with its history only, so that it is asked no oftener
    const known = last !== undefined && last.historyLength === seen.historyLength && last.told !== 'silent';
    const told = known ? last.told : now < this.#silentUntil ? 'silent' : await this.#reader.ask(seen);
    if (told === 'silent' && now >= this.#silentUntil) this.#silentUntil = now + RESTING_MS;
    this.#running.set(id, { seen: { ...seen, outcome }, last: { at: now, told, historyLength: seen.historyLength } });
    const relocation = await this.#reader.show(seen, told);
    // It says so a moment before Temporal does: the end is told once
    if (relocation.endedAt === null) this.#board.post(id, 'relocation', relocation);
  }

  async #end(seen: Seen): Promise<void> {
    try {
      this.#board.post(seen.id, 'relocation', await this.#reader.show(seen, 'notAsked'));
      this.#over(seen.id);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      this.#gone(seen.id); // kept no longer than the index says
    }
  }

  #gone(id: string): void {
    this.#board.post(id, 'gone', { id, what: 'relocation' });
    this.#over(id);
  }

  #over(id: string): void {
    this.#running.delete(id);
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size <= KEPT || oldest === undefined) return;
    this.#ended.delete(oldest);
    this.#board.forget(oldest);
  }
}

const isRunning = ({ ended }: Seen): boolean => ended === undefined;

const rests = ({ outcome }: Seen): boolean => outcome !== undefined && isWaits(outcome);

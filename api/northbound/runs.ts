import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { atOnce } from '../../domain/at-once.ts';
import { isWaits } from '../../domain/waits.ts';
import type { Seen } from '../seen.ts';
import type { Told } from '../view.ts';
import type { Board } from './board.ts';
import { listed } from './index-of-runs.ts';
import type { Reader } from './reader.ts';

const PAGE = 200;
/** Of the index, in one round. */
const AT_MOST = 2_000;
/** So many that have ended are told of to whoever comes first, and so many at most. */
const [ENDED, KEPT] = [50, 200];
const AT_ONCE = 10;
/** Those that run and are looked at in one round: with more of them, each is looked at less often. */
const LOOKS = 20;
/** What waits for somebody tells little that is new, unless the index says so. */
const RESTING_MS = 5_000;

interface Followed {
  readonly seen: Seen;
  /** Undefined: it was not looked at yet. */
  readonly last?: { readonly at: number; readonly told: Told; readonly historyLength: number };
}

/**
 * All relocations, kept on a board: the index says which there are, in one question however many they are; those that run
 * are looked at one by one, the longest not looked at first, and those that ended once.
 */
export class Runs {
  readonly #temporal: Client;
  readonly #reader: Reader;
  readonly #board: Board;
  readonly #running = new Map<string, Followed>();
  readonly #ended = new Set<string>();
  /** No workflow is asked for a while once no worker has answered. */
  #silentUntil = Number.NEGATIVE_INFINITY;

  constructor(temporal: Client, reader: Reader, board: Board) {
    [this.#temporal, this.#reader, this.#board] = [temporal, reader, board];
  }

  /** Throws what Temporal says. */
  async round(now: number): Promise<void> {
    const all = await this.#indexed();
    const ids = new Set(all.map(({ id }) => id));
    const missed = [...this.#running.values()].filter(({ seen }) => !ids.has(seen.id));
    for (const seen of all) if (seen.ended === undefined) this.#follow(seen);
    const over = all.filter(({ id, ended }) => ended !== undefined && !this.#ended.has(id)).slice(0, ENDED);
    await atOnce(AT_ONCE, over.toReversed(), async (seen) => await this.#end(seen));
    const due = [...missed, ...this.#due(now).slice(0, LOOKS)];
    await atOnce(AT_ONCE, due, async (one) => await this.#look(one, now));
  }

  /** Those that run come first, then those that ended, the latest first. */
  async #indexed(): Promise<readonly Seen[]> {
    const all: Seen[] = [];
    let token: Uint8Array | undefined;
    do {
      const page = await listed(this.#temporal, '', PAGE, token, async (info) => await this.#reader.see(info));
      all.push(...page.seen);
      token = page.token;
    } while (token.length > 0 && all.length < AT_MOST && all.filter(({ ended }) => ended).length < ENDED);
    return all;
  }

  #follow(seen: Seen): void {
    const before = this.#running.get(seen.id);
    if (before !== undefined && before.seen.outcome === seen.outcome) return;
    if (!this.#ended.has(seen.id)) this.#running.set(seen.id, { seen }); // the index is behind
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
    this.#board.post(id, 'gone', { id });
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

const rests = ({ outcome }: Seen): boolean => outcome !== undefined && isWaits(outcome);

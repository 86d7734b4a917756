import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { atOnce } from '../../domain/at-once.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Board } from './board.ts';
import { EVACUATIONS, evacuationIdOf, EvacuationReader, isOurs } from './evacuation-reader.ts';
import { FENCES, fenceIdOf, FenceReader } from './fence-reader.ts';
import { holdIn, HOLDS } from './holds.ts';
import { indexed } from './index-of-runs.ts';

const QUERY = `${EVACUATIONS} OR ${FENCES} OR (${HOLDS})`;
const PAGE = 200;
/** Of the index, in one round. */
const AT_MOST = 1_000;
/** So many that have ended are told of to whoever comes first, and so many at most. */
const [ENDED, KEPT] = [10, 100];
/** Those that run and are looked at in one round: with more of them, each is looked at less often. */
const LOOKS = 10;
/** Who waits for a dead source may wait for weeks. */
const FENCE_MS = 5_000;
const AT_ONCE = 10;

interface Followed {
  readonly kind: 'evacuation' | 'fence';
  readonly id: string;
  readonly at: number;
}

/** What is said of hosts, kept on a board: those that are emptied, those that are held, those that were taken to be dead. */
export class Hosts {
  readonly #temporal: Client;
  readonly #evacuations: EvacuationReader;
  readonly #fences: FenceReader;
  readonly #board: Board;
  readonly #running = new Map<string, Followed>();
  readonly #over = new Set<string>();
  #held = new Set<string>();

  constructor(temporal: Client, temporalUi: string | undefined, board: Board) {
    [this.#temporal, this.#board] = [temporal, board];
    this.#evacuations = new EvacuationReader(temporal, temporalUi);
    this.#fences = new FenceReader(temporal);
  }

  /** Throws what Temporal says. */
  async round(now: number): Promise<void> {
    const all = await this.#indexed();
    this.#holds(all.filter(isHold));
    const rest = all.filter((info) => !isHold(info)).flatMap((info) => subjectOf(info));
    const there = new Set(rest.map(keyOf));
    const missed = [...this.#running.values()].filter((one) => !there.has(keyOf(one)));
    const over = rest.filter((one) => one.ended && !this.#over.has(keyOf(one))).slice(0, ENDED);
    for (const one of rest)
      if (!one.ended && !this.#over.has(keyOf(one)) && !this.#running.has(keyOf(one)))
        this.#running.set(keyOf(one), { kind: one.kind, id: one.id, at: Number.NEGATIVE_INFINITY });
    await atOnce(
      AT_ONCE,
      [...over.toReversed(), ...missed, ...this.#due(now)],
      async (one) => await this.#look(one, now),
    );
  }

  /** Those that run come first, then those that ended, the latest first. */
  async #indexed(): Promise<readonly WorkflowExecutionInfo[]> {
    const all: WorkflowExecutionInfo[] = [];
    let token: Uint8Array | undefined;
    do {
      const page = await indexed(this.#temporal, QUERY, PAGE, token);
      all.push(...page.infos);
      token = page.token;
    } while (token.length > 0 && all.length < AT_MOST && all.every(({ closeTime }) => closeTime === undefined));
    return all;
  }

  #holds(infos: readonly WorkflowExecutionInfo[]): void {
    const holds = infos.map(holdIn);
    for (const hold of holds) this.#board.post(`hold ${hold.site}`, 'hold', hold);
    const held = new Set(holds.map(({ site }) => site));
    for (const site of this.#held) if (!held.has(site)) this.#board.post(`hold ${site}`, 'reopened', { site });
    this.#held = held;
  }

  #due(now: number): Followed[] {
    return [...this.#running.values()]
      .filter(({ kind, at }) => kind === 'evacuation' || now - at >= FENCE_MS)
      .toSorted((a, b) => a.at - b.at)
      .slice(0, LOOKS);
  }

  async #look({ kind, id }: Pick<Followed, 'kind' | 'id'>, now: number): Promise<void> {
    const key = keyOf({ kind, id });
    try {
      const told = kind === 'fence' ? await this.#fences.read(id) : await this.#evacuations.read(id);
      this.#board.post(key, kind, told);
      if (told.endedAt === null) this.#running.set(key, { kind, id, at: now });
      else this.#ended(key);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#board.post(key, 'gone', { id, what: kind }); // kept no longer than the index says
      this.#ended(key);
    }
  }

  #ended(key: string): void {
    this.#running.delete(key);
    this.#over.add(key);
    const [oldest] = this.#over;
    if (this.#over.size <= KEPT || oldest === undefined) return;
    this.#over.delete(oldest);
    this.#board.forget(oldest);
  }
}

const keyOf = ({ kind, id }: Pick<Followed, 'kind' | 'id'>): string => `${kind} ${id}`;
const isHold = ({ type }: WorkflowExecutionInfo): boolean => type === 'holdSite';

/** None: it was started by hand, and nobody can tell of what. */
function subjectOf(info: WorkflowExecutionInfo): (Pick<Followed, 'kind' | 'id'> & { readonly ended: boolean })[] {
  const ended = info.closeTime !== undefined;
  if (info.type === 'fenceSource') return [{ kind: 'fence', id: fenceIdOf(info), ended }];
  return isOurs(info) ? [{ kind: 'evacuation', id: evacuationIdOf(info), ended }] : [];
}

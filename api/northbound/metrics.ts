import type { Client } from '@temporalio/client';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { metrics } from '../../domain/metrics.ts';
import { waitsQueue } from '../../temporal/queues.ts';
import type { Handlers } from '../serve.ts';
import type { NeedsPerson } from '../../domain/waits.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { HOLDS } from './holds.ts';
import { type Filter, queryFor, queryForPerson, RELOCATIONS } from './index-of-runs.ts';
import { pollersOf } from './pollers.ts';
import { CALL_MS } from './reader.ts';
import type { NorthboundTable } from './table.ts';

/** Temporal limits how often its index is asked: scrapers that come together, or often, get the same answer. */
const FRESH_MS = 10_000;
const PAGE = 1_000;
const MOST = 10_000;
const STATES = ['running', 'held', 'paused', 'parked'] as const satisfies readonly Filter['state'][];

/** What may wait for a person: of which workflow, as what, and in which of its states. A held site is to be reopened by one. */
const WAITING = {
  relocateApplication: { kind: 'relocation', states: ['held', 'paused', 'parked'] },
  evacuateHost: { kind: 'evacuation', states: ['paused'] },
  anchorApplication: { kind: 'anchor', states: ['paused', 'parked', 'troubled'] },
  followDevice: { kind: 'follower', states: ['troubled'] },
  fenceSource: { kind: 'fence', states: ['unfenced'] },
  holdSite: { kind: 'hold', states: ['held'] },
} as const satisfies Record<string, { kind: string; states: readonly NeedsPerson[] }>;

/** What the API knows of the whole: how many relocations stand where, since when, and who polls. */
export function metricHandlers(temporal: Client, taskQueue: string): Handlers<NorthboundTable, 'showMetrics'> {
  let measures: Measures | undefined;
  return {
    showMetrics: async ({ res }) => {
      measures ??= new Measures(temporal, taskQueue); // asked by nobody it costs nothing
      res.type(measures.contentType).send(await measures.text());
    },
  };
}

class Measures {
  readonly #temporal: Client;
  readonly #taskQueue: string;
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #up = new Gauge({ ...metrics.temporalUp, registers: this.#registers });
  readonly #standing = new Gauge({ ...metrics.standing, labelNames: ['state'], registers: this.#registers });
  readonly #oldest = new Gauge({ ...metrics.oldest, labelNames: ['state'], registers: this.#registers });
  readonly #waiting = new Gauge({ ...metrics.waiting, labelNames: ['kind', 'state'], registers: this.#registers });
  readonly #longest = new Gauge({
    ...metrics.waitingOldest,
    labelNames: ['kind', 'state'],
    registers: this.#registers,
  });
  readonly #pollers = new Gauge({ ...metrics.pollers, labelNames: ['queue'], registers: this.#registers });
  #looked: { readonly at: number; readonly done: Promise<void> } | undefined;

  constructor(temporal: Client, taskQueue: string) {
    [this.#temporal, this.#taskQueue] = [temporal, taskQueue];
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    if (this.#looked === undefined || Date.now() - this.#looked.at > FRESH_MS)
      this.#looked = { at: Date.now(), done: this.#look() };
    await this.#looked.done;
    return await this.#registry.metrics();
  }

  /** What could not be asked is absent, and not the number of before. */
  async #look(): Promise<void> {
    for (const gauge of [this.#standing, this.#oldest, this.#waiting, this.#longest, this.#pollers]) gauge.reset();
    const looks = [
      ...STATES.map(async (state) => await this.#count(state)),
      this.#countWaiting(),
      this.#poll('steps', this.#taskQueue, 'workflows'),
      this.#poll('waits', waitsQueue(this.#taskQueue), 'activities'),
    ];
    const ended = await Promise.allSettled(looks);
    this.#up.set(ended.every(({ status }) => status === 'fulfilled') ? 1 : 0);
  }

  async #poll(queue: string, name: string, work: Parameters<typeof pollersOf>[2]): Promise<void> {
    this.#pollers.set({ queue }, await pollersOf(this.#temporal, name, work));
  }

  /** The newest come first: of more than can be read the oldest is one of those. */
  async #count(state: (typeof STATES)[number]): Promise<void> {
    const query = `${RELOCATIONS} AND ${queryFor({ state })}`;
    const now = Date.now();
    let [count, first] = [0, now];
    await this.#temporal.withDeadline(now + CALL_MS, async () => {
      for await (const { startTime } of this.#temporal.workflow.list({ query, pageSize: PAGE })) {
        count += 1;
        first = Math.min(first, startTime.getTime());
        if (count === MOST) break;
      }
    });
    this.#standing.set({ state }, count);
    this.#oldest.set({ state }, (now - first) / 1_000);
  }

  /** All kinds in one question; those of which there is none are told, too. */
  async #countWaiting(): Promise<void> {
    const query = `(${queryForPerson({})}) OR (${HOLDS})`;
    const now = Date.now();
    const found = new Map<string, { count: number; first: number }>();
    await this.#temporal.withDeadline(now + CALL_MS, async () => {
      let read = 0;
      for await (const { type, startTime, typedSearchAttributes } of this.#temporal.workflow.list({
        query,
        pageSize: PAGE,
      })) {
        const state = type === 'holdSite' ? 'held' : typedSearchAttributes.get(searchAttributes.outcome);
        const { count, first } = found.get(`${type} ${state}`) ?? { count: 0, first: now };
        found.set(`${type} ${state}`, { count: count + 1, first: Math.min(first, startTime.getTime()) });
        if ((read += 1) === MOST) break;
      }
    });
    for (const [type, { kind, states }] of Object.entries(WAITING))
      for (const state of states) {
        const { count, first } = found.get(`${type} ${state}`) ?? { count: 0, first: now };
        this.#waiting.set({ kind, state }, count);
        this.#longest.set({ kind, state }, (now - first) / 1_000);
      }
  }
}

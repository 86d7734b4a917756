import type { Client } from '@temporalio/client';
import { defaultDataConverter, defaultPayloadConverter } from '@temporalio/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { Board } from '../../api/northbound/board.ts';
import { Reader } from '../../api/northbound/reader.ts';
import { Runs } from '../../api/northbound/runs.ts';
import { seenIn } from '../../api/seen.ts';
import { executionInfoFromRaw, msNumberToTs } from '../../temporal/internals.ts';
import type { Relocation } from '../../api/resources.ts';

/** Thousands run at once: what is asked of Temporal in a round does not grow with them. */
const MANY = 1_300;
const [RUNNING, COMPLETED] = [1, 2];
const runId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
const request = { application: 'game', users: '*', source: 'cloud', target: 'a1', cutOver: 'immediately' };

/** An index of runs, the running ones first and the latest of them, as a server's is. */
class Index {
  readonly running = new Set<number>();
  readonly ended = new Set<number>();
  asked = 0;
  described = 0;

  get client(): Client {
    const options = { namespace: 'default', loadedDataConverter: defaultDataConverter };
    return {
      options,
      withDeadline: async (_: unknown, work: () => Promise<unknown>) => await work(),
      workflowService: { listWorkflowExecutions: async (asked: Asked) => this.#page(asked) },
    } as unknown as Client;
  }

  end(n: number): void {
    this.running.delete(n);
    this.ended.add(n);
  }

  #page({ query, pageSize, nextPageToken }: Asked): object {
    this.asked += 1;
    const latest = (all: Set<number>): number[] => [...all].toSorted((a, b) => b - a);
    const running = query.includes('!=') ? [] : latest(this.running);
    const ended = query.includes("= 'Running'") && !query.includes('!=') ? [] : latest(this.ended);
    const from = nextPageToken.length === 0 ? 0 : Number(Buffer.from(nextPageToken).toString());
    const all = [...running, ...ended];
    const to = from + pageSize;
    return {
      executions: all.slice(from, to).map((n) => this.raw(n)),
      nextPageToken: to < all.length ? Buffer.from(String(to)) : new Uint8Array(),
    };
  }

  raw(n: number): Raw {
    return {
      execution: { workflowId: `relocation:${'a'.repeat(25)}`, runId: runId(n) },
      type: { name: 'relocateApplication' },
      startTime: msNumberToTs(n * 1_000),
      status: this.running.has(n) ? RUNNING : COMPLETED,
      historyLength: { toNumber: () => 10 },
      memo: {
        fields: { request: payload(request), direction: payload('cloudToMec'), key: payload(''), body: payload('') },
      },
      searchAttributes: { indexedFields: {} },
    };
  }
}

interface Asked {
  readonly query: string;
  readonly pageSize: number;
  readonly nextPageToken: Uint8Array;
}
type Raw = object;

let index: Index;
let board: Board;
let runs: Runs;
let now = 0;
const told = new Map<string, Relocation>();
let read = 0;
const round = async (): Promise<void> => {
  await runs.round((now += 500));
  for (const { n, told: event } of board.after(read)) {
    read = n;
    if (event.event !== 'relocation') continue;
    const relocation = JSON.parse(event.data) as Relocation;
    told.set(relocation.id, relocation);
  }
};
const states = (): Record<string, number> => {
  const count: Record<string, number> = {};
  for (const { state } of told.values()) count[state] = (count[state] ?? 0) + 1;
  return count;
};

beforeEach(() => {
  index = new Index();
  for (let n = 1; n <= MANY; n += 1) index.running.add(n);
  const { client } = index;
  const reader = new Reader(client, undefined);
  reader.lookAt = async (_, id = '') => {
    index.described += 1;
    const raw = index.raw(Number(id.slice(-12))) as Parameters<typeof executionInfoFromRaw>[0];
    return seenIn(await executionInfoFromRaw(raw, defaultDataConverter, raw, 'default'));
  };
  reader.show = async (seen) => reader.brief(seen);
  reader.ask = async () => 'silent';
  board = new Board();
  runs = new Runs(client, reader, board);
  told.clear();
  [now, read] = [0, 0];
});

describe('of thousands that run', () => {
  it('each is told of within seconds, by three questions a round', async () => {
    for (let n = 0; n < 3; n += 1) await round();
    expect(told.size).toBe(MANY);
    expect(index.asked).toBeLessThanOrEqual(3 * 3);
    expect(index.described).toBeLessThanOrEqual(20 * 3);
  });

  it('the end of each is told, wherever it stood, and however many end at once', async () => {
    for (let n = 0; n < 3; n += 1) await round();
    for (const n of [1, 17, 700, MANY]) index.end(n);
    for (let n = 0; n < 5; n += 1) await round();
    expect(states()).toEqual({ working: MANY - 4, ended: 4 });
    for (const n of [...index.running]) index.end(n);
    const before = { asked: index.asked, described: index.described };
    for (let n = 0; n < 16; n += 1) await round();
    expect(states()).toEqual({ ended: MANY });
    expect(index.asked - before.asked).toBeLessThanOrEqual(3 * 16);
    expect(index.described - before.described).toBeLessThan(2 * MANY);
  });
});

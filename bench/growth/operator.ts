import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Relocation, RelocationList } from '../../api/resources.ts';
import { FerryClient } from '../../cli/client.ts';
import { pages } from '../../cli/pages.ts';
import { endParts, type Part, startPart } from '../../test/support/part.ts';
import { usedBy } from './usage.ts';

const configuration = fileURLToPath(new URL('../../ferry.example.json', import.meta.url));
const TIMES = 10;
const STREAM_LIMIT_MS = 30_000;

/** What a person waits for, in milliseconds, while so many are under way. */
export interface Waited {
  readonly showMs: number;
  readonly pauseMs: number;
  readonly listMs: number;
  readonly pageOf100Ms: number;
  readonly allPagesMs: number;
  /** Until the stream of everything has told of each. */
  readonly streamMs: number;
  readonly told: number;
}

/** What the API and the server use in a second. */
export interface Follows {
  readonly apiCpuMs: number;
  readonly serverCpuMs: number;
  readonly apiRss: number;
}

/** The API beside many relocations. */
export class Operator {
  readonly #part: Part;
  readonly #client: FerryClient;
  readonly #serverPid: number;

  private constructor(part: Part, serverPid: number) {
    this.#part = part;
    this.#client = new FerryClient(String(part.said['url']));
    this.#serverPid = serverPid;
  }

  static async begin(folder: string, temporal: { readonly address: string; readonly pid: number }): Promise<Operator> {
    const environment = {
      FERRY_CONFIG: configuration,
      FERRY_PORT: '0',
      FERRY_LOG_LEVEL: 'warn',
      TEMPORAL_ADDRESS: temporal.address,
    };
    const part = await startPart({ script: 'api/main.ts', environment, log: join(folder, 'api.log') });
    return new Operator(part, temporal.pid);
  }

  async end(): Promise<void> {
    await endParts([this.#part]);
  }

  async waits(many: number): Promise<Waited> {
    const { relocations } = await this.#client.get<RelocationList>('/v1/relocations?state=running&limit=100');
    const ids = relocations.map(({ id }) => id);
    const one = (n: number): string => ids[n % ids.length] ?? '';
    const showMs = await medianOf(async (n) => await this.#client.get<Relocation>(`/v1/relocations/${one(n)}`));
    const pauseMs = await medianOf(async (n) => await this.#client.post(`/v1/relocations/${one(n)}/pause`));
    for (let n = 0; n < TIMES; n += 1) await this.#client.post(`/v1/relocations/${one(n)}/resume`);
    const listMs = await medianOf(async () => await this.#client.get('/v1/relocations'));
    const pageOf100Ms = await medianOf(async () => await this.#client.get('/v1/relocations?limit=100'), 5);
    const begun = performance.now();
    for await (const page of pages<RelocationList>(this.#client, '/v1/relocations', {
      filters: { state: 'running' },
      atMost: many,
    }))
      void page;
    const allPagesMs = performance.now() - begun;
    return { showMs, pauseMs, listMs, pageOf100Ms, allPagesMs, ...(await this.#streamed(many)) };
  }

  async #streamed(many: number): Promise<Pick<Waited, 'streamMs' | 'told'>> {
    const begun = performance.now();
    const ids = new Set<string>();
    const leave = AbortSignal.timeout(STREAM_LIMIT_MS);
    try {
      for await (const { event, data } of this.#client.everything(undefined, leave)) {
        if (event === 'relocation') ids.add((JSON.parse(data) as Relocation).id);
        if (ids.size >= many) break;
      }
    } catch (error) {
      if (!leave.aborted) throw error;
    }
    return { streamMs: performance.now() - begun, told: ids.size };
  }

  /** While somebody follows everything, `seconds` long. */
  async follows(seconds: number): Promise<Follows> {
    const leave = new AbortController();
    const reading = this.#read(leave.signal);
    await pause(2_000);
    const before = [usedBy(this.#part.pid), usedBy(this.#serverPid)] as const;
    await pause(seconds * 1_000);
    const after = [usedBy(this.#part.pid), usedBy(this.#serverPid)] as const;
    leave.abort();
    await reading;
    const each = (at: 0 | 1): number => (after[at].cpuMs - before[at].cpuMs) / seconds;
    return { apiCpuMs: each(0), serverCpuMs: each(1), apiRss: after[0].rss };
  }

  async #read(signal: AbortSignal): Promise<void> {
    try {
      for await (const told of this.#client.everything(undefined, signal)) void told;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function medianOf(work: (n: number) => Promise<unknown>, times = TIMES): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const begun = performance.now();
    await work(n);
    taken.push(performance.now() - begun);
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
}

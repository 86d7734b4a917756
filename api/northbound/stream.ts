import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { unavailable } from '../problem.ts';
import { cutWhereStill, TAKEN_MS } from '../taken.ts';

const KEEPALIVE_MS = 15_000;
const AT_MOST = 100;
const ROOM_MS = 400;
/** So soon a reader comes back to a stream that broke off. */
const RETRY_MS = 1_000;

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Events until `signal` says so. `room`: resolves when the reader has taken what it was told. */
export type Events = (signal: AbortSignal, room: () => Promise<void>) => AsyncIterable<StreamEvent>;

/** Server-sent events (WHATWG HTML, 9.2), in streams of one kind: so many at a time, ended when the process stops. */
export class Streams {
  readonly #stopping: AbortSignal;
  readonly #log: Logger;
  readonly #stillMs: number;
  #open = 0;

  constructor(stopping: AbortSignal, log: Logger, stillMs = TAKEN_MS) {
    [this.#stopping, this.#log, this.#stillMs] = [stopping, log, stillMs];
  }

  /** A stream that breaks off is simply ended: its reader comes back. Throws where there are too many. */
  async tell(req: Request, res: Response, events: Events): Promise<void> {
    if (this.#open >= AT_MOST)
      throw unavailable(`${AT_MOST} streams are open already`, 'Close one, or ask again later.', 10);
    res.status(200).type('text/event-stream').flushHeaders();
    if (req.method === 'HEAD') {
      res.end();
      return;
    }
    this.#open += 1;
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const write = cutWhereStill(res, this.#stillMs);
    const keepalive = setInterval(() => void (res.writableNeedDrain || write(': keepalive\n\n')), KEEPALIVE_MS);
    try {
      write(`retry: ${RETRY_MS}\n\n`);
      const signal = AbortSignal.any([gone.signal, this.#stopping]);
      for await (const { id, event, data } of events(signal, async () => await roomIn(res, signal)))
        write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
    } catch (error) {
      this.#log.warn({ err: error }, 'a stream of events was broken off');
    } finally {
      clearInterval(keepalive);
      this.#open -= 1;
      res.end();
    }
  }
}

/** A reader that is too slow is told less often: whatever state comes when it has room tells all. */
async function roomIn(res: Response, signal: AbortSignal): Promise<void> {
  while (res.writableNeedDrain && !signal.aborted) await sleep(ROOM_MS, undefined, { signal }).catch(() => undefined);
}

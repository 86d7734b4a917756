import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { unavailable } from '../problem.ts';
import type { Reader } from './reader.ts';
import type { Relocation } from '../resources.ts';
import type { Seen } from '../seen.ts';
import type { Handlers } from '../serve.ts';
import type { Told } from '../view.ts';
import type { NorthboundTable } from './table.ts';

const LOOK_MS = 400;
const KEEPALIVE_MS = 15_000;
const AT_MOST = 100;

/**
 * Server-sent events (WHATWG HTML, 9.2): the relocation whenever it changes, until it has ended, the client has gone, or
 * `stopping` says so. A stream that breaks off because Temporal does not answer is simply ended: its reader comes back.
 */
export function eventHandlers(
  reader: Reader,
  stopping: AbortSignal,
  log: Logger,
): Handlers<NorthboundTable, 'watchRelocation'> {
  let open = 0;
  return {
    watchRelocation: async ({ params, req, res }) => {
      const first = await reader.look(params.id);
      if (open >= AT_MOST)
        throw unavailable(`${AT_MOST} streams are open already`, 'Close one, or ask again later.', 10);
      res.status(200).type('text/event-stream').flushHeaders();
      if (req.method === 'HEAD') {
        res.end();
        return;
      }
      open += 1;
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      const keepalive = setInterval(() => write(res, ': keepalive\n\n'), KEEPALIVE_MS);
      try {
        for await (const relocation of changes(reader, first, AbortSignal.any([gone.signal, stopping])))
          write(res, `event: relocation\ndata: ${JSON.stringify(relocation)}\n\n`);
      } catch (error) {
        log.warn({ err: error }, 'a stream of events was broken off');
      } finally {
        clearInterval(keepalive);
        open -= 1;
        res.end();
      }
    },
  };
}

/** A reader that is too slow misses what it has no room for; the state that comes next tells all. */
function write(res: Response, text: string): void {
  if (!res.writableNeedDrain) res.write(text);
}

/** The relocation at once, then whenever it changes; returns after the final one, or when `signal` says so. */
async function* changes(reader: Reader, first: Seen, signal: AbortSignal): AsyncGenerator<Relocation> {
  let seen = first;
  let told: Told = 'notAsked';
  let toldAt = -1;
  let last = '';
  while (!signal.aborted) {
    // Whatever the workflow says of itself changes with its history only, so that it is asked no oftener.
    if (seen.historyLength !== toldAt || told === 'silent') told = await reader.ask(seen);
    toldAt = seen.historyLength;
    const relocation = await reader.show(seen, told);
    const text = JSON.stringify(relocation);
    if (text !== last) yield relocation;
    last = text;
    if (seen.ended !== undefined) return;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) seen = await reader.look(seen.id);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { digest } from '../../configuration/digest.ts';
import { stepNames } from '../../domain/steps.ts';
import type { Reader } from './reader.ts';
import type { Relocation } from '../resources.ts';
import type { Seen } from '../seen.ts';
import { type StreamEvent, Streams } from './stream.ts';
import type { Handlers } from '../serve.ts';
import type { Told } from '../view.ts';
import type { NorthboundTable } from './table.ts';

const LOOK_MS = 400;

/**
 * The relocation whenever it changes, and each step when it is done, until it has ended, the client has gone, or
 * `stopping` says so. A stream that breaks off because Temporal does not answer is simply ended: its reader comes back,
 * and with the id of what it read last goes on from there.
 */
export function eventHandlers(
  reader: Reader,
  stopping: AbortSignal,
  log: Logger,
): Handlers<NorthboundTable, 'watchRelocation'> {
  const streams = new Streams(stopping, log);
  return {
    watchRelocation: async ({ params, headers, req, res }) => {
      const first = await reader.look(params.id);
      const read = readUpTo(headers['last-event-id']);
      if (first.ended !== undefined && read.id === ENDED) {
        res.status(204).end(); // or an EventSource would come back for ever
        return;
      }
      await streams.tell(req, res, (signal, room) => events(reader, first, read, room, signal));
    },
  };
}

/** Of the event after which nothing comes. */
const ENDED = 'ended';

interface ReadUpTo {
  readonly id: string;
  /** So many steps were told. */
  readonly steps: number;
  /** Digest of the relocation that was told last. */
  readonly state: string;
}

/** An id tells what was read: an event needs nobody who remembers its reader. */
function readUpTo(id = ''): ReadUpTo {
  const [, steps = '0', state = ''] = /^(\d)\.([a-z2-7]{25}|-)$/.exec(id) ?? [];
  return { id, steps: Number(steps), state };
}

/** Both kinds of events in the order in which they are read; returns after the final one, or when `signal` says so. */
async function* events(
  reader: Reader,
  first: Seen,
  read: ReadUpTo,
  room: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  let { steps, state } = read;
  for await (const relocation of looks(reader, first, signal)) {
    await room();
    for (const { step, ms } of doneAfter(relocation, steps)) {
      steps = stepNames.indexOf(step) + 1;
      yield { id: `${steps}.-`, event: 'step', data: JSON.stringify({ step, ms }) };
    }
    const data = JSON.stringify(relocation);
    const now = digest(data);
    const over = relocation.endedAt !== null;
    if (over || now !== state) yield { id: over ? ENDED : `${steps}.${now}`, event: 'relocation', data };
    state = now;
  }
}

/**
 * Steps that were done and not told, in their order: those before the one under way, or the one that failed. Null: an
 * older worker does not say how long one took.
 */
function doneAfter(
  { step, result, durationsMs }: Relocation,
  told: number,
): { step: (typeof stepNames)[number]; ms: number | null }[] {
  if (step === null) return [];
  const upTo = stepNames.indexOf(step) + (result === null || result.failure !== null ? 0 : 1);
  return stepNames.slice(told, upTo).map((name) => ({ step: name, ms: durationsMs[name] ?? null }));
}

/** The relocation at once, then as it is looked at; the last time when it has ended. */
async function* looks(reader: Reader, first: Seen, signal: AbortSignal): AsyncGenerator<Relocation> {
  let seen = first;
  let told: Told = 'notAsked';
  let toldAt = -1;
  while (!signal.aborted) {
    // Whatever the workflow says of itself changes with its history only, so that it is asked no oftener.
    if (seen.historyLength !== toldAt || told === 'silent') told = await reader.ask(seen);
    toldAt = seen.historyLength;
    const relocation = await reader.show(seen, told);
    // It says so a moment before Temporal does: the end is told once
    if (relocation.endedAt === null || seen.ended !== undefined) yield relocation;
    if (seen.ended !== undefined) return;
    await sleep(relocation.endedAt === null ? LOOK_MS : LOOK_MS / 8, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) seen = await reader.look(seen.id);
  }
}

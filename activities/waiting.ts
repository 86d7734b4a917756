import { Context, type Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Pace } from '../configuration/peers.ts';
import { isFailureType } from '../domain/failures.ts';
import { failure, keeping } from './failure.ts';
import type { Kept, Wait } from './ports.ts';
import { stoodStillMs } from './stillness.ts';

/** No heartbeat in the first second: most steps end before, and each that reaches the server is an action. */
const SIGN_OF_LIFE_MS = 1_000;
/** So long before a step is given up it gives up itself, and says what it was doing: a timeout would not. */
const LAST_WORDS_MS = 300;
/** For the last of all attempts. */
const LAST_ATTEMPT_MS = 1_000;

/** So late a long wait sees its end, as a part of the wait; and at most so many times `pollMs`. */
const [LATE_BY, SELDOM] = [0.05, 20];

/** What travels with a heartbeat: what the step is doing, and where there is something to keep, that too. */
type Pulse = string | { readonly told: string; readonly kept: Readonly<Record<string, string>> };

/** When each attempt that is under way began. */
const begins = new WeakMap<Context, number>();

/** What time it is to the server, or a little less: instants that a workflow tells are of its clock, and ours may be hours away. */
export function serverNow(context = Context.current()): number {
  const now = performance.now();
  return context.info.currentAttemptScheduledTimestampMs + now - (begins.get(context) ?? now);
}

/** A reset lets attempts begin at one again. */
export const isFirst = ({ attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs }: Info): boolean =>
  attempt === 1 && currentAttemptScheduledTimestampMs === scheduledTimestampMs;

/**
 * Runs a step that tells that it is alive, and stops when the server wants it to: a cancellation reaches an activity
 * with its heartbeats only. What it keeps goes with its signs of life, and with its failure.
 */
export async function alive<T>(
  { pollMs, heartbeatMs }: Pick<Pace, 'pollMs' | 'heartbeatMs'>,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  const still = stoodStillMs();
  const context = Context.current();
  const late = new AbortController();
  const signal = AbortSignal.any([context.cancellationSignal, late.signal]);
  const kept = new Map<string, Kept>(Object.entries(keptBefore(context)));
  let told = '';
  let unheard = false;
  const beat = (): void => {
    context.heartbeat((kept.size === 0 ? told : { told, kept: written(kept) }) satisfies Pulse);
    unheard = false;
  };
  const begun = performance.now();
  begins.set(context, begun);
  const gone = (): number => performance.now() - begun;
  const left = (): number => timeLeft(context) - gone();
  const pulse = beating(beat, heartbeatMs / 3);
  const end = setTimeout(
    () => late.abort(failure('NotYet', `${told === '' ? 'the step' : told}: not done in time`)),
    patience(context),
  );
  try {
    // The server has given this attempt up by now, and another worker may have done it
    if (still > heartbeatMs) throw failure('NotYet', `this worker stood still for ${Math.round(still / 1_000)} s`);
    return await work({
      signal,
      progress: (sentence) => {
        told = sentence;
      },
      pause: async () => {
        signal.throwIfAborted();
        await restFor(untilNextLook(gone(), pollMs), signal);
        signal.throwIfAborted();
      },
      keep: (name, value) => {
        unheard ||= typeof value !== 'string' || kept.get(name) !== value;
        kept.set(name, value);
      },
      kept: (name) => now(kept.get(name)),
      heard: async () => {
        beat(); // one that is still on its way would tell of less
        await heardOf(context, { told, kept: written(kept) }, signal);
      },
    });
  } catch (error) {
    if (unheard) beat(); // the next attempt needs it; one that goes well costs no heartbeat
    const last = soonEnough(causeOf(error, signal), left(), backoff(context));
    throw kept.size === 0 ? last : keeping(last, written(kept));
  } finally {
    pulse.stop();
    clearTimeout(end);
  }
}

/** Who waited with the signal says that it was aborted; why, the signal says. */
const causeOf = (error: unknown, { aborted, reason }: AbortSignal): unknown =>
  aborted && error instanceof Error && error.name === 'AbortError' ? reason : error;

/** Soon once, for whoever looks at it and for a cancellation; then as often as the SDK has one to send, whose cost is its own. */
function beating(beat: () => void, everyMs: number): { readonly stop: () => void } {
  let timer = setTimeout(
    () => {
      timer = setInterval(beat, everyMs);
      beat();
    },
    Math.min(SIGN_OF_LIFE_MS, everyMs),
  );
  return { stop: () => clearTimeout(timer) };
}

/** The server's answer is awaited; the SDK's own heartbeats have none. */
async function heardOf({ client, info }: Context, pulse: Pulse, signal: AbortSignal): Promise<void> {
  const own = new AbortController(); // the client listens to it for ever
  const follow = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', follow);
  try {
    await client.withAbortSignal(own.signal, async () => await client.activity.heartbeat(info.taskToken, pulse));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && ANSWERED.includes(error.name)) return;
    throw failure('NotYet', 'Temporal has not heard what this step is about to do');
  } finally {
    signal.removeEventListener('abort', follow);
  }
}

/** It was heard; what else was answered reaches the step by its signal. */
const ANSWERED: readonly string[] = ['ActivityCancelledError', 'ActivityPausedError', 'ActivityResetError'];

const now = <T extends string | undefined>(value: T | (() => string)): T | string =>
  typeof value === 'function' ? value() : value;

const written = (kept: ReadonlyMap<string, Kept>): Readonly<Record<string, string>> =>
  Object.fromEntries([...kept].map(([name, value]) => [name, now(value)]));

/** Of a step that goes on for so long: the longer it waits, the more seldom it looks. */
export const untilNextLook = (goneMs: number, pollMs: number): number =>
  Math.min(Math.max(pollMs, goneMs * LATE_BY), pollMs * SELDOM);

/** Or until it is stopped: the end of a step's time leaves time for last words. */
const restFor = async (ms: number, signal: AbortSignal): Promise<void> =>
  await new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });

function keptBefore({ info }: Context): Readonly<Record<string, string>> {
  const pulse = info.heartbeatDetails as Pulse | undefined;
  return typeof pulse === 'object' && pulse !== null ? pulse.kept : {};
}

/** Of all attempts, at the begin of this one, by the server's own instants: clocks may differ. */
const timeLeft = ({ info }: Context): number =>
  info.scheduleToCloseTimeoutMs - (info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs);

/** What is left of this attempt, and of all attempts. */
function patience(context: Context): number {
  const left = Math.min(context.info.startToCloseTimeoutMs, timeLeft(context));
  return Math.max(left - LAST_WORDS_MS, left / 2);
}

/** How long the server waits after this attempt, unless it is told otherwise. */
function backoff({ info: { attempt, retryPolicy } }: Context): number | undefined {
  const { initialInterval, backoffCoefficient = 2, maximumInterval } = retryPolicy ?? {};
  if (typeof initialInterval !== 'number') return undefined;
  const next = initialInterval * backoffCoefficient ** (attempt - 1);
  return typeof maximumInterval === 'number' ? Math.min(next, maximumInterval) : next;
}

/**
 * The server gives up at once where the next attempt would come too late: a peer may ask to be left alone for that long. So
 * one is made just before the end; the very last one is final, and ends in its own words, and not in a timeout.
 */
function soonEnough(error: unknown, leftMs: number, backoffMs: number | undefined): unknown {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable === true || !isFailureType(error.type)) return error;
  const { type, message, details, nextRetryDelay } = error;
  const asked = typeof nextRetryDelay === 'number';
  const wait = asked ? nextRetryDelay : backoffMs;
  if (wait === undefined || wait + (asked ? 0 : LAST_ATTEMPT_MS) < leftMs) return error;
  const last = leftMs - Math.max(LAST_ATTEMPT_MS, leftMs / 10);
  return ApplicationFailure.create({
    type,
    message: asked ? `${message}, which is longer than this step may wait` : message,
    ...(details != null && { details }),
    ...(last > 0 ? { nextRetryDelay: last } : { nonRetryable: true }),
    cause: error,
  });
}

/** Looks until `look` gives something, at most `limitMs`; undefined: it never did. */
export async function until<T>(
  wait: Wait,
  limitMs: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const begun = performance.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined || performance.now() - begun > limitMs) return seen;
    await wait.pause();
  }
}

/**
 * Does two things at once. Where one fails the other is stopped, and has ended before that is thrown: nothing goes on
 * behind the back of an undo.
 */
export async function together<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<readonly [A, B]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let first: { readonly error: unknown } | undefined;
  const watched = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    try {
      return await work(either);
    } catch (error) {
      first ??= { error };
      stop.abort(error);
      return undefined;
    }
  };
  const [a, b] = await Promise.all([watched(one), watched(other)]);
  if (first !== undefined) throw first.error;
  return [a as A, b as B];
}

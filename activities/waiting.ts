import { Context } from '@temporalio/activity';
import type { Pace } from '../configuration/peers.ts';
import { failure, keeping } from './failure.ts';
import type { Wait } from './ports.ts';

/** No heartbeat in the first second: most steps end before, and each that reaches the server is an action. */
const SIGN_OF_LIFE_MS = 1_000;
/** So long before a step is given up it gives up itself, and says what it was doing: a timeout would not. */
const LAST_WORDS_MS = 300;

/**
 * Runs a step that tells that it is alive, and stops when the server wants it to: a cancellation reaches an activity
 * with its heartbeats only. What it keeps goes with its signs of life, and with its failure.
 */
export async function alive<T>(
  { pollMs, heartbeatMs }: Pick<Pace, 'pollMs' | 'heartbeatMs'>,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const late = new AbortController();
  const signal = AbortSignal.any([context.cancellationSignal, late.signal]);
  const kept: Record<string, unknown> = { ...keptBefore(context.info.heartbeatDetails) };
  let told = 'the step';
  const beat = (): void => context.heartbeat({ told, kept });
  const pulse = setInterval(beat, Math.min(SIGN_OF_LIFE_MS, heartbeatMs / 3));
  const end = setTimeout(() => late.abort(failure('NotYet', `${told}: not done in time`)), patience(context));
  try {
    return await work({
      signal,
      progress: (sentence) => {
        told = sentence;
      },
      pause: async () => {
        signal.throwIfAborted();
        await context.sleep(pollMs);
        signal.throwIfAborted();
      },
      keep: (name, value) => {
        kept[name] = value;
        beat();
      },
      kept: (name) => kept[name],
    });
  } catch (error) {
    throw Object.keys(kept).length === 0 ? error : keeping(error, kept);
  } finally {
    clearInterval(pulse);
    clearTimeout(end);
  }
}

/** By earlier attempts of the step. */
function keptBefore(details: unknown): object {
  return typeof details === 'object' && details !== null && 'kept' in details ? (details.kept as object) : {};
}

/** What is left of this attempt, and of all attempts, by the server's own instants: clocks may differ. */
function patience({ info }: Context): number {
  const waited = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs;
  const left = Math.min(info.startToCloseTimeoutMs, info.scheduleToCloseTimeoutMs - waited);
  return Math.max(left - LAST_WORDS_MS, left / 2);
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

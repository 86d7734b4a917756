import { Context } from '@temporalio/activity';
import type { Pace } from '../configuration/peers.ts';
import type { Wait } from './ports.ts';

/** No heartbeat in the first second: most steps end before, and each that reaches the server is an action. */
const SIGN_OF_LIFE_MS = 1_000;

/**
 * Runs a step that tells that it is alive, and stops when the server wants it to: a cancellation reaches an activity
 * with its heartbeats only.
 */
export async function alive<T>(
  { pollMs, heartbeatMs }: Pick<Pace, 'pollMs' | 'heartbeatMs'>,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  let told = '';
  const pulse = setInterval(() => context.heartbeat(told), Math.min(SIGN_OF_LIFE_MS, heartbeatMs / 3));
  try {
    return await work({
      signal,
      progress: (sentence) => {
        told = sentence;
      },
      pause: async () => await context.sleep(pollMs),
    });
  } finally {
    clearInterval(pulse);
  }
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

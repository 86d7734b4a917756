import { setTimeout as sleep } from 'node:timers/promises';
import type { Wait } from '../../activities/ports.ts';
import { busy } from './busy.ts';

/**
 * Polls quickly and keeps what it was told; gives up after a while, so that no test waits for ever. `kept`: what an earlier
 * attempt kept, where the server heard of it.
 */
export function quickWait(
  limitMs = Math.round(5_000 * busy()),
  kept = new Map<string, string>(),
): Wait & { readonly told: readonly string[] } {
  const told: string[] = [];
  const signal = AbortSignal.timeout(limitMs);
  return {
    signal,
    told,
    progress: (sentence) => void told.push(sentence),
    pause: async () => await sleep(5, undefined, { signal }),
    keep: (name, value) => void kept.set(name, typeof value === 'string' ? value : value()),
    kept: (name) => kept.get(name),
    heard: async () => undefined,
  };
}

/** Cancelled, with an Error `cancelled`, as soon as there is something to tell. */
export function cancelledWait(): Wait {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    progress: () => controller.abort(new Error('cancelled')),
    pause: async () => controller.signal.throwIfAborted(),
    keep: () => undefined,
    kept: () => undefined,
    heard: async () => undefined,
  };
}

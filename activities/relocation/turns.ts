import type { Turns } from './subject.ts';

/**
 * Runs of ours that want the same thing of a peer at once take turns, so that the second finds what the first has made.
 * Within one worker: between workers the peer's own compare-and-swap, and a second look, have to do.
 */
export function takingTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, signal, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const gone = new Promise<void>((leave) => signal.addEventListener('abort', () => leave(), { once: true }));
    const mine = Promise.race([before, gone]).then(async () => {
      signal.throwIfAborted();
      return await work();
    });
    const settled = Promise.allSettled([before, mine]);
    last.set(name, settled);
    void settled.finally(() => {
      if (last.get(name) === settled) last.delete(name);
    });
    return await mine;
  };
}

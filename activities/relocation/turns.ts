import type { Turns } from './subject.ts';

/**
 * Runs of ours that want the same thing of a peer at once take turns, so that the second finds what the first has made.
 * Within one worker: between workers the peer's own compare-and-swap, and a second look, have to do.
 */
export function takingTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  const forgotten = async (settled: Promise<unknown>, name: string): Promise<void> => {
    await settled;
    if (last.get(name) === settled) last.delete(name);
  };
  return async (name, signal, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const inTurn = async (): Promise<Awaited<ReturnType<typeof work>>> => {
      await unlessAborted(signal, before);
      signal.throwIfAborted();
      return await work();
    };
    const mine = inTurn();
    const settled = Promise.allSettled([before, mine]);
    last.set(name, settled);
    void forgotten(settled, name);
    return await mine;
  };
}

/** Who listens to a step's signal for ever keeps all that the step knew. */
async function unlessAborted(signal: AbortSignal, before: Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      signal.removeEventListener('abort', go);
      resolve();
    };
    signal.addEventListener('abort', go);
    void before.then(go);
  });
}

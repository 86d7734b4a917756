import { setTimeout as pause } from 'node:timers/promises';

/** What became of one request; `lateMs` counts from when it was due, not from when it was sent. */
export interface Arrival<T> {
  readonly lateMs: number;
  readonly answer: T;
}

/**
 * So many requests a second for a while, each when it is due, however the others fare: a server that stands still is not
 * spared those that would have come meanwhile.
 */
export async function openLoop<T>(
  perSecond: number,
  forMs: number,
  send: (n: number) => Promise<T>,
): Promise<readonly Arrival<T>[]> {
  const count = Math.max(1, Math.floor((perSecond * forMs) / 1_000));
  const begun = performance.now();
  const under: Promise<Arrival<T>>[] = [];
  for (let n = 0; n < count; n += 1) {
    const due = begun + (n * 1_000) / perSecond;
    const early = due - performance.now();
    if (early > 1) await pause(early);
    under.push(send(n).then((answer) => ({ lateMs: performance.now() - due, answer })));
  }
  return await Promise.all(under);
}

/**
 * A process that stood still (suspended, its machine frozen) wakes up with tasks in its hands that the server gave to
 * others long ago. How long did it stand still last, and when did it go on? By the monotonic clock.
 */
const TICK_MS = 200;
/** What was handed out before is begun within this time after. */
const AWAKENING_MS = 1_000;

const NEVER = { at: Number.NEGATIVE_INFINITY, afterMs: 0 };

let lastTick = performance.now();
let woke = NEVER;

function tick(): void {
  const now = performance.now();
  if (now - lastTick > 2 * AWAKENING_MS) woke = { at: now, afterMs: now - lastTick };
  if (now < lastTick) woke = NEVER; // whoever played with the clock has put it back
  lastTick = now;
}
setInterval(tick, TICK_MS).unref();

/** Milliseconds for which this process has just stood still; 0: it has not. */
export function stoodStillMs(): number {
  tick();
  return performance.now() - woke.at < AWAKENING_MS ? woke.afterMs : 0;
}

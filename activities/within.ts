/**
 * Ends with the signal, or after so long. `AbortSignal.any` holds none of those that it was made of, nor does the timer of
 * `AbortSignal.timeout`: together they end never, once garbage was collected in between (Node 20).
 */
export function within(signal: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController();
  setTimeout(() => late.abort(new DOMException('it took too long', 'TimeoutError')), ms).unref();
  return AbortSignal.any([signal, late.signal]);
}

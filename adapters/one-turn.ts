interface Asked {
  readonly signal: AbortSignal;
  readonly answer: Promise<unknown>;
}

const asked = new WeakMap<object, Map<string, Asked>>();

/**
 * Whoever asks a peer for the same in one turn of the event loop, for the same work, is given one answer: nothing that he
 * knows of can have happened since the first one asked. Two sites of one MEO are looked at so.
 */
export async function oncePerTurn<T>(
  peer: object,
  what: string,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  const its = asked.get(peer) ?? new Map<string, Asked>();
  asked.set(peer, its);
  const same = its.get(what);
  if (same?.signal === signal) return (await same.answer) as T;
  const answer = ask();
  its.set(what, { signal, answer });
  setImmediate(() => its.delete(what));
  return await answer;
}

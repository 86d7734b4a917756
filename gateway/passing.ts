import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Means } from './means.ts';
import type { Passage } from './passage.ts';
import { refusedHere, refusedTo } from './refusals.ts';

/** Carries one request, as long as that may be; whoever asked has gone: so is all that was opened for him. */
export async function passing(
  { verdicts, counts, carrier, log }: Means,
  req: IncomingMessage,
  res: ServerResponse,
  passage: Passage,
): Promise<void> {
  if (res.destroyed) return; // while it was judged
  const ending = new AbortController();
  const { path, credentials } = passage;
  const refused = credentials === undefined ? refusedTo : refusedHere;
  const unwatch = verdicts.watch(path, (why) => {
    if (why !== 'open') ending.abort(refused(why));
  });
  res.once('close', () => ending.abort(new Error('whoever asked has gone')));
  let bytes = 0;
  const passed = (count: number): void => void (bytes += count);
  const distrusted = (why: string): void => log.warn({ partner: path.partner }, why);
  try {
    await carrier.carry(req, res, passage, { signal: ending.signal, passed, distrusted });
  } finally {
    unwatch();
    counts.add(path.id, { requests: 1, bytes });
  }
}

import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Exchange } from '../http.ts';

const PAGES = 1_000;
const UNKNOWN_QUERY = 400;
const AppDId = z.object({ appDId: z.string() });

/**
 * What a manager has of one application. It is asked by a filter, and without it where the server
 * does not know it; of what belongs to other applications nothing is required. Null and nothing are
 * none.
 */
export async function listed<T>(
  manager: Exchange,
  collection: string,
  { appDId, schema }: { readonly appDId: string; readonly schema: z.ZodType<T> },
  signal: AbortSignal,
): Promise<readonly T[]> {
  const ours: T[] = [];
  const filtered = `${collection}?appDId=${encodeURIComponent(appDId)}`;
  const seen = new Set<string>();
  for (let page: string | null = filtered; page !== null && seen.size < PAGES; ) {
    seen.add(page);
    const alsoExpect: readonly number[] = page === filtered ? [UNKNOWN_QUERY] : [];
    const call = { method: 'GET', path: page, schema: z.unknown(), alsoExpect } as const;
    const answer: Awaited<ReturnType<Exchange['ask']>> = await manager.ask(call, signal);
    const next: string | null = answer.status === UNKNOWN_QUERY ? collection : answer.next;
    const entries = answer.status === UNKNOWN_QUERY ? [] : (answer.body ?? []);
    if (!Array.isArray(entries)) throw failure('PeerMalformed', `${answer.told}, but not with a list`);
    for (const entry of entries) {
      if (AppDId.safeParse(entry).data?.appDId !== appDId) continue;
      const parsed = schema.safeParse(entry);
      if (!parsed.success)
        throw failure(
          'PeerMalformed',
          `${answer.told}, but ${parsed.error.issues[0]?.path.join('.')} of one of this application does not fit`,
        );
      ours.push(parsed.data);
    }
    page = next !== null && seen.has(next) ? null : next;
  }
  return ours;
}

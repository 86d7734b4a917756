import { z } from 'zod';
import { failure } from '../activities/failure.ts';
import type { Answer, Call, Exchange } from './http.ts';

const PAGES = 1_000;
const ENTRIES = 50_000;

/**
 * Every entry of a list that comes in parts (MEC 009, 6.20): a client that ignores the link to the next one loses some.
 * `absent`: statuses that say that there is no such list, hence no entry.
 */
export async function everyPage<T>(
  exchange: Exchange,
  path: string,
  entry: z.ZodType<T>,
  signal: AbortSignal,
  absent: readonly number[] = [],
): Promise<readonly T[]> {
  const entries: T[] = [];
  const seen = new Set<string>();
  for (let page: string | null = path; page !== null; ) {
    seen.add(page);
    const call: Call<T[]> = { method: 'GET', path: page, schema: z.array(entry), alsoExpect: absent };
    const answer: Answer<T[]> = await exchange.ask(call, signal);
    if (answer.status >= 300) break;
    entries.push(...answer.body);
    page = answer.next;
    if ((page !== null && seen.has(page)) || seen.size > PAGES || entries.length > ENTRIES)
      throw failure('PeerMalformed', `${answer.told}, but the list has no end`);
  }
  return entries;
}

/** One condition of an attribute-based filter (MEC 009, 6.19). A peer may ignore it: compare what comes back. */
export function equals(attribute: string, value: string): string {
  const quoted = /[,)']/.test(value) ? `'${value.replaceAll("'", "''")}'` : value;
  return `filter=${encodeURIComponent(`(eq,${attribute},${quoted})`)}`;
}

import type { z } from 'zod';
import { failure } from '../activities/failure.ts';
import { LIST_LIMIT } from './answer.ts';
import type { Answer, Call, Exchange } from './http.ts';

const PAGES = 100_000;
/** Of a list that is read whole. */
const PARTS = 2_000;
/** A query that a peer does not know, or cannot carry out. 404: some say so that nothing matches. */
const QUERY_REFUSED = [400, 404, 405, 406, 414, 422, 500, 501];

/** What leads to the next part of a list holds for a while, or until the list changes: then it is read anew. */
const LOST_PART = [400, 404, 405, 406, 409, 410, 412, 422, 501];
const lostPart = (told: string): Error => failure('PeerUnavailable', `${told}, in the middle of a list`);

/**
 * The entries of a list that comes in parts (MEC 009, 6.20): a client that ignores the link to the next one loses some. An entry
 * that does not fit the schema is passed over, so a schema asks for no more than what tells ours from theirs; what `keep`
 * refuses is dropped as it comes. A peer that refuses the query is asked without: compare what comes back.
 * `absent`: statuses that say that there is no such list, hence no entry. PeerUnavailable: a part of it is missing.
 */
export async function everyPage<T>(
  exchange: Exchange,
  path: string,
  entry: z.ZodType<T>,
  signal: AbortSignal,
  absent: readonly number[] = [],
  keep: (entry: T) => boolean = () => true,
): Promise<readonly T[]> {
  const entries: T[] = [];
  let bytes = 0;
  const take = (value: unknown, size: number): void => {
    const parsed = entry.safeParse(value);
    if (!parsed.success || !keep(parsed.data)) return;
    bytes += size;
    if (bytes > LIST_LIMIT)
      throw failure('PeerMalformed', `${exchange.name}: the list at ${bare} has more of ours than ${LIST_LIMIT} bytes`);
    entries.push(parsed.data);
  };
  const [bare = path] = path.split('?', 1);
  const goesOn = endless(PAGES);
  let [queried, begun] = [path !== bare, false];
  let expected = queried ? [...QUERY_REFUSED, ...absent] : absent;
  for (let page: string | null = path; page !== null; ) {
    const call: Call<unknown> = { method: 'GET', path: page, alsoExpect: expected };
    const answer: Answer<unknown> = await exchange.each(call, take, signal);
    const refused = answer.status >= 300;
    if (refused && begun) throw lostPart(answer.told);
    if (refused && !queried) break;
    [queried, begun] = [false, !refused];
    page = refused ? bare : answer.next;
    expected = refused ? absent : LOST_PART;
    if (page !== null && goesOn(page)) throw failure('PeerMalformed', `${answer.told}, but the list has no end`);
  }
  return entries;
}

/**
 * The parts of a list that is read whole, each as it was answered; the first one may be refused. PeerMalformed: no end.
 * PeerUnavailable: a later one is missing, so that it is not known what is in the list.
 */
export async function* partsOf<T>(
  exchange: Pick<Exchange, 'ask'>,
  call: Omit<Call<T>, 'method'>,
  signal: AbortSignal,
): AsyncGenerator<Answer<T>> {
  const goesOn = endless(PARTS);
  const first = { ...call, method: 'GET', limit: LIST_LIMIT } as const;
  const later = { ...first, alsoExpect: [...(call.alsoExpect ?? []), ...LOST_PART] };
  for (let page: string | null = call.path; page !== null; ) {
    const isFirst = page === call.path;
    const answer: Answer<T> = await exchange.ask(isFirst ? first : { ...later, path: page }, signal);
    if (!isFirst && answer.status >= 300) throw lostPart(answer.told);
    page = answer.status < 300 ? answer.next : null;
    if (page !== null && goesOn(page)) throw failure('PeerMalformed', `${answer.told}, but the list has no end`);
    yield answer;
  }
}

/** Does it go in circles? Compares with one page that was seen, an ever later one, since all of them would be too many. */
function endless(most: number): (page: string) => boolean {
  let seen = '';
  let power = 1;
  let count = 0;
  return (page) => {
    count += 1;
    if (page === seen || count > most) return true;
    if (count === power) {
      seen = page;
      power *= 2;
    }
    return false;
  };
}

/** One condition of an attribute-based filter (MEC 009, 6.19). A peer may ignore it: compare what comes back. */
export const equals = (attribute: string, value: string): string => condition('eq', attribute, [value]);

/** The attribute has none of these values. */
export const isNone = (attribute: string, values: readonly string[]): string => condition('nin', attribute, values);

function condition(operator: 'eq' | 'nin', attribute: string, values: readonly string[]): string {
  const quoted = values.map((value) => (/[,)']/.test(value) ? `'${value.replaceAll("'", "''")}'` : value));
  return `filter=${encodeURIComponent(`(${operator},${attribute},${quoted.join(',')})`)}`;
}

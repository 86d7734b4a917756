import { ListedOrder, ServiceOrder, serviceOrders } from '../../protocols/tmf641/order.ts';
import { type Exchange, GONE } from '../http.ts';

const PAGE = 100;
/** So many pages of the newest orders are looked through where an OSS cannot be asked for a key. */
const NEWEST = 20;
/** No OSS has a history of more pages. */
const FARTHEST = 1_000_000;
/** An earlier attempt of a step, or what its undo looks for, is not older. */
const LOOKED_BACK_MS = 2 * 86_400_000;
const UNKNOWN_QUERY = 400;

interface Page {
  readonly orders: readonly ListedOrder[];
  readonly size: number;
}

export const orderPath = (id: string): string => `${serviceOrders}/${encodeURIComponent(id)}`;

/** Undefined: it is not there. */
export async function readOrder(oss: Exchange, id: string, signal: AbortSignal): Promise<ServiceOrder | undefined> {
  const call = { method: 'GET', path: orderPath(id), schema: ServiceOrder, alsoExpect: GONE } as const;
  const { status, body } = await oss.ask(call, signal);
  return GONE.includes(status) ? undefined : body;
}

/**
 * Ids of the orders under a key, however long the history of the OSS is. The published file has no
 * query by externalId, which is still the home of our key: it cannot be changed later. Many servers
 * answer it all the same; where one does not, only the newest orders are looked through, at
 * whichever end of its list they are.
 */
export async function idsUnder(oss: Exchange, key: string, signal: AbortSignal): Promise<readonly string[]> {
  /** Undefined: the server does not know a parameter of the query. */
  async function page(query: string): Promise<Page | undefined> {
    const path = query === '' ? serviceOrders : `${serviceOrders}?${query}`;
    const call = { method: 'GET', path, alsoExpect: [UNKNOWN_QUERY] } as const;
    const orders: ListedOrder[] = [];
    let size = 0;
    // Most are of others: what cannot be read of them does not matter, nor how long all of them are
    const take = (entry: unknown): void => {
      size += 1;
      orders.push(...[ListedOrder.safeParse(entry).data ?? []].flat());
    };
    const { status } = await oss.each(call, take, signal);
    return status === UNKNOWN_QUERY ? undefined : { orders, size };
  }

  const underKey = ({ orders }: Page): string[] =>
    orders.filter(({ externalId }) => externalId === key).map(({ id }) => id);

  const asked = await page(`externalId=${encodeURIComponent(key)}&offset=0&limit=${PAGE}`);
  if (asked?.orders.every(({ externalId }) => externalId === key) && asked.orders.length === asked.size)
    return underKey(asked);

  const found = new Set<string>();
  const seen = new Set<string>();
  /** A server may give less at once than it is asked for. */
  let unit = PAGE;
  /** Looks through one page; does it have anything new, is any of that young, may more follow? */
  async function look(n: number): Promise<{ readonly news: boolean; readonly young: boolean; readonly more: boolean }> {
    const one = await page(`offset=${n * unit}&limit=${PAGE}`);
    const whole = one ?? (n === 0 ? await page('') : undefined) ?? { orders: [], size: 0 };
    if (n === 0 && whole.size > 0) unit = Math.min(whole.size, PAGE);
    const news = whole.orders.filter(({ id }) => !seen.has(id));
    for (const { id } of news) seen.add(id);
    for (const id of underKey(whole)) found.add(id);
    const unreadable = whole.orders.length < whole.size;
    // A server may ignore offset and limit: then all is seen at once
    const more = one !== undefined && whole.size === unit;
    return { news: news.length > 0 || unreadable, young: news.some(isYoung), more };
  }

  let last = { news: true, young: true, more: true };
  let start = 0;
  for (; last.news && last.young && last.more && start < NEWEST; start += 1) last = await look(start);
  if (!last.news || !last.more) return [...found];

  // More follows: its end may have the newest ones. How far away it is, is found in few looks
  const beyond = async (n: number): Promise<boolean> => {
    const one = await page(`offset=${n * unit}&limit=1`);
    // What was seen already, or more than one, is the answer of a server that ignores the query
    return one?.size !== 1 || one.orders.some(({ id }) => seen.has(id));
  };
  let [inside, outside] = [start - 1, start];
  while (outside < FARTHEST && !(await beyond(outside))) [inside, outside] = [outside, outside * 2];
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (await beyond(middle)) outside = middle;
    else inside = middle;
  }
  for (let n = inside; n >= start && n > inside - NEWEST; n -= 1) if (!(await look(n)).young) break;
  return [...found];
}

/** Clocks differ, but not by days; an order without a date may be of today. */
function isYoung({ orderDate }: ListedOrder): boolean {
  const at = Date.parse(orderDate ?? '');
  return Number.isNaN(at) || at > Date.now() - LOOKED_BACK_MS;
}

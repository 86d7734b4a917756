import type { FerryClient } from './client.ts';

/** So many the API tells at a time. */
const AT_A_TIME = 100;

interface Wanted {
  readonly filters: Readonly<Record<string, string | undefined>>;
  /** Undefined: the one page that the API gives. */
  readonly atMost?: number | undefined;
}

/** A list, page by page, until `atMost` things were told. */
export async function* pages<Page extends { readonly next: string | null }>(
  client: FerryClient,
  path: string,
  { filters, atMost }: Wanted,
): AsyncGenerator<Page> {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  let left = atMost ?? 0;
  let next: string | null = null;
  do {
    const asked = new URLSearchParams(given);
    if (atMost !== undefined) asked.set('limit', String(Math.min(left, AT_A_TIME)));
    if (next !== null) asked.set('next', next);
    const page: Page = await client.get<Page>(`${path}${asked.size === 0 ? '' : `?${asked.toString()}`}`);
    yield page;
    left -= Object.values(page).reduce((count: number, all) => count + (Array.isArray(all) ? all.length : 0), 0);
    ({ next } = page);
  } while (next !== null && left > 0);
}

/** Every page of another list, one after the other. `filters`: as the API's query has them. */
export async function everyPage<Page extends { readonly next: string | null }>(
  client: FerryClient,
  path: string,
  filters: Readonly<Record<string, string>> = {},
): Promise<readonly Page[]> {
  const all: Page[] = [];
  let next: string | null = null;
  do {
    const asked = new URLSearchParams({ ...filters, limit: String(AT_A_TIME), ...(next !== null && { next }) });
    const page: Page = await client.get<Page>(`${path}?${asked.toString()}`);
    all.push(page);
    next = page.next ?? null; // an older API tells all at once
  } while (next !== null);
  return all;
}

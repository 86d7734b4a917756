import type { RelocationList } from '../api/resources.ts';
import type { FerryClient } from './client.ts';

/** So many the API tells at a time. */
const AT_A_TIME = 100;

/** The list of relocations, page by page, until `atMost` were told; without that, the one page that the API gives. */
export async function* pages(
  client: FerryClient,
  filters: Readonly<Record<string, string>>,
  atMost?: number,
): AsyncGenerator<RelocationList> {
  let left = atMost ?? 0;
  let next: string | null = null;
  do {
    const asked = new URLSearchParams(filters);
    if (atMost !== undefined) asked.set('limit', String(Math.min(left, AT_A_TIME)));
    if (next !== null) asked.set('next', next);
    const page: RelocationList = await client.get<RelocationList>(
      `/v1/relocations${asked.size === 0 ? '' : `?${asked.toString()}`}`,
    );
    yield page;
    left -= page.relocations.length;
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

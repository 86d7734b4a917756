import { failure } from '../../activities/failure.ts';
import { refusedBy } from '../ewbi/partner.ts';
import type { Answer, Call, Exchange } from '../http.ts';

interface Bounds {
  /** What is listed, in words. */
  readonly of: string;
  readonly entries: number;
  readonly pages: number;
}

/**
 * A partner's list, page by page. It has to have an end, whatever it says: what comes is counted while it comes, odd entries too.
 * Returns the answer that tells how the list is: the first, or the one that is no page of it. FederationSuspended.
 */
export async function listed(
  exchange: Exchange,
  call: Call<unknown>,
  { of, entries, pages }: Bounds,
  take: (entry: unknown) => void,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  const endless = (more: string): Error => failure('PeerMalformed', `${exchange.name}: its list of ${of} has ${more}`);
  let count = 0;
  const counted = (entry: unknown): void => {
    count += 1;
    if (count > entries) throw endless(`more than ${entries} entries`);
    take(entry);
  };
  let first: Answer<unknown> | undefined;
  for (let page = 0, path: string | null = call.path; path !== null; page += 1) {
    if (page >= pages) throw endless(`no end within ${pages} pages`);
    const { headers, ...again } = call;
    const asked: Call<unknown> = { ...again, path, ...(page === 0 && headers !== undefined && { headers }) };
    const answer: Answer<unknown> = await exchange.each(asked, counted, signal);
    if (answer.status === 403) throw refusedBy(answer);
    if (answer.status >= 300) return answer;
    first ??= answer;
    path = answer.next;
  }
  if (first === undefined) throw endless('no page');
  return first;
}

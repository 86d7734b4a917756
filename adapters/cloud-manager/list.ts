import { z } from 'zod';
import { failure } from '../../activities/failure.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';

const Listed = z.looseObject({ appDId: z.string() });

/**
 * What a manager has of one application. It is asked by a filter, and without it where the server
 * does not know it; of what belongs to other applications nothing is required, or kept.
 */
export async function listed<T>(
  manager: Exchange,
  collection: string,
  { appDId, schema }: { readonly appDId: string; readonly schema: z.ZodType<T> },
  signal: AbortSignal,
): Promise<readonly T[]> {
  const path = `${collection}?appDId=${encodeURIComponent(appDId)}`;
  const ours = await everyPage(manager, path, Listed, signal, [], (entry) => entry.appDId === appDId);
  return ours.map((entry) => {
    const parsed = schema.safeParse(entry);
    if (parsed.success) return parsed.data;
    const what = parsed.error.issues[0]?.path.join('.');
    throw failure(
      'PeerMalformed',
      `${manager.name}: GET ${collection} answered 200, but ${what} of one of this application does not fit`,
    );
  });
}

import { z } from 'zod';
import { ServiceInfo, services } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';

/** A platform that has no list of services has none; one that does not take our query is asked without it. */
const ABSENT = [404, 405, 410, 501];
const QUERY_REFUSED = [400, 403, 414];

/** Of these services, those of which no instance is ACTIVE on this platform (MEC 011, service management). */
export async function missingServices(
  platform: Exchange,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const ask = async (path: string, alsoExpect: readonly number[]) =>
    await platform.ask({ method: 'GET', path, schema: List, alsoExpect }, signal);
  const query = names.map((name) => `ser_name=${encodeURIComponent(name)}`).join('&');
  let answer = await ask(`${services}?${query}`, [...ABSENT, ...QUERY_REFUSED]);
  if (QUERY_REFUSED.includes(answer.status)) answer = await ask(services, ABSENT);
  const found = ABSENT.includes(answer.status) ? [] : answer.body;
  const active = new Set(found.filter(isServedHere).map(({ serName }) => serName));
  return names.filter((name) => !active.has(name));
}

/** A service of another platform is shown where it may be consumed (isLocal: false): it is none of this one's. */
const isServedHere = ({ state, isLocal }: ServiceInfo): boolean => state === 'ACTIVE' && isLocal !== false;

const List = z
  .array(z.unknown())
  .nullish()
  .transform((entries) =>
    (entries ?? []).flatMap((entry) => {
      const parsed = ServiceInfo.safeParse(entry);
      return parsed.success ? [parsed.data] : [];
    }),
  );

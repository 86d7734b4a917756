import { ServiceInfo, services } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';

/** A platform that has no list of services has none. */
const ABSENT = [404, 405, 410, 501];

/** Of these services, those of which no instance is ACTIVE on this platform (MEC 011, service management). */
export async function missingServices(
  platform: Exchange,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const query = names.map((name) => `ser_name=${encodeURIComponent(name)}`).join('&');
  const wanted = (service: ServiceInfo): boolean => names.includes(service.serName) && isServedHere(service);
  const look = async (path: string) => await everyPage(platform, path, ServiceInfo, signal, ABSENT, wanted);
  const active = await look(`${services}?${query}`).catch(async (error: unknown) => {
    if ((error as { type?: unknown }).type !== 'PeerRejected') throw error;
    return await look(services); // 403 may be meant for the query
  });
  return names.filter((name) => active.every(({ serName }) => serName !== name));
}

/** A service of another platform is shown where it may be consumed (isLocal: false): it is none of this one's. */
const isServedHere = ({ state, isLocal }: ServiceInfo): boolean => state === 'ACTIVE' && isLocal !== false;

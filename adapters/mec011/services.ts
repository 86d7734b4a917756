import { z } from 'zod';
import { ServiceInfo, services } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';

/** Of these services, those of which no instance is ACTIVE on this platform (MEC 011, service management). */
export async function missingServices(
  platform: Exchange,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const path = `${services}?${names.map((name) => `ser_name=${encodeURIComponent(name)}`).join('&')}`;
  const { body } = await platform.ask({ method: 'GET', path, schema: z.array(ServiceInfo) }, signal);
  const active = new Set(body.filter(({ state }) => state === 'ACTIVE').map(({ serName }) => serName));
  return names.filter((name) => !active.has(name));
}

import type { OfferHad } from '../../domain/inventory.ts';
import { OfferedService, services } from '../../protocols/mec011/service.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';

const ABSENT = [404, 405, 410, 501];

/**
 * Services of this platform that others may consume (MEC 011, 8.1.2.2): its own, and none that is for its own locality only.
 * What is shown there of another platform, or of another operator, is not its to offer.
 */
export async function offeredServices(platform: Exchange, signal: AbortSignal): Promise<OfferHad[]> {
  const all = await everyPage(platform, services, OfferedService, signal, ABSENT, isOffered);
  return all.map((service) => ({
    kind: 'service',
    id: service.serInstanceId,
    name: service.serName,
    version: service.version,
    state: service.state,
    category: service.serCategory?.name ?? undefined,
    transport: service.transportInfo?.type ?? undefined,
    serializer: service.serializer ?? undefined,
    endpoint: service.transportInfo?.endpoint?.uris?.find((uri) => /^https?:\/\//i.test(uri)),
  }));
}

const isOffered = ({ consumedLocalOnly, isLocal }: OfferedService): boolean =>
  consumedLocalOnly === false && isLocal !== false;

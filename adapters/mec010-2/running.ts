import type { OfferHad } from '../../domain/inventory.ts';
import { appInstances, KnownInstance } from '../../protocols/mec010-2/life-cycle.ts';
import { addressRange } from '../address-range.ts';
import type { Exchange } from '../http.ts';
import { everyPage } from '../paging.ts';

const ABSENT = [404, 405, 410, 501];

/** Where instances on a host have their addresses. */
interface HostRange {
  readonly host: string;
  readonly addresses: string;
}

/** Instances that run, by the host that their addresses are of: others are nowhere that we know. */
export async function runningApplications(
  meo: Exchange,
  hosts: readonly HostRange[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, OfferHad[]>> {
  const ranges = hosts.map(({ host, addresses }) => ({ host, within: addressRange(addresses) }));
  const running = new Map<string, OfferHad[]>(hosts.map(({ host }) => [host, []]));
  for (const instance of await everyPage(meo, appInstances, KnownInstance, signal, ABSENT, isRunning)) {
    const told = instance.communicationInterface?.ipAddresses ?? [];
    const at = ranges.find(({ within }) => told.some(({ host }) => within(host)));
    if (at !== undefined) running.get(at.host)?.push(offerOf(instance));
  }
  return running;
}

const isRunning = ({ instantiationState, instantiatedAppState }: KnownInstance): boolean =>
  instantiationState === 'INSTANTIATED' && instantiatedAppState?.operationalState === 'STARTED';

function offerOf(instance: KnownInstance): OfferHad {
  const { id, appName, appDId, appInstanceName, appProvider, appSoftVersion } = instance;
  return {
    kind: 'application',
    id,
    name: appName ?? appInstanceName ?? appDId ?? id,
    version: appSoftVersion ?? '',
    application: appDId ?? undefined,
    provider: appProvider ?? undefined,
    state: 'ACTIVE',
  };
}

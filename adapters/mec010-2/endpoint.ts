import { isIP } from 'node:net';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { Address, AppInstanceInfo } from '../../protocols/mec010-2/life-cycle.ts';

/** Where instances of a site are, and on which port the application serves; null: not known here. */
export interface Wanted {
  readonly addresses: string;
  readonly within: (host: string) => boolean;
  readonly port: number | null;
}

/** `unusable`: why there is none, without addresses. `elsewhere`: it tells addresses, and none of them is of this site. */
export type Found =
  | { readonly endpoint: Endpoint; readonly unusable?: never; readonly elsewhere: false }
  | { readonly endpoint: null; readonly unusable: string; readonly elsewhere: boolean };

/** The endpoint of an instance at a site, or what is wrong with those that are told. */
export function endpointOf(info: AppInstanceInfo, { addresses, within, port }: Wanted): Found {
  const told = info.communicationInterface?.ipAddresses ?? [];
  const here = told.filter(({ host }) => within(host));
  const endpoint = here.filter(isComplete).find((each) => port === null || each.port === port);
  if (endpoint !== undefined) return { endpoint, elsewhere: false };
  const names = told.some(({ host }) => isIP(host) === 0);
  const wanted = `an address in ${addresses}${port === null ? '' : ` with port ${port}`}`;
  return {
    endpoint: null,
    unusable: `tells ${fault(told, here, names)} as its endpoint; wanted is ${wanted}`,
    elsewhere: told.length > 0 && here.length === 0 && !names,
  };
}

function fault(told: readonly Address[], here: readonly Address[], names: boolean): string {
  const [first] = here;
  if (told.length === 0) return 'nothing (no communicationInterface)';
  if (first !== undefined) return first.port == null ? 'an address without a port' : `port ${first.port}`;
  return names ? 'a name' : 'an address of another range';
}

const isComplete = (address: Address): address is Address & Endpoint => address.port != null;

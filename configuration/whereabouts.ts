import type { Configuration } from './peers.ts';

/** Which access network a device is in, by what location services call the place. */

type Known = Pick<Configuration, 'networks' | 'systems' | 'sites'>;
type Named = Configuration['networks'][string] & { readonly name: string };

/** Where a location service tells of a follower's device; its name says whose zones are meant. */
export const sightingsPath = (follower: string, service: string): string =>
  `/v1/followers/${follower}/sightings/${encodeURIComponent(service)}`;

/** The networks of these sites; a cloud is in none. */
export function networksOf({ networks, systems, sites }: Known, among: readonly string[]): readonly Named[] {
  const names = among.flatMap((name) => {
    const site = sites[name];
    return site?.kind === 'mecHost' ? (systems[site.system]?.network ?? []) : [];
  });
  return [...new Set(names)].flatMap((name) => {
    const network = networks[name];
    return network === undefined ? [] : [{ ...network, name }];
  });
}

export const isLocated = (network: Named): network is Named & { readonly location: NonNullable<Named['location']> } =>
  network.location !== undefined;

/** null: none that is known. */
export function networkIn({ networks }: Pick<Known, 'networks'>, service: string, zone: string): string | null {
  const found = Object.entries(networks).find(
    ([, { location }]) => location?.service === service && location.zones.includes(zone),
  );
  return found?.[0] ?? null;
}

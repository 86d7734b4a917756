import type { Configuration } from './peers.ts';

/** What outsiders are told of where sites are: a zone, and never a site. */
export interface Place {
  readonly zone: string;
  readonly details: string;
  readonly lat: number;
  readonly lon: number;
  readonly country: string | null;
  readonly sites: readonly string[];
}

/** A site without a zone is shown to nobody outside. */
export function placesOf({ sites }: Pick<Configuration, 'sites'>): readonly Place[] {
  const places = new Map<string, Place>();
  for (const [name, site] of Object.entries(sites)) {
    if (site.kind !== 'mecHost' || site.zone === undefined) continue;
    const { id, details, lat, lon } = site.zone;
    const { country = null } = site;
    const known = places.get(id) ?? { zone: id, details, lat, lon, country, sites: [] };
    places.set(id, { ...known, sites: [...known.sites, name] });
  }
  return [...places.values()];
}

/** What of ours whom is shown; `*`: all. What no entry shows is hidden. */
export interface Share {
  readonly of: string;
  readonly with: string;
  readonly services: readonly string[];
  readonly applications: readonly string[];
  readonly zones: readonly string[];
  readonly devices: boolean;
}

/** Something of a system of ours, by name, and the partner that would use it. */
interface Offered {
  readonly of: string;
  readonly with: string;
  readonly kind: 'service' | 'application';
  readonly name: string;
}

interface Site {
  readonly kind: string;
  readonly system?: string | undefined;
  readonly zone?: Zone | undefined;
}

/** Where a site is, as partners are told it. */
export interface Zone {
  readonly id: string;
  readonly lat: number;
  readonly lon: number;
  readonly details: string;
}

const among = (entry: string, name: string): boolean => entry === '*' || entry === name;

/** Systems of ours, by their names in the configuration, that a partner may see. */
export const systemsShownTo = (shares: readonly Share[], partner: string, systems: readonly string[]): string[] =>
  systems.filter((system) => shares.some((share) => among(share.of, system) && among(share.with, partner)));

/** May that partner use it, today? */
export const mayUse = (shares: readonly Share[], { of, with: partner, kind, name }: Offered): boolean =>
  shares.some(
    (share) =>
      among(share.of, of) && among(share.with, partner) && share[`${kind}s`].some((entry) => among(entry, name)),
  );

/** Zones that a partner may see, each once. */
export function zonesShownTo(shares: readonly Share[], partner: string, sites: Readonly<Record<string, Site>>): Zone[] {
  const shown = new Map<string, Zone>();
  for (const { system, zone } of Object.values(sites)) {
    if (system === undefined || zone === undefined) continue;
    const opened = shares.filter((share) => among(share.of, system) && among(share.with, partner));
    if (opened.some(({ zones }) => zones.some((entry) => among(entry, zone.id)))) shown.set(zone.id, zone);
  }
  return [...shown.values()];
}

/** What of one system of ours a partner may see; `*` in a list: all. */
export interface SystemOpen {
  /** Its name in the configuration. */
  readonly local: string;
  readonly services: readonly string[];
  readonly applications: readonly string[];
  readonly zones: readonly string[];
  readonly devices: boolean;
}

/** What each system shows this partner, of all shares that concern both. */
export const openTo = (shares: readonly Share[], partner: string, systems: readonly string[]): SystemOpen[] =>
  systemsShownTo(shares, partner, systems).map((local) => {
    const opened = shares.filter((share) => among(share.of, local) && among(share.with, partner));
    return {
      local,
      services: opened.flatMap(({ services }) => services),
      applications: opened.flatMap(({ applications }) => applications),
      zones: opened.flatMap(({ zones }) => zones),
      devices: opened.some(({ devices }) => devices),
    };
  });

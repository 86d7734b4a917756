import type { DiscoveryFound, DiscoveryRequest } from '../api/discovery.ts';
import type { By, Wish } from '../domain/wish.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What may be looked for. */
export const sought = ['service', 'application', 'device', 'system'] as const;
export type Sought = (typeof sought)[number];

export interface DiscoverOptions {
  readonly systems?: true;
  readonly near?: { readonly lat: number; readonly lon: number };
  readonly within?: number;
  readonly latency?: number;
  readonly bandwidth?: number;
  readonly for?: string;
  readonly wait: number;
}

export async function discover(
  client: FerryClient,
  terminal: Terminal,
  request: DiscoveryRequest,
  waitSeconds: number,
): Promise<Exit> {
  const found = await client.post<DiscoveryFound>(`/v1/discoveries?waitSeconds=${waitSeconds}`, request);
  if (terminal.json) terminal.document(found);
  else for (const line of foundLines(found, terminal)) terminal.tell(line);
  return found.systems.length + found.platforms.length > 0 ? exits.done : exits.notThrough;
}

const by = (value: By): DiscoveryRequest => ({ find: 'systems', by: value });

/** Of what was typed. */
export function requestOf(
  what: Sought,
  [first = '', ...more]: readonly string[],
  options: DiscoverOptions,
): DiscoveryRequest {
  if (what === 'device') return by({ devices: [first, ...more] });
  if (what === 'system') return by({ system: first });
  if (options.systems) return by(what === 'service' ? { service: first } : { application: first });
  const { near, within = 50, latency, bandwidth, for: whom } = options;
  const wish: Wish = {
    what: { kind: what, name: first },
    ...(whom !== undefined && { forApplication: whom }),
    ...(near !== undefined && { where: { ...near, withinKm: within } }),
    ...((latency !== undefined || bandwidth !== undefined) && {
      kpi: {
        ...(latency !== undefined && { latencyMs: latency }),
        ...(bandwidth !== undefined && { bandwidthKbps: bandwidth }),
      },
    }),
  };
  return { find: 'platforms', wish };
}

function foundLines(found: DiscoveryFound, terminal: Terminal): string[] {
  const { systems, platforms, asked, complete, state, failure, id } = found;
  const nothing = systems.length + platforms.length === 0;
  return [
    ...(nothing ? ['Nothing was found.'] : []),
    ...(systems.length === 0 ? [] : [systemsTable(systems, terminal)]),
    ...(platforms.length === 0 ? [] : [platformsTable(platforms, terminal)]),
    ...asked
      .filter(({ said }) => said !== 'answered')
      .map(({ partner, said }) =>
        said === 'silent' ? `${partner} did not answer in time.` : `${partner} refused to answer.`,
      ),
    ...(state === 'working' ? [`Partners are still being asked: ask again for more (${id ?? ''}).`] : []),
    ...(complete === false ? ['There may be more: not all partners have answered in full.'] : []),
    ...(failure === null ? [] : [`${failure.type}: ${failure.message}`]),
  ];
}

const whose = (partner: string | null): string => partner ?? 'ours';

const systemsTable = (systems: DiscoveryFound['systems'], terminal: Terminal): string =>
  table(
    ['system', 'provider', 'operator', 'told by', 'id'],
    systems.map(({ name, provider, operator, partner, system }) => [
      legible(name),
      legible(provider),
      operator,
      whose(partner),
      system,
    ]),
    terminal,
  );

/** A line for each offer. Latency: as declared, and with the way to its operator. */
const platformsTable = (platforms: DiscoveryFound['platforms'], terminal: Terminal): string =>
  table(
    ['offer', 'version', 'latency', 'achievable', 'system', 'told by', 'away', 'platform'],
    platforms.flatMap(({ offers, systemName, partner, place, platform }) =>
      offers.map(({ name, version, latencyMs, achievableMs }) => [
        legible(name),
        legible(version),
        ms(latencyMs),
        ms(achievableMs),
        legible(systemName),
        whose(partner),
        place === null || place.km === null ? '' : `${Math.round(place.km)} km`,
        platform,
      ]),
    ),
    terminal,
  );

const ms = (value: number | null): string => (value === null ? '' : `${Math.round(value * 10) / 10} ms`);

import type { OfferList, ZoneList } from '../api/offered.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { everyPage } from './pages.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

export async function offers(
  client: FerryClient,
  terminal: Terminal,
  { kind, name }: { kind?: string | undefined; name?: string | undefined },
): Promise<Exit> {
  const filters = { ...(kind && { kind }), ...(name && { name }) };
  const found = (await everyPage<OfferList>(client, '/v1/offers', filters)).flatMap((page) => page.offers);
  if (terminal.json) terminal.list({ offers: found, next: null } satisfies OfferList, found);
  else terminal.tell(found.length === 0 ? nothing(name, terminal) : offerTable(found, terminal));
  return exits.done;
}

/** What is known is not all that there is: partners are asked by who looks for something. */
const nothing = (name: string | undefined, { hints }: Terminal): string =>
  name === undefined
    ? 'Nothing is offered.'
    : `Nothing called ${name} is known. \`${hints.command('discover', 'service', name)}\` asks partners for it.`;

const offerTable = (found: OfferList['offers'], terminal: Terminal): string =>
  table(
    ['kind', 'name', 'version', 'state', 'system', 'platform', 'operator', 'told by', 'latency', 'id'],
    found.map(({ kind, name, version, state, system, platform, operator, partner, latencyMs, id }) => [
      kind,
      legible(name),
      legible(version),
      state,
      legible(system.name),
      legible(platform),
      operator,
      partner ?? 'ours',
      declared(latencyMs),
      id,
    ]),
    terminal,
    { spare: ['latency', 'id', 'operator', 'version'] },
  );

export async function zones(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const found = (await everyPage<ZoneList>(client, '/v1/zones')).flatMap((page) => page.zones);
  if (terminal.json) terminal.list({ zones: found, next: null } satisfies ZoneList, found);
  else terminal.tell(found.length === 0 ? 'No zones.' : zoneTable(found, terminal));
  return exits.done;
}

const zoneTable = (found: ZoneList['zones'], terminal: Terminal): string =>
  table(
    ['zone', 'system', 'operator', 'told by', 'where', 'latency', 'details'],
    found.map(({ zone, system, operator, partner, lat, lon, latencyMs, details, accepted }) => [
      legible(zone),
      legible(system ?? '-'),
      operator,
      partner === null ? 'ours' : `${partner}${accepted === true ? '' : ', not taken'}`,
      lat === null || lon === null ? '' : `${lat.toFixed(3)}, ${lon.toFixed(3)}`,
      declared(latencyMs),
      legible(details),
    ]),
    terminal,
    { spare: ['latency', 'operator'] },
  );

const declared = (latencyMs: number | null): string => (latencyMs === null ? '' : `${latencyMs} ms`);

import type { OfferList, ZoneList } from '../api/offered.ts';
import type { FerryClient } from './client.ts';
import { type Exit, exits } from './exits.ts';
import { legible } from './legible.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

interface Page {
  readonly next: string | null;
}

/** Every page of them: an operator asks for what there is, not for a part. */
async function pages<List extends Page>(client: FerryClient, path: string): Promise<List[]> {
  const found: List[] = [];
  for (let next: string | null = path; next !== null; ) {
    const page: List = await client.get<List>(next);
    found.push(page);
    ({ next } = page);
  }
  return found;
}

export async function offers(
  client: FerryClient,
  terminal: Terminal,
  { kind, name }: { kind?: string | undefined; name?: string | undefined },
): Promise<Exit> {
  const query = new URLSearchParams({ limit: '100', ...(kind && { kind }), ...(name && { name }) });
  const found = (await pages<OfferList>(client, `/v1/offers?${query.toString()}`)).flatMap((page) => page.offers);
  if (terminal.json) terminal.list({ offers: found, next: null } satisfies OfferList, found);
  else terminal.tell(found.length === 0 ? 'Nothing is offered.' : offerTable(found, terminal));
  return exits.done;
}

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
  );

export async function zones(client: FerryClient, terminal: Terminal): Promise<Exit> {
  const found = (await pages<ZoneList>(client, '/v1/zones?limit=100')).flatMap((page) => page.zones);
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
  );

const declared = (latencyMs: number | null): string => (latencyMs === null ? '' : `${latencyMs} ms`);

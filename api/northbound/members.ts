import type { Catalogue } from '../../catalogue/database.ts';
import { offersListed, type OfferListed, zonesListed, type ZoneListed } from '../../catalogue/listing.ts';
import { type Member, membersListed, registeredClients } from '../../catalogue/systems.ts';
import { usableAgreements } from '../../catalogue/usable.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type { OfferList, ZoneList } from '../offered.ts';
import type { SystemList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import { linked } from './pages.ts';
import type { NorthboundTable } from './table.ts';
import { nobody } from './unfederated.ts';

export const memberHandlers = (
  { systems, federation }: Pick<Configuration, 'systems' | 'federation'>,
  catalogue: Catalogue | undefined,
): Handlers<NorthboundTable, 'listSystems' | 'listOffers' | 'listZones'> => ({
  listSystems: async ({ query: { limit, next: after }, req, res }) => {
    if (federation === undefined || catalogue === undefined) throw nobody();
    const partners = await tellers(catalogue, federation);
    const [{ members, next }, registered] = await Promise.all([
      membersListed(catalogue, { agreements: [...partners.keys()] }, { after, limit }),
      registeredClients(catalogue),
    ]);
    const list: SystemList = {
      systems: members.map((member) => shown(member, partners)),
      awaited: awaited(systems, registered),
      joinable: joinable(federation, new Set(partners.values())),
      next: linked(req, res, next, '/v1/systems'),
    };
    res.json(list);
  },

  listOffers: async ({ query: { limit, next: after, kind, name }, req, res }) => {
    if (federation === undefined || catalogue === undefined) throw nobody();
    const partners = await tellers(catalogue, federation);
    const agreements = [...partners.keys()];
    const { rows, next } = await offersListed(catalogue, { agreements, after, limit, kind, name });
    const list: OfferList = {
      offers: rows.map((row) => offerShown(row, partners)),
      next: linked(req, res, next, '/v1/offers'),
    };
    res.json(list);
  },

  listZones: async ({ query: { limit, next: after }, req, res }) => {
    if (federation === undefined || catalogue === undefined) throw nobody();
    const partners = await tellers(catalogue, federation);
    const { rows, next } = await zonesListed(catalogue, { agreements: [...partners.keys()], after, limit });
    const list: ZoneList = {
      zones: rows.map((row) => zoneShown(row, partners, federation)),
      next: linked(req, res, next, '/v1/zones'),
    };
    res.json(list);
  },
});

type Tellers = ReadonlyMap<string, string>;

/** Who tells of what we see, by the agreement under which it was told. */
const tellers = async (catalogue: Catalogue, federation: Federation): Promise<Tellers> =>
  new Map((await usableAgreements(catalogue, federation)).map(({ id, partner }) => [id, partner] as const));

const partnerOf = (agreement: string | null, partners: Tellers): string | null =>
  agreement === null ? null : (partners.get(agreement) ?? null);

const offerShown = (
  { system: id, systemName, agreement, seenAt, ...offer }: OfferListed,
  partners: Tellers,
): OfferList['offers'][number] => ({
  ...offer,
  system: { id, name: systemName },
  partner: partnerOf(agreement, partners),
  seenAt: seenAt.toISOString(),
});

/** A zone that E/WBI tells of is the partner's own. */
function zoneShown(
  { agreement, systemName: system, operator, accepted, compute, seenAt, ...zone }: ZoneListed,
  partners: Tellers,
  federation: Federation,
): ZoneList['zones'][number] {
  const partner = partnerOf(agreement, partners);
  const whose = partner === null ? federation.operator.id : (federation.partners[partner]?.operator ?? partner);
  return {
    ...zone,
    system,
    operator: operator ?? whose,
    partner,
    compute: compute as Record<string, unknown> | null,
    accepted: agreement === null ? null : accepted,
    seenAt: seenAt.toISOString(),
  };
}

const shown = (
  { id, name, provider, operator, agreement, local, endpoint, seen_at }: Member,
  partners: ReadonlyMap<string, string>,
): SystemList['systems'][number] => ({
  id,
  name,
  provider,
  operator,
  partner: partnerOf(agreement, partners),
  local,
  endpoint: endpoint as Record<string, unknown> | null,
  seenAt: seen_at.toISOString(),
});

const awaited = (systems: Configuration['systems'], registered: ReadonlySet<string>): SystemList['awaited'] =>
  Object.entries(systems).flatMap(([system, { client }]) =>
    client === undefined || registered.has(client) ? [] : [{ system, client }],
  );

const joinable = ({ partners }: Federation, joined: ReadonlySet<string>): SystemList['joinable'] =>
  Object.entries(partners).flatMap(([partner, { operator, join }]) =>
    join === 'onMiss' && !joined.has(partner) ? [{ partner, operator }] : [],
  );

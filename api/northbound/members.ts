import type { Catalogue } from '../../catalogue/database.ts';
import { type Member, membersListed, registeredClients } from '../../catalogue/systems.ts';
import { usableAgreements } from '../../catalogue/usable.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal } from '../problem.ts';
import type { SystemList } from '../resources.ts';
import type { Handlers } from '../serve.ts';
import type { NorthboundTable } from './table.ts';

/** What is asked of a federation where there is none. */
export const nobody = (): HttpRefusal =>
  new HttpRefusal(
    404,
    'this Ferry federates with nobody',
    'Give its configuration a `federation`: docs/federation.md says how.',
  );

export const memberHandlers = (
  { systems, federation }: Pick<Configuration, 'systems' | 'federation'>,
  catalogue: Catalogue | undefined,
): Handlers<NorthboundTable, 'listSystems'> => ({
  listSystems: async ({ query: { limit, next: after }, res }) => {
    if (federation === undefined || catalogue === undefined) throw nobody();
    const partners = new Map(
      (await usableAgreements(catalogue, federation)).map(({ id, partner }) => [id, partner] as const),
    );
    const [{ members, next }, registered] = await Promise.all([
      membersListed(catalogue, { agreements: [...partners.keys()] }, { after, limit }),
      registeredClients(catalogue),
    ]);
    const list: SystemList = {
      systems: members.map((member) => shown(member, partners)),
      awaited: awaited(systems, registered),
      joinable: joinable(federation, new Set(partners.values())),
      next: next === null ? null : `/v1/systems?${new URLSearchParams({ limit: String(limit), next }).toString()}`,
    };
    res.json(list);
  },
});

const shown = (
  { id, name, provider, operator, agreement, local, endpoint, seen_at }: Member,
  partners: ReadonlyMap<string, string>,
): SystemList['systems'][number] => ({
  id,
  name,
  provider,
  operator,
  partner: agreement === null ? null : (partners.get(agreement) ?? null),
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

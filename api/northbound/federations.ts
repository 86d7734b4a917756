import type { Catalogue } from '../../catalogue/database.ts';
import { command } from '../../catalogue/decisions.ts';
import { type DirectionSeen, federationsSeen } from '../../catalogue/federations.ts';
import type { Configuration } from '../../configuration/peers.ts';
import type { FederationCommand } from '../../domain/federation.ts';
import type { FederationDirection, FederationWith } from '../resources.ts';
import type { Asked, Handlers } from '../serve.ts';
import type { NorthboundTable } from './table.ts';
import { unknownPartner } from './unfederated.ts';

type Names = 'listFederations' | 'showFederation' | 'joinPartner' | 'suspendPartner' | 'resumePartner' | 'leavePartner';

interface FederationMeans {
  readonly configuration: Pick<Configuration, 'federation'>;
  readonly catalogue: Catalogue | undefined;
  /** Never waits. */
  readonly poke: (partner: string) => void;
}

/** How it stands with each partner of the configuration, and what is left of those that it names no more. */
export async function federationsOf({
  configuration: { federation },
  catalogue,
}: Pick<FederationMeans, 'configuration' | 'catalogue'>): Promise<readonly FederationWith[]> {
  if (federation === undefined || catalogue === undefined) return [];
  const seen = await federationsSeen(catalogue, federation);
  return [...seen].map(([partner, { uses, serves }]) => ({
    partner,
    operator: federation.partners[partner]?.operator ?? '',
    uses: shown(uses),
    serves: shown(serves),
  }));
}

/** Our operator's will, partner by partner: set in the catalogue, which needs neither Temporal nor the partner. */
export function federationHandlers({
  configuration: { federation },
  catalogue,
  poke,
}: FederationMeans): Handlers<NorthboundTable, Names> {
  const all = async (): Promise<readonly FederationWith[]> =>
    await federationsOf({ configuration: { federation }, catalogue });

  const one = async (partner: string): Promise<FederationWith> => {
    const found = (await all()).find((each) => each.partner === partner);
    if (found === undefined) throw unknownPartner(partner, Object.keys(federation?.partners ?? {}));
    return found;
  };

  const commanded =
    (name: FederationCommand) =>
    async ({ params, query, res }: Asked<NorthboundTable['joinPartner']>): Promise<void> => {
      const { partner } = params;
      if (federation?.partners[partner] === undefined)
        throw unknownPartner(partner, Object.keys(federation?.partners ?? {}));
      if (catalogue !== undefined)
        await command(catalogue, federation, { partner, direction: query.direction, command: name });
      poke(partner);
      res.json(await one(partner));
    };

  return {
    listFederations: async ({ res }) => {
      res.json({ federations: await all() });
    },
    showFederation: async ({ params, res }) => {
      res.json(await one(params.partner));
    },
    joinPartner: commanded('join'),
    suspendPartner: commanded('suspend'),
    resumePartner: commanded('resume'),
    leavePartner: commanded('leave'),
  };
}

const shown = ({ since, joinedAt, heardAt, silentSince, linkMs, ...rest }: DirectionSeen): FederationDirection => ({
  ...rest,
  since: iso(since),
  joinedAt: iso(joinedAt),
  heardAt: iso(heardAt),
  silentSince: iso(silentSince),
  linkMs: linkMs === null ? null : Math.round(linkMs * 10) / 10,
});

const iso = (instant: Date | null): string | null => instant?.toISOString() ?? null;

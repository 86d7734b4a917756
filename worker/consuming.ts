import type { Logger } from 'pino';
import { type ConsumingActivities, consumingActivities } from '../activities/federation/consuming.ts';
import type { Consumable, ConsumingMeans, Paths } from '../activities/federation/consumption.ts';
import { Exchange } from '../adapters/http.ts';
import { listens } from '../adapters/listening.ts';
import { mec011Exposure } from '../adapters/mec011/exposure.ts';
import { mfmDecisions } from '../adapters/mfm/decisions.ts';
import { bindingsOf } from '../catalogue/consuming.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { digest } from '../configuration/digest.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Configuration } from '../configuration/peers.ts';
import { stepKey } from '../domain/identity.ts';
import { Peers } from './peers.ts';

/** What is consumed across operators meets the adapters that realise it. */
export function consumingOf(
  {
    federation,
    ...configuration
  }: Pick<Configuration, 'peers' | 'systems' | 'sites'> & { readonly federation: Federation },
  catalogue: Catalogue,
  { partner, paths }: { readonly partner: (name: string) => Consumable | undefined; readonly paths: Paths },
  log: Logger,
): ConsumingActivities {
  return consumingActivities(meansOf({ federation, ...configuration }, catalogue, { partner, paths }, log));
}

export function meansOf(
  {
    federation,
    ...configuration
  }: Pick<Configuration, 'peers' | 'systems' | 'sites'> & { readonly federation: Federation },
  catalogue: Catalogue,
  { partner, paths }: { readonly partner: (name: string) => Consumable | undefined; readonly paths: Paths },
  log: Logger,
): ConsumingMeans {
  const peers = new Peers(configuration, log);
  const orchestrators = new Map(
    Object.entries(configuration.systems).flatMap(([system, { meo }]) => {
      const { mfm, timeoutMs } = peers.meo(meo);
      return mfm === undefined ? [] : [[system, new Exchange({ name: meo, url: mfm, timeoutMs }, log)] as const];
    }),
  );
  const exposures = new Map(
    Object.values(configuration.sites).flatMap((site) =>
      site.kind === 'mecHost'
        ? [[keyOf(site.system, site.host), mec011Exposure(peers.exchange(site.platform), site.exposeAs)] as const]
        : [],
    ),
  );
  const inner = federation.gateway?.inner ?? '';
  return {
    bindings: bindingsOf(catalogue, federation),
    partner,
    decisions: mfmDecisions((system) => orchestrators.get(system)),
    exposure: (system, platform) => exposures.get(keyOf(system, platform)),
    paths,
    listens,
    addressOf: (pathSecret) => `${inner}/s/${pathSecret}`,
    nameOf: (chain, nth) => stepKey(chain, `binding/${nth}`, digest),
  };
}

const keyOf = (system: string, host: string): string => `${system}\n${host}`;

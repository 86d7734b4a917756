import type { Logger } from 'pino';
import { failure } from '../activities/failure.ts';
import type { ConsumingMeans, Paths } from '../activities/federation/consumption.ts';
import { Exchange } from '../adapters/http.ts';
import { listens } from '../adapters/listening.ts';
import { mec011Exposure } from '../adapters/mec011/exposure.ts';
import { mfmDecisions } from '../adapters/mfm/decisions.ts';
import { pathsThrough } from '../adapters/mpp/paths.ts';
import { producersOver } from '../adapters/mpp/producers.ts';
import { bindingsOf } from '../catalogue/consuming.ts';
import type { Catalogue } from '../catalogue/database.ts';
import { digest } from '../configuration/digest.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Configuration } from '../configuration/peers.ts';
import { stepKey } from '../domain/identity.ts';
import { Peers } from './peers.ts';

/** What is consumed across operators meets the adapters that realise it. */
export function consumingOver(
  {
    federation,
    ...configuration
  }: Pick<Configuration, 'peers' | 'systems' | 'sites'> & { readonly federation: Federation },
  catalogue: Catalogue,
  { partner, observe }: Pick<ConsumingMeans, 'partner' | 'observe'>,
  log: Logger,
): ConsumingMeans {
  const peers = new Peers(configuration, log);
  const orchestrators = peers.mfmOf(configuration.systems);
  const exposures = new Map(
    Object.values(configuration.sites).flatMap((site) =>
      site.kind === 'mecHost'
        ? [[keyOf(site.system, site.host), mec011Exposure(peers.exchange(site.platform), site.exposeAs)] as const]
        : [],
    ),
  );
  const inner = federation.gateway?.inner;
  const paths =
    inner === undefined
      ? noGateway
      : pathsThrough(new Exchange({ name: 'our gateway', url: inner, timeoutMs: PROBE_MS }, log));
  return {
    bindings: bindingsOf(catalogue, federation),
    partner,
    decisions: mfmDecisions((system) => orchestrators.get(system)),
    exposure: (system, platform) => exposures.get(keyOf(system, platform)),
    exposures: [...exposures.values()],
    observe,
    paths,
    listens,
    producers: producersOver(log),
    addressOf: (pathSecret) => `${inner ?? ''}/s/${pathSecret}`,
    nameOf: (chain, nth) => stepKey(chain, `binding/${nth}`, digest),
  };
}

/** What both gateways, and the producer, need to take a connection. */
const PROBE_MS = 10_000;

const noGateway: Paths = {
  probe: async () => {
    throw failure('NotSpoken', 'the configuration names no gateway of ours (`federation.gateway`)');
  },
};

const keyOf = (system: string, host: string): string => `${system}\n${host}`;

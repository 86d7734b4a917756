import type { Logger } from 'pino';
import type { FederationMeans } from '../activities/federation/step.ts';
import { keepConfigured } from '../catalogue/configured.ts';
import { type Catalogue, openCatalogue } from '../catalogue/database.ts';
import { unnamed } from '../catalogue/federations.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Configuration } from '../configuration/peers.ts';
import { NOT_NAMED } from '../domain/federation.ts';
import { consumingOver } from './consuming.ts';
import { federationOf } from './federation.ts';
import { OwnOrchestrators } from './orchestrators.ts';
import { tellingOver } from './subscribers.ts';

const CONNECTIONS = 8;

interface Waking extends Pick<FederationMeans, 'systemsChanged'> {
  readonly wake: (partner: string) => Promise<void>;
}

/** What a worker has more where there is a federation. */
export interface Federated {
  /** Whom to tend: those of the configuration, and those that it names no more, until nothing is left of them. */
  readonly partners: readonly string[];
  readonly activities: (waking: Waking) => ReturnType<typeof federationOf> & ReturnType<typeof tellingOver>;
  readonly close: () => Promise<void>;
}

export async function federatedOver(
  configuration: Configuration & { readonly federation: Federation },
  url: string,
  log: Logger,
): Promise<Federated> {
  const { federation, pace } = configuration;
  const known = await opened(configuration, url, log);
  const names = Object.keys(federation.partners);
  const gone = await unnamed(known, names);
  for (const partner of gone)
    log.warn({ partner }, `${NOT_NAMED}: what is bound with ${partner} ends, and is taken off our own platforms`);
  const orchestrators = new OwnOrchestrators(configuration, federation.pace.validSeconds, known, log);
  return {
    partners: [...names, ...gone],
    activities: (waking) => ({
      ...federationOf(federation, known, pace.insistMs, log, {
        ...waking,
        orchestrators,
        consuming: (partner) => consumingOver(configuration, known, { partner, observe: orchestrators.observe }, log),
      }),
      ...tellingOver(configuration, known, log),
    }),
    close: async () => await known.destroy(),
  };
}

/** What the federator knows; without it there is no work for this program. */
async function opened(configuration: Configuration, url: string, log: Logger): Promise<Catalogue> {
  try {
    const opening = await openCatalogue({ url, connections: CONNECTIONS, world: configuration.world });
    for (const told of await keepConfigured(opening, configuration)) log.warn(told);
    return opening;
  } catch (error) {
    log.error(
      `the catalogue does not open (${(error as Error).message}): look at the PostgreSQL server of DATABASE_URL`,
    );
    return process.exit(1);
  }
}

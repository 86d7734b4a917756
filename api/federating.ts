import type { RequestListener } from 'node:http';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { keepConfigured } from '../catalogue/configured.ts';
import { type Catalogue, openCatalogue } from '../catalogue/database.ts';
import { federationsSeen } from '../catalogue/federations.ts';
import type { Federation } from '../configuration/federation.ts';
import type { Settings } from '../configuration/settings.ts';
import { Tokens } from '../doors/tokens/tokens.ts';
import { pokeTending, startTending } from '../temporal/tending.ts';
import { faces, type Federating } from './federated.ts';
import { Questions } from './finding.ts';
import { outer } from './outer.ts';
import { Consumptions } from './consuming.ts';
import { Telling } from './telling.ts';
import { admission, callerOf } from './tokens/admission.ts';

const CONNECTIONS = 8;

interface Means extends Settings {
  readonly temporal: Client;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/** What each of the two listeners needs, of one catalogue. */
export interface Both {
  readonly catalogue: Catalogue;
  readonly inner: Federating;
  readonly outer: RequestListener;
}

/**
 * Opens the catalogue, and brings our systems in it in step with the configuration. Where the database cannot be had this
 * program has nothing to do, says so, and ends.
 */
export async function federatingOver(federation: Federation, means: Means): Promise<Both> {
  const { configuration, environment, temporal, log, stopping } = means;
  const { world } = configuration;
  const catalogue = await opened(means);
  const tokens = new Tokens(federation.issuers);
  const ours = { taskQueue: environment.FERRY_TASK_QUEUE, world };
  const consumptions = new Consumptions(temporal, ours, { ...configuration, federation }, log);
  const telling = new Telling(temporal, ours, log, stopping);
  telling.changed(); // what this start, or an earlier one, has changed and not told
  // Of what our operator or a partner has said while Temporal was away, to an API that was killed since, nobody else knows
  const partners = [...(await federationsSeen(catalogue, federation)).keys()];
  void startTending(temporal, partners, ours, log, stopping);
  return {
    catalogue,
    inner: {
      catalogue,
      access: { admit: admission(tokens), callerOf },
      consumptions,
      changed: () => telling.changed(),
      faces,
    },
    outer: outer({
      catalogue,
      tokens,
      federation,
      configuration,
      log,
      proxies: environment.FERRY_OUTER_PROXIES,
      poke: async (partner) => await pokeTending(temporal, partner, ours),
      admit: async (...row) => await consumptions.admit(...row),
      refresh: new Questions(temporal, ours, federation.pace).refreshing(log),
    }),
  };
}

async function opened({ configuration, environment, log }: Means): Promise<Catalogue> {
  const { DATABASE_URL: url = '' } = environment;
  try {
    const catalogue = await openCatalogue({ url, connections: CONNECTIONS, world: configuration.world });
    for (const told of await keepConfigured(catalogue, configuration)) log.warn(told);
    return catalogue;
  } catch (error) {
    log.error(
      `the catalogue does not open (${(error as Error).message}): look at the PostgreSQL server of DATABASE_URL`,
    );
    return process.exit(1);
  }
}

import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { keepConfigured } from '../catalogue/configured.ts';
import { type Catalogue, openCatalogue } from '../catalogue/database.ts';
import type { Settings } from '../configuration/settings.ts';
import type { Federating } from './app.ts';
import { Telling } from './telling.ts';
import { admission, callerOf } from './tokens/admission.ts';
import { Tokens } from './tokens/tokens.ts';

const CONNECTIONS = 8;

/**
 * Opens the catalogue, and brings our systems in it in step with the configuration. Undefined, and nothing is opened: there
 * is no federation. Where the database cannot be had this program has nothing to do, says so, and ends.
 */
export async function federatingOver({
  configuration,
  environment,
  temporal,
  log,
  stopping,
}: Settings & {
  readonly temporal: Client;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}): Promise<Federating | undefined> {
  const { federation, world } = configuration;
  if (federation === undefined) return undefined;
  const catalogue = await opened({ configuration, environment }, log);
  const telling = new Telling(temporal, { taskQueue: environment.FERRY_TASK_QUEUE, world }, log, stopping);
  telling.changed(); // what an earlier start, or this one, has changed and not told
  return {
    catalogue,
    access: { admit: admission(new Tokens(federation.issuers)), callerOf },
    changed: () => telling.changed(),
  };
}

async function opened({ configuration, environment }: Settings, log: Logger): Promise<Catalogue> {
  const { DATABASE_URL: url = '' } = environment;
  try {
    const catalogue = await openCatalogue({ url, connections: CONNECTIONS, world: configuration.world });
    await keepConfigured(catalogue, configuration);
    return catalogue;
  } catch (error) {
    log.error(
      `the catalogue does not open (${(error as Error).message}): look at the PostgreSQL server of DATABASE_URL`,
    );
    return process.exit(1);
  }
}
